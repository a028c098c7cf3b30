package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// opened returns a spool in which n pushes of as many users wait.
func opened(t *testing.T, n int) *Spool {
	t.Helper()
	s, err := Open(t.TempDir(), 1<<30, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var group errgroup.Group
	for i := range n {
		group.Go(func() error { return s.Append(t.Context(), numbered(i)) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return s
}

func numbered(i int) *Record {
	r := sample("{}")
	r.OpenID, r.Arrived = fmt.Sprint("u", i), time.Now()
	r.Header["Nats-Msg-Id"] = []string{fmt.Sprint("main:u:", i)}
	return r
}

// arrive has a push come, and waits until it is inside.
func arrive(t *testing.T, s *Spool) <-chan Outcome {
	t.Helper()
	came := make(chan Outcome, 1)
	go func() {
		outcome, err := s.Store(t.Context(), numbered(-1), func(context.Context) (bool, error) { return false, nil })
		if err != nil {
			t.Error(err)
		}
		came <- outcome
	}()
	bustest.Eventually(t, "the push is inside", func() bool {
		s.users.mu.Lock()
		defer s.users.mu.Unlock()
		return len(s.users.last) > 0 || len(came) > 0
	})
	return came
}

func (s *Spool) isHeld() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gate != nil
}

// While the last records are drained new pushes are held, and then published
// at once: else a steady stream of them would go through the spool for ever.
func TestLastRecordsAreDrainedAlone(t *testing.T) {
	s := opened(t, batchRecords+1)
	b := bustest.Start(t).Bus()
	partitions, err := b.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &drain{spool: s, bus: b, partitions: partitions}
	if s.isHeld() {
		t.Error("pushes are held before anything is drained")
	}
	if moved, err := d.step(t.Context()); !moved || err != nil {
		t.Fatalf("step = %v, %v", moved, err)
	}
	if !s.isHeld() || s.Waiting() != 1 {
		t.Fatalf("held = %v with %d waiting, want the last one to be drained alone", s.isHeld(), s.Waiting())
	}
	came := arrive(t, s)
	if moved, err := d.step(t.Context()); !moved || err != nil {
		t.Fatalf("step = %v, %v", moved, err)
	}
	if got := <-came; got != Stored || s.isHeld() {
		t.Errorf("push was %s, held = %v; want it stored at once", got, s.isHeld())
	}
}

// When JetStream goes away again pushes are held no longer, and spooled.
func TestPushesAreNotHeldInAnOutage(t *testing.T) {
	s := opened(t, 1)
	d := &drain{spool: s}
	d.hold()
	came := arrive(t, s)
	d.holdNoLonger(nil)
	if !s.isHeld() {
		t.Error("pushes are not held any more without a reason")
	}
	d.holdNoLonger(errors.New("away"))
	if got := <-came; got != Spooled || s.isHeld() {
		t.Errorf("push was %s, held = %v; want it spooled", got, s.isHeld())
	}
}

func TestAlmostDone(t *testing.T) {
	tests := []struct {
		left, records int
		took          time.Duration
		want          bool
	}{
		{1, 1, time.Millisecond, true},
		{512, 512, gateWork, true},
		{513, 512, gateWork, false},
		{5000, 512, 50 * time.Millisecond, true},
		{5, 1, time.Minute, false}, // the batch that an outage ended with says nothing
	}
	for _, tt := range tests {
		if got := almostDone(tt.left, tt.records, tt.took); got != tt.want {
			t.Errorf("almostDone(%d, %d, %v) = %v, want %v", tt.left, tt.records, tt.took, got, tt.want)
		}
	}
}

// A segment that has grown since it was read to its end is not removed, also
// when it is sealed meanwhile.
func TestGrownSegmentStays(t *testing.T) {
	s := opened(t, 1)
	seg, size := s.oldest()
	s.segmentSize = size + 1
	for i := range 2 { // one more in the segment, one in the next
		if err := s.Append(t.Context(), numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
	if s.remove(seg, size) || s.Waiting() != 3 {
		t.Errorf("removed with a record that is not drained: %d waiting", s.Waiting())
	}
	if !s.remove(seg, seg.size) || s.Waiting() != 1 {
		t.Errorf("drained segment stays: %d waiting", s.Waiting())
	}
}
