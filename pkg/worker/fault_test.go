package worker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// A replica that dies has its partitions taken over: in order, and nothing is
// lost.
func TestOrderIsKeptWhenAReplicaDies(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), names(30)
	c.locked()
	var dead atomic.Bool
	handler := r.steady(0.05)
	many := func(s *worker.Settings) { s.Attempts = 50 }
	c.start(handler, many)
	victim := c.start(func(replica string) worker.HandlerFunc {
		inner := handler(replica)
		return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			if dead.Load() {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return inner(ctx, m)
		}
	}, many)
	const n = 40
	var publishing sync.WaitGroup
	publishing.Go(func() { c.texts(users, 1, n) })
	bustest.Eventually(t, "some are handled", func() bool { return r.count() > n*len(users)/3 })
	dead.Store(true)
	victim.kill()
	publishing.Wait()
	bustest.Eventually(t, "all are handled", func() bool { return r.highest(n) == len(users) })
	c.allSettled()
	r.wantOrder(n, 200)
}

// A connection that breaks loses messages on their way: they come again before
// those behind them, and nothing is done twice.
func TestOrderIsKeptWhenConnectionsBreak(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), names(30)
	c.locked()
	many := func(s *worker.Settings) { s.Attempts = 50 }
	c.start(r.steady(0.02), many)
	c.start(r.steady(0.02), many)
	const n = 60
	var publishing sync.WaitGroup
	publishing.Go(func() { c.texts(users, 1, n) })
	for part := 1; part < 8; part++ {
		bustest.Eventually(t, "some are handled", func() bool { return r.count() > part*n*len(users)/8 })
		if c.nats.HangUp(); part == 4 {
			c.nats.Down()
			c.nats.Up()
		}
	}
	publishing.Wait()
	bustest.Eventually(t, "all are handled", func() bool { return r.count() >= n*len(users) })
	c.allSettled()
	r.wantOrder(n, 0)
}

// A replica that is frozen has asked for messages, which go to it as long as its
// connection stands. They come again, before those behind them.
func TestMessagesThatGoToAFrozenReplicaComeAgainInOrder(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), sameLane(2)
	c.locked()
	js := c.nats.JetStream()
	frozen := js.Conn().NewInbox()
	if err := js.Conn().PublishRequest("$JS.API.CONSUMER.MSG.NEXT.WECHAT_IN.echo-p03", frozen, []byte(`{"batch":7,"expires":60000000000}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Conn().SubscribeSync(frozen); err != nil {
		t.Fatal(err)
	}
	if err := js.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	c.start(r.steady(0), nil)
	c.texts(users, 1, 20)
	bustest.Eventually(t, "all are handled", func() bool { return r.count() >= 40 })
	c.allSettled()
	r.wantOrder(20, 0)
}

// A message that ends its process is a dead letter in the end, and the user's
// next one is handled.
func TestMessageThatEndsTheProcessIsBuried(t *testing.T) {
	t.Parallel()
	c, r := newCrew(t), newRecord(t)
	users := sameLane(2)
	once := func(s *worker.Settings) { s.Attempts = 1 }
	c.texts(users, 1, 1)
	c.text(users[0], "poison")
	c.texts(users, 2, 3)
	var begun journal
	for life := 1; len(c.dead(0)) == 0; life++ {
		var self atomic.Pointer[replica]
		p := c.start(func(replica string) worker.HandlerFunc {
			inner := newGate(r).handler(replica)
			return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
				if m.Field("Content") != "poison" {
					return inner(ctx, m)
				}
				begun.add(replica)
				bustest.Eventually(t, "the other user's are handled", func() bool { return len(r.of(users[1])) >= 3 })
				bustest.Eventually(t, "the replica is known", func() bool { return self.Load() != nil })
				self.Load().kill()
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}, once)
		self.Store(p)
		bustest.Eventually(t, "it dies, or buries the message", func() bool {
			return len(p.ended) > 0 || len(c.dead(0)) > 0
		})
		if life > 3 {
			t.Fatal("the message is still not buried")
		}
	}
	c.allSettled()
	if got := joined(begun.all()); got != "r1 r2" { // the first time is not noted
		t.Errorf("begun by %s", got)
	}
	letter := c.dead(1)[0]
	got := []string{letter.Header.Get(worker.DeadReason), letter.Header.Get(worker.DeadDetail)}
	if diff := cmp.Diff([]string{"attempts used up", "begun 1 times without an end"}, got); diff != "" {
		t.Error(diff)
	}
	r.wantOrder(3, 10) // each life may do again what the one before had done
}

// As long as a user waits, what others of the partition have had done is noted:
// when the replica dies, hardly anything of it is done again.
func TestWhatIsDoneBehindAFailingHeadIsNotedBeforeACrash(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), sameLane(2)
	g := newGate(r, users[0])
	victim := c.start(g.handler, nil)
	c.texts(users[:1], 1, 1)
	c.texts(users[1:], 1, 300)
	bustest.Eventually(t, "it is noted", func() bool { return len(c.claim(3).Done) == 300 })
	victim.kill()
	c.start(g.handler, nil)
	g.close()
	bustest.Eventually(t, "the first user's is handled", func() bool { return len(r.of(users[0])) == 1 })
	c.allSettled()
	if got := len(r.of(users[1])); got != 300 {
		t.Errorf("%d of the other user were handled, want 300", got)
	}
}

// A replica that cannot say that it lives gives up before others take over.
func TestReplicaIsFencedWhenNATSIsAway(t *testing.T) {
	t.Parallel()
	c, r := newCrew(t), newRecord(t)
	users := sameLane(2)
	cancelled, begun := make(chan struct{}, 64), make(chan struct{}, 64)
	var away atomic.Bool
	away.Store(true)
	p := c.start(func(replica string) worker.HandlerFunc {
		return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			number := r.begin(replica, m)
			if away.Load() {
				begun <- struct{}{}
				<-ctx.Done()
				cancelled <- struct{}{}
			}
			r.end(m, number, ctx.Err() == nil)
			return nil, ctx.Err()
		}
	}, nil)
	c.texts(users, 1, 3)
	receive(t, "a handler runs", begun)
	c.nats.Down()
	receive(t, "it is cancelled", cancelled)
	bustest.Eventually(t, "the replica is not ready", func() bool { return p.worker.Ready(t.Context(), p.bus) != nil })
	away.Store(false)
	c.nats.Up()
	bustest.Eventually(t, "all are handled", func() bool { return r.count() == 6 })
	c.allSettled()
	r.wantOrder(3, 0)
	if got := len(c.dead(0)); got > 0 {
		t.Errorf("%d dead letters", got)
	}
	for line, most := range map[string]int{
		"not one of the replicas yet": 1, "partition not opened": 1, "partition not read again": 1,
		"waiting for messages":    2, // of the worker and of the collector
		"connection to NATS lost": 1,
	} {
		if got := c.book.Count(line); got > most {
			t.Errorf("the log says %d times for all partitions: %s", got, line)
		}
	}
}
