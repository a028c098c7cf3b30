package bus_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// followed is what a follower has seen.
type followed struct {
	mu       sync.Mutex
	bodies   []string
	caughtUp chan int // how many it had seen by then
}

func (f *followed) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.bodies...)
}

// follow starts a follower of some subjects that ends with the test.
func follow(t *testing.T, b *bus.Bus, since time.Time, subjects ...string) *followed {
	t.Helper()
	f := &followed{caughtUp: make(chan int, 2)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(func() error {
		return b.Follow(ctx, &bus.Follower{
			Stream: bus.StreamIn, Subjects: subjects, Since: since,
			Seen: func(r *bus.Record) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.bodies = append(f.bodies, string(r.Body))
			},
			CaughtUp: func() { f.caughtUp <- len(f.all()) },
		})
	})
	t.Cleanup(func() {
		cancel()
		if err := receive(t, "Follow ends", ended); err != nil {
			t.Error(err)
		}
	})
	return f
}

func numbers(from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// sees waits until a follower has seen just that.
func (f *followed) sees(t *testing.T, want []string) {
	t.Helper()
	bustest.Eventually(t, "all is seen", func() bool { return len(f.all()) >= len(want) })
	if diff := cmp.Diff(want, f.all()); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func TestFollowerSeesWhatIsStoredAndWhatComes(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	publish(t, b, "wechat.in.main.1.text", 1, 2500)
	f := follow(t, server.Bus(), time.Time{}, "wechat.in.>")
	if n := receive(t, "the follower has caught up", f.caughtUp); n < 2500 {
		t.Errorf("caught up after %d", n)
	}
	publish(t, b, "wechat.in.main.1.text", 2501, 2600)
	f.sees(t, numbers(1, 2600))
}

func TestFollowerSeesOnlyWhatItAskedFor(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	publish(t, b, "wechat.in.main.1.text", 1, 3)
	publish(t, b, "wechat.in.shop.1.text", 4, 6)
	publish(t, b, "wechat.retry.echo.main.1.text", 7, 9)
	f := follow(t, b, time.Time{}, "wechat.in.shop.>")
	receive(t, "the follower has caught up", f.caughtUp)
	f.sees(t, numbers(4, 6))
	late := follow(t, b, time.Now().Add(time.Hour), "wechat.in.>")
	if n := receive(t, "the follower has caught up", late.caughtUp); n != 0 {
		t.Errorf("%d seen that is older than wanted", n)
	}
}

func TestFollowerSeesEachOnceAcrossOutages(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	f := follow(t, server.Bus(), time.Time{}, "wechat.in.>")
	receive(t, "the follower has caught up", f.caughtUp)
	for round := range 3 {
		publish(t, b, "wechat.in.main.1.text", 100*round+1, 100*round+100)
		if round == 1 {
			server.HangUp()
		} else {
			server.Down()
			server.Up()
		}
	}
	publish(t, b, "wechat.in.main.1.text", 301, 310)
	f.sees(t, numbers(1, 310))
	if len(f.caughtUp) > 0 {
		t.Error("caught up twice")
	}
}

func TestFollowerGoesOnWithoutItsReader(t *testing.T) {
	server := bustest.Start(t)
	b, js := server.Bus(), server.JetStream()
	f := follow(t, server.Bus(), time.Time{}, "wechat.in.>")
	publish(t, b, "wechat.in.main.1.text", 1, 10)
	f.sees(t, numbers(1, 10))
	stream := must[jetstream.Stream](t)(js.Stream(within(t), bus.StreamIn))
	for name := range stream.ConsumerNames(within(t)).Name() {
		if err := js.DeleteConsumer(within(t), bus.StreamIn, name); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, b, "wechat.in.main.1.text", 11, 20)
	f.sees(t, numbers(1, 20))
}

func TestFollowerSeesAStreamThatIsMadeAnew(t *testing.T) {
	server := bustest.Start(t)
	b, js := server.Bus(), server.JetStream()
	f := follow(t, server.Bus(), time.Time{}, "wechat.in.>")
	publish(t, b, "wechat.in.main.1.text", 1, 10)
	f.sees(t, numbers(1, 10))
	cfg := must[jetstream.Stream](t)(js.Stream(within(t), bus.StreamIn)).CachedInfo().Config
	if err := js.DeleteStream(within(t), bus.StreamIn); err != nil {
		t.Fatal(err)
	}
	must[jetstream.Stream](t)(js.CreateStream(within(t), cfg))
	publish(t, b, "wechat.in.main.1.text", 11, 13)
	f.sees(t, numbers(1, 13))
}

func TestRecordIsReadBySequence(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	publish(t, b, "wechat.in.main.1.text", 1, 2)
	r := must[*bus.Record](t)(b.Record(within(t), bus.StreamIn, 2))
	got := []string{r.Subject, r.Get("Nats-Msg-Id"), string(r.Body)}
	if diff := cmp.Diff([]string{"wechat.in.main.1.text", "wechat.in.main.1.text#2", "2"}, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if r.Sequence != 2 || time.Since(r.Stored) > time.Minute {
		t.Errorf("record %d of %v", r.Sequence, r.Stored)
	}
	if _, err := b.Record(within(t), bus.StreamIn, 3); !errors.Is(err, bus.ErrNoRecord) {
		t.Errorf("Record = %v", err)
	}
}
