package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// A user whose message fails waits for it; others do not, not even for a slot.
func TestFailingHeadHoldsItsUserAlone(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), sameLane(3)
	var mended atomic.Bool
	c.start(func(replica string) worker.HandlerFunc {
		return func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
			number := r.begin(replica, m)
			fails := m.FromUserName == users[0] && number == 2 && !mended.Load()
			r.end(m, number, !fails)
			if fails {
				return nil, errBroken
			}
			return nil, nil
		}
	}, func(s *worker.Settings) { s.Slots, s.Attempts = 1, 1<<20 })
	c.texts(users, 1, 10)
	bustest.Eventually(t, "the others are handled", func() bool { return len(r.of(users[1]))+len(r.of(users[2])) == 20 })
	if got := r.of(users[0]); !slices.Equal(got, []int{1}) {
		t.Errorf("handled of the user who fails: %v", got)
	}
	mended.Store(true)
	bustest.Eventually(t, "all are handled", func() bool { return r.count() == 30 })
	c.allSettled()
	r.wantOrder(10, 0)
}

// A user who has many messages waiting does not fill the partition.
func TestDeepLaneLeavesRoom(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), sameLane(2)
	g := newGate(r, users[0])
	c.start(g.handler, nil)
	c.texts(users[:1], 1, 300)
	c.texts(users[1:], 1, 300)
	bustest.Eventually(t, "the other is done", func() bool { return len(r.of(users[1])) == 300 })
	g.close()
	bustest.Eventually(t, "all are handled", func() bool { return r.count() == 600 })
	c.allSettled()
	r.wantOrder(300, 0)
}

// What is given up leaves the way to those behind it, unless the user is parked.
func TestLaneAfterADeadLetter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		park bool
		fail error
		want []string // handled
		dead []string // content and reason
	}{
		{"goes on", false, errBroken, []string{"1", "2", "2", "2", "3", "4"}, []string{"2 attempts used up"}},
		{"is parked", true, errBroken, []string{"1", "2", "2", "2"}, []string{"2 attempts used up", "3 parked", "4 parked"}},
		{"goes on after what the handler dropped", true, worker.Drop("spam", nil), []string{"1", "2", "3", "4"}, []string{"2 spam"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, users := newCrew(t), sameLane(2)
			c.park = tt.park
			var handled, others journal
			c.start(func(string) worker.HandlerFunc {
				return func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
					content := m.Field("Content")
					if m.FromUserName != users[0] {
						others.add(content)
						return nil, nil
					}
					handled.add(content)
					if content == "2" {
						return nil, tt.fail
					}
					return nil, nil
				}
			}, nil)
			c.texts(users, 1, 4)
			c.dead(len(tt.dead))
			c.allSettled()
			if diff := cmp.Diff(tt.want, handled.all()); diff != "" {
				t.Error(diff)
			}
			var dead []string
			for _, letter := range c.dead(0) {
				m, err := wechat.Decode(letter.Data)
				if err != nil {
					t.Fatal(err)
				}
				dead = append(dead, m.Field("Content")+" "+letter.Header.Get(worker.DeadReason))
			}
			if diff := cmp.Diff(tt.dead, dead); diff != "" {
				t.Error(diff)
			}
			if got := len(others.all()); got != 4 {
				t.Errorf("%d of the other user were handled, want 4", got)
			}
		})
	}
}

// A parked user's messages are handled again once one is put back, also by
// another replica.
func TestParkedUserIsFreeWhenAMessageIsPutBack(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.park = true
	user := sameLane(1)[0]
	var handled journal
	handler := func(string) worker.HandlerFunc {
		return func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
			if m.Field("Content") == "bad" {
				return nil, errBroken
			}
			handled.add(m.Field("Content"))
			return nil, nil
		}
	}
	first := c.start(handler, nil)
	c.text(user, "bad")
	c.dead(1)
	c.allSettled()
	first.stop()
	c.start(handler, nil)
	c.text(user, "1")
	c.dead(2)
	subject := route.Address{Account: "main", Partition: 3, Kind: "text"}.RetrySubject("echo")
	header := map[string][]string{"ce-id": {"main:again"}, "ce-subject": {user}, "ce-source": {"/wechat/main"}}
	body := fmt.Appendf(nil, `{"MsgType":"text","FromUserName":%q,"Content":"1"}`, user)
	if _, err := c.bus.Publish(t.Context(), subject, "again-1", header, body); err != nil {
		t.Fatal(err)
	}
	handled.count(t, 1)
	c.text(user, "2")
	c.allSettled()
	if got := joined(handled.all()); got != "1 2" {
		t.Errorf("handled %s", got)
	}
	if got := len(c.dead(0)); got != 2 {
		t.Errorf("%d dead letters, want 2", got)
	}
}

// A worker that never gives up, as the sender is, tries the head of a lane for
// as long as it takes, and is given a place in the stream of replies.
func TestForeverKeepsOrderToo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for n := range 5 {
		if _, err := r.bus.Publish(t.Context(), "wechat.out.main.oUser", fmt.Sprint("reply-", n), nil, fmt.Append(nil, n)); err != nil {
			t.Fatal(err)
		}
	}
	var calls, sent journal
	quick := settings()
	quick.Attempts, quick.Backoff, quick.BackoffMax = 1, time.Millisecond, 2*time.Millisecond
	w := &worker.Worker{
		Durable:  bus.Durable{Name: "sender", Stream: bus.StreamOut, Filters: []string{"wechat.out.>"}, All: true, Ordered: true},
		Settings: quick, Log: slog.New(slog.DiscardHandler), Order: worker.OrderUser, Forever: true, Drain: time.Second,
		Key: func(d *bus.Delivery) string { return d.Subject },
		Handle: func(_ context.Context, d *bus.Delivery) error {
			calls.add(string(d.Body))
			if string(d.Body) == "1" && len(calls.all()) < 20 {
				return errBroken
			}
			sent.add(string(d.Body))
			return nil
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, r.bus) }()
	sent.count(t, 5)
	cancel()
	if err := receive(t, "the worker ends", ended); err != nil {
		t.Errorf("Run = %v", err)
	}
	if got := joined(sent.all()); got != "0 1 2 3 4" {
		t.Errorf("sent %s", got)
	}
	if got := len(r.dead(0)); got > 0 {
		t.Errorf("%d dead letters", got)
	}
}
