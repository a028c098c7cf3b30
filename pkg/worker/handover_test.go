package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// gate is a handler that holds the messages of some users until it is opened.
type gate struct {
	*record

	held  []string
	open  chan struct{}
	close func()
}

func newGate(r *record, held ...string) *gate {
	g := &gate{record: r, held: held, open: make(chan struct{})}
	g.close = sync.OnceFunc(func() { close(g.open) })
	r.t.Cleanup(g.close)
	return g
}

func (g *gate) handler(replica string) worker.HandlerFunc {
	return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		number, handled := g.begin(replica, m), true
		if slices.Contains(g.held, m.FromUserName) {
			select {
			case <-g.open:
			case <-ctx.Done():
				handled = false
			}
		}
		g.end(m, number, handled)
		return nil, ctx.Err()
	}
}

// Who is stopped finishes what runs. What waits behind it is another replica's
// at once, and what others of the partition have had done is not done again.
func TestStopHandsPartitionsOver(t *testing.T) {
	t.Parallel()
	c, r := newCrew(t), newRecord(t)
	c.locked()
	users := sameLane(3)
	g := newGate(r, users[0])
	first := c.start(g.handler, nil)
	c.texts(users, 1, 5)
	bustest.Eventually(t, "all but one user's are handled", func() bool { return r.count() == 10 })
	second := c.start(g.handler, nil)
	first.cancel()
	g.close()
	if err := receive(t, "the first ends", first.ended); err != nil {
		t.Errorf("Run = %v", err)
	}
	bustest.Eventually(t, "all are handled", func() bool { return r.count() == 15 })
	c.allSettled()
	second.stop()
	r.wantOrder(5, 0)
}

// All at once: a worker is stopped as a whole and started again.
func TestWorkerGoesOnAfterAStop(t *testing.T) {
	t.Parallel()
	c, r := newCrew(t), newRecord(t)
	c.locked()
	users := sameLane(2)
	g := newGate(r, users[0])
	short := func(s *worker.Settings) { s.Slots = 2 }
	first := c.start(g.handler, short)
	c.texts(users, 1, 5)
	bustest.Eventually(t, "one user's are handled", func() bool { return len(r.of(users[1])) == 5 })
	first.cancel()
	g.close()
	_ = receive(t, "the first ends", first.ended)
	c.start(g.handler, short)
	bustest.Eventually(t, "all are handled", func() bool { return r.count() == 10 })
	c.allSettled()
	r.wantOrder(5, 0)
}

// A head that waits to be tried again does not hold up a stop, and its attempts
// count on.
func TestAttemptsAreHandedOver(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.locked()
	var calls journal
	handler := func(replica string) worker.HandlerFunc {
		return func(context.Context, *wechat.Message) (wechat.Replies, error) {
			calls.add(replica)
			if replica == "r1" && len(calls.all()) == 2 {
				return nil, worker.RetryAfter(time.Hour, errBroken)
			}
			return nil, errBroken
		}
	}
	attempts := func(s *worker.Settings) { s.Attempts = 5 }
	first := c.start(handler, attempts)
	c.text("oUser", "x")
	calls.count(t, 2)
	first.stop()
	c.start(handler, attempts)
	letter := c.dead(1)[0]
	c.allSettled()
	by := []string{"r1", "r1", "r2", "r2", "r2"}
	if diff := cmp.Diff(by, calls.all()); diff != "" || letter.Header.Get(worker.DeadAttempts) != "5" {
		t.Errorf("attempts in the letter: %s; by replica: %s", letter.Header.Get(worker.DeadAttempts), diff)
	}
}

func TestPartitionsAreDividedEvenly(t *testing.T) {
	t.Parallel()
	c, r := newCrew(t), newRecord(t)
	handler := r.steady(0)
	replicas := []*replica{c.start(handler, nil)}
	even := func(want ...int) {
		t.Helper()
		bustest.Eventually(t, fmt.Sprint("partitions by replica are ", want), func() bool {
			return slices.Equal(c.shares(), want)
		})
	}
	even(16)
	replicas = append(replicas, c.start(handler, nil), c.start(handler, nil))
	even(5, 5, 6)
	replicas[0].stop()
	even(8, 8)
	replicas[1].kill()
	even(16)
}

// claim is what stands in the bucket about a partition.
type claim struct {
	Owner string
	Done  []uint64
}

func (c *crew) claim(part int) (found claim) {
	c.t.Helper()
	value, _, err := c.bus.Bucket(bus.BucketLease).Load(c.t.Context(), fmt.Sprintf("p.echo.%02d", part))
	if err != nil {
		c.t.Fatal(err)
	}
	if value != nil {
		_ = json.Unmarshal(value, &found)
	}
	return found
}

// shares are the sizes of the parts that replicas have, or nil while a partition
// is nobody's.
func (c *crew) shares() (sizes []int) {
	owners := map[string]int{}
	for part := range 16 {
		owners[c.claim(part).Owner]++
	}
	if owners[""] > 0 {
		return nil
	}
	for _, size := range owners {
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	return sizes
}

// A worker goes on where it was when it is switched to order and back, and
// handles nothing a second time.
func TestSwitchingOrderOnAndOff(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	var handled journal
	handler := func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		handled.add(m.Field("Content"))
		return nil, nil
	}
	for i, order := range []worker.Order{worker.OrderNone, worker.OrderUser, worker.OrderNone, worker.OrderUser} {
		c.texts(names(20), 3*i+1, 3*i+1) // while nobody is there
		stop := c.run(on(wechat.KindText, handler), func(cfg *worker.Config) { cfg.Order = order })
		c.texts(names(20), 3*i+2, 3*i+2)
		handled.count(t, 20*(2*i+2))
		if err := stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
	}
	if got := len(handled.all()); got != 160 {
		t.Errorf("%d were handled, want 160: %s", got, strings.Join(handled.all(), " "))
	}
}
