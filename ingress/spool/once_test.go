package spool_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
)

// forgotten waits until the duplicate window has passed for all that is stored.
func forgotten(t *testing.T, nats *bustest.Server) {
	t.Helper()
	b := nats.Bus()
	publish := func() bool {
		duplicate, err := b.Publish(within(t), "wechat.in.main.0.text", "probe", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return !duplicate
	}
	publish()
	bustest.Eventually(t, "the window passes", publish)
}

// publishLost stores a push as the ingress does whose acknowledgement is lost.
func publishLost(t *testing.T, b *bus.Bus, r *spool.Record) {
	t.Helper()
	subject := fmt.Sprintf("wechat.in.main.%d.text", route.Partition(r.OpenID, 16))
	if duplicate, err := b.Publish(within(t), subject, r.ID(), r.Header, r.Body); err != nil || duplicate {
		t.Fatalf("publish = %v, %v", duplicate, err)
	}
}

// A push may be stored although nobody heard of it. Long after the duplicate
// window it is still not stored twice: neither by the process that spooled it,
// nor by the next one, nor when the process died between drain and note.
func TestStoredOnceAfterTheWindow(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart=", restart), func(t *testing.T) {
			nats := bustest.Start(t)
			b := nats.Bus()
			window(t, nats, 500*time.Millisecond)
			dir := t.TempDir()
			s, _ := open(t, dir, roomy)
			for n := 1; n <= 40; n++ {
				r := push("u", n)
				if n <= 6 {
					publishLost(t, b, r)
				}
				if err := s.Append(within(t), r); err != nil {
					t.Fatal(err)
				}
			}
			forgotten(t, nats)
			if restart {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s, _ = open(t, dir, roomy)
			}
			drain(t, s, b)
			drained(t, s)
			if diff := cmp.Diff(numbers(40), storedOf(nats)["u"]); diff != "" {
				t.Error(diff)
			}
			if stats := s.Stats(); stats.Duplicates != 6 || stats.Drained != 34 {
				t.Errorf("stats = %+v, want 6 duplicates, 34 drained", stats)
			}
		})
	}
}

// The process dies after the drain, and what it noted and removed is undone, as
// by a disk that lost its last writes: nothing is stored again.
func TestLostNoteDoublesNothing(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	window(t, nats, 500*time.Millisecond)
	name, data, _ := written(t, 20)
	for range 3 {
		s, dir, _ := planted(t, name, data)
		drain(t, s, b)
		bustest.Eventually(t, "the folder is empty", func() bool { return len(files(t, dir, ".spool")) == 0 })
		forgotten(t, nats)
	}
	if diff := cmp.Diff(numbers(20), storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
}

// The same push in two spools, and twice in one: WeChat delivers again.
func TestSameIDIsStoredOnce(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	window(t, nats, 500*time.Millisecond)
	one, _ := open(t, t.TempDir(), roomy)
	two, _ := open(t, t.TempDir(), roomy)
	for _, s := range []*spool.Spool{one, two, one} {
		appendAll(t, s, "u", 1, 10)
	}
	forgotten(t, nats)
	drain(t, one, b)
	drained(t, one)
	forgotten(t, nats)
	drain(t, two, b)
	drained(t, two)
	if diff := cmp.Diff(numbers(10), storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
}
