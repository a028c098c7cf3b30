package spool_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
)

// direct publishes a push as the ingress does, and gives up after a while.
func direct(b *bus.Bus, r *spool.Record, patience time.Duration) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		subject := fmt.Sprintf("wechat.in.main.%d.text", route.Partition(r.OpenID, 16))
		return b.Publish(ctx, subject, r.ID(), r.Header, r.Body)
	}
}

func TestOutcomes(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	s, _ := open(t, t.TempDir(), roomy)
	store := func(r *spool.Record) (spool.Outcome, error) {
		return s.Store(within(t), r, direct(b, r, 300*time.Millisecond))
	}
	for _, want := range []spool.Outcome{spool.Stored, spool.Duplicate} {
		if got, err := store(push("u", 1)); got != want || err != nil {
			t.Errorf("store = %v, %v; want %v", got, err, want)
		}
	}
	if _, err := store(pushOf("u", 2, make([]byte, 9<<20))); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("store = %v, want %v", err, bus.ErrTooLarge)
	}
	nats.Down()
	if got, err := store(push("u", 3)); got != spool.Spooled || err != nil {
		t.Errorf("store = %v, %v; want %v", got, err, spool.Spooled)
	}
	nats.Up()
	// nothing drains: what comes later waits, too, whoever it is from
	if got, err := store(push("v", 4)); got != spool.Spooled || err != nil {
		t.Errorf("store = %v, %v; want %v", got, err, spool.Spooled)
	}
	drain(t, s, b)
	drained(t, s)
	if got, err := store(push("u", 5)); got != spool.Stored || err != nil {
		t.Errorf("store = %v, %v; want %v", got, err, spool.Stored)
	}
	if diff := cmp.Diff(map[string][]string{"u": {"1", "3", "5"}, "v": {"4"}}, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
}

// NATS goes and comes back under a steady stream of pushes: those of a user are
// in order, none is lost or double, and in the end, while pushes still come, they
// are published at once again.
func TestOrderAndWayBackUnderLoad(t *testing.T) {
	const users = 24
	nats := bustest.Start(t)
	b := nats.Bus()
	s, _ := open(t, t.TempDir(), roomy)
	drain(t, s, b)
	var spooled, storedSince atomic.Int64
	var stop atomic.Bool
	counts := make([]int, users)
	pace := rate.NewLimiter(300, 1) // less than can be drained, else the spool grows
	var group errgroup.Group
	for i := range users {
		group.Go(func() error {
			for n := 1; !stop.Load(); n++ {
				if err := pace.Wait(t.Context()); err != nil {
					return err
				}
				r := push(fmt.Sprint("u", i), n)
				outcome, err := s.Store(t.Context(), r, direct(b, r, 200*time.Millisecond))
				if err != nil {
					return err
				}
				counts[i] = n
				if outcome == spool.Spooled {
					spooled.Add(1)
					storedSince.Store(0)
				} else {
					storedSince.Add(1)
				}
			}
			return nil
		})
	}
	for range 2 {
		before := spooled.Load()
		nats.Down()
		bustest.Eventually(t, "pushes are spooled", func() bool { return spooled.Load() > before+5*users })
		nats.Up()
		bustest.Eventually(t, "pushes are published at once again", func() bool { return storedSince.Load() > 5*users })
	}
	stop.Store(true)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	drained(t, s)
	want := make(map[string][]string)
	for i, n := range counts {
		want[fmt.Sprint("u", i)] = numbers(n)
	}
	if diff := cmp.Diff(want, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
}

// A second push of a user waits for the first one, others do not, and who
// gives up lets nobody pass too early.
func TestPushesOfAUserFollowEachOther(t *testing.T) {
	s, _ := open(t, t.TempDir(), roomy)
	begun, finish := make(chan struct{}), make(chan struct{})
	done := func(context.Context) (bool, error) { return false, nil }
	first := make(chan error, 1)
	go func() {
		_, err := s.Store(t.Context(), push("u", 1), func(context.Context) (bool, error) {
			close(begun)
			<-finish
			return false, nil
		})
		first <- err
	}()
	<-begun
	if _, err := s.Store(within(t), push("v", 1), done); err != nil {
		t.Errorf("another user's push = %v", err)
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := s.Store(ctx, push("u", 2), done); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second push = %v, want %v", err, context.DeadlineExceeded)
		}
		cancel()
	}
	third := make(chan error, 1)
	go func() {
		_, err := s.Store(within(t), push("u", 3), func(context.Context) (bool, error) {
			if len(first) == 0 && s.Waiting() == 0 {
				select {
				case <-finish:
				default:
					t.Error("third push was not behind the first")
				}
			}
			return false, nil
		})
		third <- err
	}()
	close(finish)
	if err := errors.Join(<-first, <-third); err != nil {
		t.Error(err)
	}
}

// Pushes without a user have no order and do not wait for each other.
func TestPushesWithoutUser(t *testing.T) {
	s, _ := open(t, t.TempDir(), roomy)
	together := make(chan struct{})
	var inside atomic.Int64
	var group errgroup.Group
	for n := range 2 {
		group.Go(func() error {
			_, err := s.Store(within(t), push("", n), func(ctx context.Context) (bool, error) {
				if inside.Add(1) == 2 {
					close(together)
				}
				select {
				case <-together:
					return false, nil
				case <-ctx.Done():
					return false, ctx.Err()
				}
			})
			return err
		})
	}
	if err := group.Wait(); err != nil || inside.Load() != 2 {
		t.Errorf("store = %v, %d at a time", err, inside.Load())
	}
}
