package spool

import (
	"context"
	"time"
)

const (
	// gateFor is the longest time that new pushes are held while the last
	// records are drained: it is part of the five seconds that WeChat waits.
	gateFor = 1500 * time.Millisecond
	// gateWork is how much work may be left then, at the pace of the last batch.
	gateWork = gateFor / 2
)

// almostDone reports whether what is left takes no longer than gateWork, when
// that many records took so long.
func almostDone(left, records int, took time.Duration) bool {
	return time.Duration(left)*took <= time.Duration(records)*gateWork
}

// hold closes the gate, since one more batch may be the last one: new pushes
// wait, and are published at once when nothing is left.
func (d *drain) hold() {
	d.spool.mu.Lock()
	defer d.spool.mu.Unlock()
	if d.spool.gate == nil {
		d.spool.gate, d.since = make(chan struct{}), time.Now()
	}
}

// holdNoLonger opens the gate when nothing waits any more, and when the rest
// takes too long: then new pushes are spooled.
func (d *drain) holdNoLonger(err error) {
	if d.spool.Waiting() == 0 || err != nil || time.Since(d.since) > gateFor {
		d.spool.openGate()
		d.since = time.Time{}
	}
}

// hurry bounds what happens while new pushes are held.
func (d *drain) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.since.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, d.since.Add(gateFor))
}

func (s *Spool) openGate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate != nil {
		close(s.gate)
		s.gate = nil
	}
}
