package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// groupBytes is how much is written and synced at once, but for a record that
// is larger by itself.
const groupBytes = 4 << 20

// entry is a record on its way to the disk.
type entry struct {
	data []byte
	done chan error
}

// Append keeps a record and returns once the disk has it. It returns [ErrFull]
// when the limit is reached, [ErrClosed] after Close, and what the system says
// when it cannot write: a full disk, for instance. Then the record is not kept;
// it may be after all when ctx is done first. Records that are appended at the
// same time share a sync. One that is appended after another has returned is
// drained after it, as far as they are the same user's.
func (s *Spool) Append(ctx context.Context, r *Record) error {
	data, err := r.encode(s.salt)
	if err != nil {
		return err
	}
	e := &entry{data: data, done: make(chan error, 1)}
	if err := s.enter(e, r.Arrived); err != nil {
		return fmt.Errorf("spool %s: %w", s.dir, err)
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("spool %s: the disk does not answer: %w", s.dir, ctx.Err())
	}
}

// enter queues a record, if there is room for it.
func (s *Spool) enter(e *entry, arrived time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.bytes+int64(len(e.data)) > s.max:
		s.full = true
		return ErrFull
	}
	if s.waiting() == 0 {
		s.stats.Oldest = arrived
		s.log.Warn("pushes are kept in the spool", "dir", s.dir)
	}
	s.bytes += int64(len(e.data))
	s.entered++
	s.queue = append(s.queue, e)
	if !s.committing {
		s.committing = true
		s.working.Go(s.commit)
	}
	return nil
}

// commit writes what is queued, and what is queued meanwhile, until there is
// nothing more: one sync at a time, for all that came during the one before.
func (s *Spool) commit() {
	for group := s.nextGroup(); group != nil; group = s.nextGroup() {
		err := s.write(group)
		for _, e := range group {
			e.done <- err
		}
	}
}

func (s *Spool) nextGroup() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	size, n := 0, 0
	for ; n < len(s.queue) && (n == 0 || size+len(s.queue[n].data) <= groupBytes); n++ {
		size += len(s.queue[n].data)
	}
	if n == 0 {
		s.committing, s.queue = false, nil
		return nil
	}
	group := s.queue[:n:n]
	s.queue = s.queue[n:]
	return group
}

// write puts a group of records on the disk.
func (s *Spool) write(group []*entry) error {
	var data []byte
	for _, e := range group {
		data = append(data, e.data...)
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	seg, err := s.youngest()
	if err == nil {
		err = s.put(seg, data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entered -= len(group)
	s.poke()
	if err != nil {
		s.bytes -= int64(len(data))
		return fmt.Errorf("spool: %w", err)
	}
	seg.size += int64(len(data))
	seg.records += len(group)
	return nil
}

// put writes at the end of a segment. What it leaves there when it fails is
// cut off: nobody was told that it is kept.
func (s *Spool) put(seg *segment, data []byte) error {
	_, err := s.file.WriteAt(data, seg.size)
	if err != nil {
		if cut := s.file.Truncate(seg.size); cut != nil {
			s.seal()
		}
		return err
	}
	if err := s.file.Sync(); err != nil { // what the file holds is unknown from now on
		_ = s.file.Truncate(seg.size)
		s.seal()
		return err
	}
	return nil
}

// youngest returns the segment that is written, a new one when there is none
// or the last one has grown enough. Who calls it has the disk.
func (s *Spool) youngest() (*segment, error) {
	if s.file != nil {
		if seg := s.segments[len(s.segments)-1]; seg.size < s.segmentSize {
			return seg, nil
		}
		s.seal()
	}
	seg := newSegment(s.number+1, s.salt)
	path := filepath.Join(s.dir, seg.name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(s.dir); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	s.file = file
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number = seg.number
	s.segments = append(s.segments, seg)
	return seg, nil
}

// seal ends the segment that is written; one without a record goes away.
func (s *Spool) seal() {
	_ = s.file.Close()
	s.file = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.segments) - 1
	if seg := s.segments[last]; seg.size == 0 {
		_ = os.Remove(filepath.Join(s.dir, seg.name))
		s.segments = s.segments[:last]
	}
}

// remove takes the oldest segment away, which is drained up to size, and reports
// whether it did. One that has grown meanwhile stays, and so does the one that
// is written while anything waits.
func (s *Spool) remove(seg *segment, size int64) bool {
	s.disk.Lock()
	defer s.disk.Unlock()
	if !s.forget(seg, size) {
		return false
	}
	err := os.Remove(filepath.Join(s.dir, seg.name))
	if err = errors.Join(err, syncFolder(s.dir)); err != nil {
		s.log.Error("drained segment of the spool cannot be removed; remove it by hand", "dir", s.dir, "segment", seg.name, "err", err)
	}
	return true
}

func (s *Spool) forget(seg *segment, size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.segments) == 0 || s.segments[0] != seg || seg.size != size {
		return false // it was sealed without a record, or has grown
	}
	if growing := s.file != nil && len(s.segments) == 1; growing {
		if s.waiting() > 0 {
			return false
		}
		_ = s.file.Close()
		s.file = nil
	}
	s.bytes -= seg.size
	s.full = false
	s.segments = s.segments[1:]
	return true
}

// poke tells the drain to look again.
func (s *Spool) poke() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}
