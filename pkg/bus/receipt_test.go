package bus_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// acked says Ack and returns what tells the end of it.
func acked(say func(heard func(error))) <-chan error {
	heard := make(chan error, 1)
	say(func(err error) { heard <- err })
	return heard
}

func TestAckedIsConfirmed(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	k := take(t, b, texts, 4)
	publish(t, b, text, 1, 4)
	var all []<-chan error
	for range 4 {
		all = append(all, acked(k.next().Acked))
	}
	for _, heard := range all {
		if err := receive(t, "a confirmation", heard); err != nil {
			t.Error(err)
		}
	}
	info := durable(t, server, texts)()
	if info.NumAckPending != 0 || info.AckFloor.Stream != 4 {
		t.Errorf("%d messages are held and the durable stands at %d, want 0 and 4", info.NumAckPending, info.AckFloor.Stream)
	}
}

// What is said while the server is away is heard when it is back, and the
// message does not come again.
func TestAckedRidesOutAnOutage(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	locked(t, server, texts)
	k := take(t, b, texts, 2)
	publish(t, b, text, 1, 2)
	first, second := k.next(), k.next()
	server.Down()
	heard := acked(first.Acked)
	server.Up()
	if err := receive(t, "a confirmation", heard); err != nil {
		t.Error(err)
	}
	if err := receive(t, "another confirmation", acked(second.Acked)); err != nil {
		t.Error(err)
	}
	bustest.Eventually(t, "nothing is held", func() bool {
		info := durable(t, server, texts)()
		return info.NumAckPending == 0 && info.AckFloor.Stream == 2
	})
}

func TestAckedEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, _ := connect(t, server.Config())
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	d := k.next()
	k.end()
	b.Close()
	if err := receive(t, "the end", acked(d.Acked)); err == nil {
		t.Error("Acked = nil, want an error")
	}
	if err := d.Ack(context.Background()); err == nil {
		t.Error("Ack = nil, want an error")
	}
}

// Of many that are said together only the last one is confirmed by the server. A
// connection that is lost in the midst of them loses none.
func TestAckedTogetherLosesNoneWithTheConnection(t *testing.T) {
	t.Parallel()
	const n = 1000
	server := bustest.Start(t)
	b := server.Bus()
	create(t, server, texts, func(c *jetstream.ConsumerConfig) { c.AckWait, c.MaxAckPending = time.Hour, 2*n })
	k := take(t, b, texts, n)
	publish(t, b, text, 1, n)
	var all []*bus.Delivery
	for range n {
		all = append(all, k.next())
	}
	var said sync.WaitGroup
	var failed atomic.Int64
	for number, d := range all {
		said.Add(1)
		go d.AckedTogether(func(err error) {
			if err != nil {
				failed.Add(1)
			}
			said.Done()
		})
		if number%200 == 100 {
			server.HangUp()
		}
	}
	heard := make(chan struct{})
	go func() { said.Wait(); close(heard) }()
	receive(t, "all confirmations", heard)
	if got := failed.Load(); got > 0 {
		t.Errorf("%d were not confirmed", got)
	}
	bustest.Eventually(t, "nothing is held", func() bool {
		info := durable(t, server, texts)()
		return info.NumAckPending == 0 && info.AckFloor.Stream == n
	})
}
