package pace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/workers/sender/pace"
)

// calls are the times at which an API was called, in order.
type calls struct {
	mu sync.Mutex
	at []time.Time
}

func (c *calls) ServeHTTP(http.ResponseWriter, *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Now())
}

// most returns the most calls within any time of that length.
func (c *calls) most(window time.Duration) (most int) {
	for from := range c.at {
		to, _ := slices.BinarySearchFunc(c.at, c.at[from].Add(window), time.Time.Compare)
		most = max(most, to-from)
	}
	return most
}

// drive has a replica call as fast as it may until ctx is done, from as many
// goroutines as it has slots, as a sender with a backlog does.
func drive(ctx context.Context, p *pace.Pacer, url string, slots int) (done func()) {
	var running sync.WaitGroup
	for range slots {
		running.Go(func() {
			for ctx.Err() == nil {
				wait, err := p.Wait(ctx)
				if wait > 0 {
					select {
					case <-time.After(wait):
					case <-ctx.Done():
					}
				}
				if wait > 0 || err != nil {
					continue
				}
				if response, err := http.Post(url, "", nil); err == nil {
					_ = response.Body.Close()
				}
				p.Report(ctx, nil, 1)
			}
		})
	}
	return running.Wait
}

// Four replicas that have more to send than they may keep to the rate together:
// in no time is there more than the rate and what was leased before.
func TestReplicasKeepTheRateTogether(t *testing.T) {
	const perSecond = 200
	r := newRig(t)
	var seen calls
	api := httptest.NewServer(&seen)
	defer api.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	began := time.Now()
	var done []func()
	for range 4 {
		done = append(done, drive(ctx, r.replica(pace.Config{Rate: perSecond}), api.URL, 16))
	}
	for _, wait := range done {
		wait()
	}
	took := time.Since(began)
	for _, window := range []time.Duration{200 * time.Millisecond, time.Second, 2 * time.Second} {
		bound := int(perSecond * (window.Seconds() + 1))
		if got := seen.most(window); got > bound {
			t.Errorf("%d calls within %s, want at most %d", got, window, bound)
		}
	}
	if got, bound := len(seen.at), int(perSecond*(took.Seconds()+0.5)); got > bound || got == 0 {
		t.Errorf("%d calls in %s, want at most %d", got, took, bound)
	}
	t.Logf("%d calls in %s, at most %d within a second", len(seen.at), took, seen.most(time.Second))
}

// A replica without work takes no permits, and leaves the whole rate to others.
func TestIdleReplicaTakesNothing(t *testing.T) {
	r := newRig(t)
	idle := r.of("idle", pace.Config{Rate: 10}, r.nats.Bus())
	if wait := idle.Paused(); wait != 0 {
		t.Errorf("pauses for %s", wait)
	}
	if keys := r.keys(); len(keys) != 0 {
		t.Errorf("took %v", keys)
	}
}

// Who calls seldom does not take away what others need.
func TestReplicaTakesNoMoreThanItUses(t *testing.T) {
	r := newRig(t)
	b := r.nats.Bus()
	seldom := r.of("seldom", pace.Config{Rate: 1000}, b)
	before := r.metric("wxbus_sender_permits_total", "seldom")
	for range 5 {
		r.goes(seldom)
	}
	if got := r.metric("wxbus_sender_permits_total", "seldom") - before; got < 5 || got > 20 {
		t.Errorf("%v permits taken for 5 calls", got)
	}
}

// Without a rate nothing is stored for permits.
func TestNoRateNeedsNoBucket(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{})
	for range 100 {
		if wait := r.wait(p); wait != 0 {
			t.Fatalf("waits %s", wait)
		}
		r.report(p, 1, nil)
	}
	if keys := r.keys(); len(keys) != 0 {
		t.Errorf("stored %v", keys)
	}
}

// While NATS is away a replica goes on with its share.
func TestReplicaKeepsItsShareWithoutNATS(t *testing.T) {
	const perSecond = 40
	r := newRig(t)
	var seen calls
	api := httptest.NewServer(&seen)
	defer api.Close()
	replicas := []*pace.Pacer{r.replica(pace.Config{Rate: perSecond}), r.replica(pace.Config{Rate: perSecond})}
	for range 3 {
		for _, p := range replicas { // they know of each other
			r.goes(p)
		}
	}
	r.nats.Down()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	began := time.Now()
	var done []func()
	for _, p := range replicas {
		done = append(done, drive(ctx, p, api.URL, 8))
	}
	for _, wait := range done {
		wait()
	}
	took := time.Since(began)
	if got, bound := len(seen.at), int(perSecond*(took.Seconds()+1)); got > bound || got == 0 {
		t.Errorf("%d calls in %s, want some and at most %d", got, took, bound)
	}
	t.Logf("%d calls in %s", len(seen.at), took)
	r.nats.Up()
	r.goes(replicas[0])
}

// A reply that has to wait long is put off, and few wait here.
func TestRepliesArePutOffOneBehindTheOther(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{Rate: 0.5, Waiters: 2})
	r.goes(p)
	var waits []time.Duration
	for range 5 {
		waits = append(waits, r.wait(p))
	}
	for i, wait := range waits {
		if least := time.Duration(i) * 2 * time.Second; wait <= least {
			t.Errorf("reply %d waits %s, want more than %s", i, wait, least)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{Rate: 1.5})
	r.goes(p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if wait, err := p.Wait(ctx); err == nil {
		t.Errorf("Wait = %s, nil", wait)
	}
}
