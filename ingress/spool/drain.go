package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	batchRecords = 512 // published before progress is noted
	batchBytes   = 8 << 20

	retryPause = time.Second
	sayAgain   = 10 * time.Second // how often the same trouble is logged
)

// drain publishes what a spool holds.
type drain struct {
	spool      *Spool
	bus        *bus.Bus
	partitions int
	cursor     *cursor
	batch      []*item // what is being published
	memory     memory

	said   string // the trouble that was logged last
	saidAt time.Time
	since  time.Time // when the gate was closed
}

// item is a piece of a segment on its way into the stream.
type item struct {
	piece
	seg  *segment
	done bool
}

// Drain publishes what the spool holds, the oldest first, whenever JetStream
// acknowledges, until ctx is done or the spool is closed. A record that NATS
// cannot hold and bytes that are no record are put aside in files *.bad, with
// an error in the log. There may be one Drain at a time.
func (s *Spool) Drain(ctx context.Context, b *bus.Bus) {
	if !s.begin() {
		return
	}
	defer s.working.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopped, cancel)()
	defer s.openGate()
	d := &drain{spool: s, bus: b}
	var err error
	if d.partitions, err = b.Partitions(ctx); err != nil {
		return // ctx is done
	}
	for ctx.Err() == nil {
		moved, err := d.step(ctx)
		d.holdNoLonger(err)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.say(err)
			d.wait(ctx, nil)
		case !moved:
			d.wait(ctx, s.more)
		}
	}
}

// begin reports whether the spool is open, and has Close wait if it is.
func (s *Spool) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.working.Add(1)
	}
	return !s.closed
}

// step publishes one batch, and reports whether there was anything to do.
func (d *drain) step(ctx context.Context) (moved bool, err error) {
	if len(d.batch) == 0 {
		seg, size := d.spool.oldest()
		if seg == nil {
			return false, nil
		}
		if err := d.fill(seg, size); err != nil {
			return false, err
		}
		if len(d.batch) == 0 {
			return d.spool.remove(seg, size), nil
		}
	}
	begun := time.Now()
	if err := d.deliver(ctx); err != nil {
		return false, err
	}
	d.advance(time.Since(begun))
	return true, nil
}

// oldest returns the segment that is drained next, and up to where it is
// synced.
func (s *Spool) oldest() (seg *segment, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.segments) == 0 {
		return nil, 0
	}
	return s.segments[0], s.segments[0].size
}

// fill reads the next batch of a segment.
func (d *drain) fill(seg *segment, size int64) error {
	if d.cursor == nil || d.cursor.seg != seg {
		d.cursor = &cursor{dir: d.spool.dir, seg: seg, at: seg.drained}
	}
	for bytes := 0; len(d.batch) < batchRecords && bytes < batchBytes; {
		p, err := d.cursor.next(size)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the spool: %w", err)
		}
		if len(d.batch) == 0 && p.record != nil {
			d.spool.setOldest(p.record.Arrived)
		}
		d.batch = append(d.batch, &item{piece: p, seg: seg})
		bytes += len(p.data)
	}
	return nil
}

func (s *Spool) setOldest(arrived time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Oldest = arrived
}

// advance notes that a batch is stored. Where the note is lost, or cannot be
// written since the disk is full, the records are looked up in the stream
// before they are published again.
func (d *drain) advance(took time.Duration) {
	s, seg, end, records := d.spool, d.batch[0].seg, d.batch[len(d.batch)-1].end, 0
	for _, it := range d.batch {
		if it.record != nil {
			records++
		}
	}
	d.batch = nil
	s.mu.Lock()
	seg.drained = end
	seg.records = max(0, seg.records-records)
	left := s.waiting()
	s.mu.Unlock()
	if left == 0 {
		s.openGate()
		s.log.Info("spool is drained", "dir", s.dir)
	} else if almostDone(left, records, took) {
		d.hold()
	}
	if err := saveProgress(s.dir, seg, end); err != nil {
		d.say(fmt.Errorf("note progress: %w", err))
	}
}

// say logs trouble, the same only now and then.
func (d *drain) say(err error) {
	if text := err.Error(); text != d.said || time.Since(d.saidAt) > sayAgain {
		d.said, d.saidAt = text, time.Now()
		d.spool.log.Warn("trouble while the spool is drained; it is tried again", "waiting", d.spool.Waiting(), "err", err)
	}
}

// wait waits until there is more, or for a moment when there was trouble or the
// gate is closed.
func (d *drain) wait(ctx context.Context, more <-chan struct{}) {
	var pause <-chan time.Time
	if more == nil || !d.since.IsZero() {
		timer := time.NewTimer(retryPause)
		defer timer.Stop()
		pause = timer.C
	}
	select {
	case <-ctx.Done():
	case <-more:
	case <-pause:
	}
}
