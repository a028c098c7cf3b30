package bus_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const text = "wechat.in.main.7.text"

// texts is the durable of a worker for text messages.
var texts = bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}}

// taker consumes a durable and holds what it gets until the test lets it go.
type taker struct {
	t     *testing.T
	slots int
	free  chan struct{}
	got   chan *bus.Delivery
	stop  context.CancelFunc
	ended <-chan error

	mu     sync.Mutex
	held   int
	most   int
	bodies []string // of all deliveries, in order
}

func take(t *testing.T, b *bus.Bus, d bus.Durable, slots int) *taker {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	k := &taker{
		t: t, slots: slots, stop: stop,
		free: make(chan struct{}, 2*slots), got: make(chan *bus.Delivery, 20000),
	}
	k.ended = start(func() error { return b.Consume(ctx, d, slots, k.free, k.hold) })
	t.Cleanup(k.end)
	return k
}

func (k *taker) hold(d *bus.Delivery) {
	k.mu.Lock()
	k.held++
	k.most = max(k.most, k.held)
	k.bodies = append(k.bodies, string(d.Body))
	k.mu.Unlock()
	k.got <- d
}

// next returns the next message.
func (k *taker) next() *bus.Delivery {
	k.t.Helper()
	return receive(k.t, "a message", k.got)
}

// ack settles a message and frees its slot. It insists, as a worker does.
func (k *taker) ack(d *bus.Delivery) {
	k.t.Helper()
	bustest.Eventually(k.t, "the message is acknowledged", func() bool { return d.Ack(within(k.t)) == nil })
	k.release()
}

func (k *taker) release() {
	k.mu.Lock()
	k.held--
	k.mu.Unlock()
	k.free <- struct{}{}
}

// ackAll settles n messages.
func (k *taker) ackAll(n int) {
	k.t.Helper()
	for range n {
		k.ack(k.next())
	}
}

// end stops and fails the test when more was held than there are slots.
func (k *taker) end() {
	k.t.Helper()
	k.stop()
	if k.ended != nil {
		if err := receive(k.t, "the end of Consume", k.ended); err != nil {
			k.t.Errorf("Consume: %v", err)
		}
		k.ended = nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.most > k.slots {
		k.t.Errorf("held %d messages at once, want at most %d", k.most, k.slots)
	}
}

// wantOnce fails the test unless the messages 1 to n came once each.
func (k *taker) wantOnce(n int) {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	got := slices.Clone(k.bodies)
	slices.Sort(got)
	var want []string
	for i := range n {
		want = append(want, strconv.Itoa(i+1))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		k.t.Errorf("got %d deliveries, want the messages 1 to %d once each: %v", len(got), n, got)
	}
}
