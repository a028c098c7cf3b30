package spool

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"
)

// lookRecords is how many records are looked up at once. The stream is read
// once for all of them, from the arrival of the oldest one on.
const lookRecords = 50_000

// memory is what is known of the records' ids.
type memory struct {
	window time.Duration   // for which the stream remembers ids, zero when not yet asked
	at     time.Time       // when the stream was looked through
	ids    map[string]bool // those looked for, and whether they were there
}

// trust is for how long the stream drops what it has twice, with a margin for
// WeChat's earlier deliveries, replicas that lag and clocks that differ.
func (m *memory) trust() time.Duration { return m.window - m.window/5 }

// has reports whether a record was found in the stream.
func (m *memory) has(it *item) bool { return m.ids[it.record.ID()] }

// until is when the record must have been published: after that the stream may
// have forgotten that it has it. It may be in the past.
func (m *memory) until(it *item) time.Time {
	var until time.Time
	if age := time.Since(it.record.Arrived); it.seg.own && age >= 0 { // else the clock was changed
		until = it.record.Arrived.Add(m.trust())
	}
	if _, looked := m.ids[it.record.ID()]; looked {
		if after := m.at.Add(m.trust()); after.After(until) {
			until = after
		}
	}
	return until
}

// look finds out which of the next records are in the stream.
func (d *drain) look(ctx context.Context) error {
	window, err := d.bus.DuplicateWindow(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	ids, subjects, since := make(map[string]bool), make(map[string]bool), now
	d.ahead(func(r *Record) bool {
		ids[r.ID()], subjects[r.subject(d.partitions)] = false, true
		if r.Arrived.Before(since) {
			since = r.Arrived
		}
		return len(ids) < lookRecords
	})
	for id, err := range d.bus.StoredIDs(ctx, slices.Collect(maps.Keys(subjects)), since.Add(-window)) {
		if err != nil {
			return err
		}
		if _, ours := ids[id]; ours {
			ids[id] = true
		}
	}
	d.memory = memory{window: window, at: now, ids: ids}
	return nil
}

// ahead visits the records of the batch and those behind it, until visit
// returns false. What cannot be read now is read again when it is its turn.
func (d *drain) ahead(visit func(*Record) bool) {
	for _, it := range d.batch {
		if it.record != nil && !visit(it.record) {
			return
		}
	}
	c := *d.cursor
	for {
		p, err := c.next(d.spool.sizeOf(c.seg))
		switch {
		case errors.Is(err, io.EOF):
			next := d.spool.after(c.seg)
			if next == nil {
				return
			}
			c = cursor{dir: d.spool.dir, seg: next, at: next.drained}
		case err != nil, p.record != nil && !visit(p.record):
			return
		}
	}
}

func (s *Spool) sizeOf(seg *segment) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return seg.size
}

// after returns the segment behind another one, nil when that is the last.
func (s *Spool) after(seg *segment) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.segments, seg)
	if at < 0 || at+1 == len(s.segments) {
		return nil
	}
	return s.segments[at+1]
}
