package hold_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

const (
	account  = "main"
	user     = "oUser"
	patience = time.Minute
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a NATS server, a sender that takes replies from it, and its stores.
type rig struct {
	t       *testing.T
	nats    *bustest.Server
	bus     *bus.Bus
	replies chan *bus.Delivery
	open    atomic.Bool // users can be sent to
}

func newRig(t *testing.T) *rig {
	t.Helper()
	nats := bustest.Start(t)
	r := &rig{t: t, nats: nats, bus: nats.Bus(), replies: make(chan *bus.Delivery, 1000)}
	r.consume()
	return r
}

// consume has replies arrive as the sender takes them.
func (r *rig) consume() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, b := make(chan error, 1), r.nats.Bus()
	durable := bus.Durable{Name: "sender", Stream: bus.StreamOut, Filters: []string{route.Out + ">"}, All: true}
	go func() {
		ended <- b.Consume(ctx, durable, 500, make(chan struct{}), func(d *bus.Delivery) { r.replies <- d })
	}()
	r.t.Cleanup(func() { cancel(); <-ended })
}

// store starts a store of one more replica and waits until it knows what is
// held.
func (r *rig) store() *hold.Store {
	r.t.Helper()
	s, _ := r.storeToStop(hold.Options{MaxAge: 48 * time.Hour})
	return s
}

func (r *rig) storeToStop(options hold.Options) (s *hold.Store, stop func()) {
	r.t.Helper()
	options.Open = func(string, string) bool { return r.open.Load() }
	s = hold.New(options, r.nats.Bus(), new(bustest.Logbook).Logger())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	r.t.Cleanup(stop)
	<-s.Loaded()
	return s, stop
}

// reply publishes a reply to a user and returns it as it is delivered.
func (r *rig) reply(user, body string) *bus.Delivery {
	r.t.Helper()
	header := map[string][]string{route.HeaderInReplyTo: {"cause"}}
	_, err := r.bus.Publish(r.t.Context(), route.OutSubject(account, user, 16), "echo:"+user+body, header, []byte(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return r.delivered()
}

// delivered returns the next reply that the sender gets.
func (r *rig) delivered() *bus.Delivery {
	r.t.Helper()
	select {
	case d := <-r.replies:
		return d
	case <-time.After(patience):
		r.t.Fatal("no reply is delivered")
		return nil
	}
}

func (r *rig) holds(s *hold.Store, d *bus.Delivery, user string) {
	r.t.Helper()
	if err := s.Hold(r.t.Context(), d, user); err != nil {
		r.t.Fatal(err)
	}
	if err := d.Ack(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// done reports a released reply done and acknowledges it.
func (r *rig) done(s *hold.Store, d *bus.Delivery, user string) {
	r.t.Helper()
	if err := s.Done(r.t.Context(), d, user); err != nil {
		r.t.Fatal(err)
	}
	if err := d.Ack(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) releases(s *hold.Store, user string) {
	r.t.Helper()
	if err := s.Release(r.t.Context(), account, user); err != nil {
		r.t.Fatal(err)
	}
}

// waits returns once a replica knows that, or that not, something is held for a user.
func (r *rig) waits(s *hold.Store, user string, want bool) {
	r.t.Helper()
	bustest.Eventually(r.t, fmt.Sprintf("waits for %s: %v", user, want), func() bool { return s.Waits(account, user) == want })
}

// bodies are those of the next n replies.
func (r *rig) bodies(n int) (bodies []string) {
	r.t.Helper()
	for range n {
		bodies = append(bodies, string(r.delivered().Body))
	}
	return bodies
}

// stored checks how many replies the stream has taken in all.
func (r *rig) stored(want int) {
	r.t.Helper()
	if diff := cmp.Diff(want, len(r.nats.Stored(bus.StreamOut))); diff != "" {
		r.t.Errorf("replies in the stream (-want +got):\n%s", diff)
	}
}
