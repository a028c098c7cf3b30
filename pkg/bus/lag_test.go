package bus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// storedAt returns when the message with a sequence was stored.
func storedAt(t *testing.T, server *bustest.Server, sequence uint64) time.Time {
	t.Helper()
	for _, msg := range server.Stored(bus.StreamIn) {
		if msg.Sequence == sequence {
			return msg.Time
		}
	}
	t.Fatalf("message %d is not stored", sequence)
	return time.Time{}
}

func wantLag(t *testing.T, b *bus.Bus, d bus.Durable, want bus.Lag) {
	t.Helper()
	got, err := b.Lag(within(t), d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLagIsWhatIsLeftAndHowOldItIs(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	apply(t, b, false, texts)
	wantLag(t, b, texts, bus.Lag{})
	publish(t, b, "wechat.in.main.7.voice", 1, 3) // are not for this worker
	publish(t, b, text, 4, 8)
	at := func(sequence uint64) time.Time { return storedAt(t, server, sequence) }
	wantLag(t, b, texts, bus.Lag{Pending: 5, Oldest: at(4), Waiting: at(4)})

	k := take(t, b, texts, 2)
	k.next()
	second := k.next()
	wantLag(t, b, texts, bus.Lag{Pending: 3, Unsettled: 2, Oldest: at(4), Waiting: at(6)})
	k.ack(second)
	third := k.next()
	wantLag(t, b, texts, bus.Lag{Pending: 2, Unsettled: 2, Oldest: at(4), Waiting: at(7)})
	k.end()
	k.ack(third)
	wantLag(t, b, texts, bus.Lag{Pending: 2, Unsettled: 1, Oldest: at(4), Waiting: at(7)})
}

func TestLagOfAnOrderedWorkerIsTheSumOfItsPartitions(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	ordered := texts
	ordered.Ordered = true
	apply(t, b, false, ordered)
	wantLag(t, b, ordered, bus.Lag{Partitions: 16})
	publish(t, b, "wechat.in.main.3.voice", 1, 1)
	publish(t, b, "wechat.in.main.9.text", 2, 3)
	publish(t, b, "wechat.in.main.3.text", 4, 6)
	wantLag(t, b, ordered, bus.Lag{Pending: 5, Oldest: storedAt(t, server, 2), Waiting: storedAt(t, server, 2), Partitions: 16})
	k := take(t, b, ordered.Partition(9), 2)
	k.next()
	k.next()
	wantLag(t, b, ordered, bus.Lag{
		Pending: 3, Unsettled: 2, Oldest: storedAt(t, server, 2), Waiting: storedAt(t, server, 4), Partitions: 16,
	})
}

func TestLagSaysWhyItIsNotKnown(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	if _, err := b.Lag(within(t), texts); !errors.Is(err, bus.ErrNoDurable) || !strings.Contains(err.Error(), texts.Name) {
		t.Errorf("Lag = %v, want %v and its name", err, bus.ErrNoDurable)
	}
	server.Down()
	bustest.Eventually(t, "the server is missed", func() bool { return ready(t, b) != nil })
	if _, err := b.Lag(t.Context(), texts); err == nil || !strings.Contains(err.Error(), "no connection") {
		t.Errorf("Lag = %v, want that there is no connection", err)
	}
	b.Close()
	if _, err := b.Lag(t.Context(), texts); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("Lag = %v, want %v", err, bus.ErrClosed)
	}
}
