package spool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Why a push is not kept.
var (
	// ErrFull: the spool has reached its limit.
	ErrFull = errors.New("spool is full")
	// ErrClosed: the process is about to end.
	ErrClosed = errors.New("spool is closed")
)

const (
	segmentSize    = 16 << 20
	segmentSizeMin = 64 << 10
	segmentsAtMost = 16 // of a small spool: what is drained should make room soon
)

// Spool is a folder of pushes that wait for JetStream. It is safe for
// concurrent use.
type Spool struct {
	dir         string
	max         int64
	segmentSize int64
	log         *slog.Logger
	salt        string // of the segments of this process
	lock        *flock.Flock
	users       queues

	stopped context.Context
	stop    context.CancelFunc
	working sync.WaitGroup
	more    chan struct{} // says that something changed for the drain

	disk sync.Mutex // held while a segment is made, written or removed; taken before mu
	file *os.File   // the last segment, while it may grow

	mu         sync.Mutex
	closed     bool
	full       bool // a record had to be refused
	committing bool
	queue      []*entry   // to be written next
	entered    int        // records that are queued or being written
	segments   []*segment // the oldest first
	number     uint64     // of the youngest
	bytes      int64      // of segments, queued records counted
	gate       chan struct{}
	stats      Stats
}

// Stats is what a spool holds and what has become of it, to be exported.
type Stats struct {
	Waiting    int       // records that are not yet known to be stored
	Bytes      int64     // that the segments take on disk
	Oldest     time.Time // arrival of the oldest record that waits, zero when none does
	Drained    uint64    // records stored since the spool was opened, duplicates not counted
	Duplicates uint64    // records that turned out to be stored already
	Bad        uint64    // records or damaged pieces that were put aside
}

// Open takes possession of a folder, which is made when it does not exist, and
// finds what waits in it: it reads all of that, some hundred MiB a second.
// maxBytes is how much the segments may take on disk. The error names the
// process that uses the folder already, if there is one.
func Open(dir string, maxBytes int64, log *slog.Logger) (*Spool, error) {
	s := &Spool{
		dir: dir, max: maxBytes, log: log, salt: newSalt(), more: make(chan struct{}, 1),
		segmentSize: min(segmentSize, max(segmentSizeMin, maxBytes/segmentsAtMost)),
	}
	if err := s.takeFolder(); err != nil {
		return nil, err
	}
	if err := s.find(); err != nil {
		_ = s.lock.Unlock()
		return nil, fmt.Errorf("spool %s: %w", dir, err)
	}
	s.stopped, s.stop = context.WithCancel(context.Background())
	if n := s.Waiting(); n > 0 {
		log.Warn("pushes wait in the spool", "dir", dir, "waiting", n, "oldest", s.stats.Oldest)
	}
	return s, nil
}

func newSalt() string {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

// takeFolder makes the folder and keeps every other process out of it.
func (s *Spool) takeFolder() error {
	if err := os.MkdirAll(s.dir, folderMode); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if err := syncFolder(filepath.Dir(s.dir)); err != nil {
		s.log.Debug("folder above the spool cannot be synced", "dir", s.dir, "err", err) // it was there before, then
	}
	path := filepath.Join(s.dir, "lock")
	s.lock = flock.New(path, flock.SetPermissions(fileMode))
	locked, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("spool %s: %w", s.dir, err)
	}
	if !locked {
		owner, _ := os.ReadFile(path)
		return fmt.Errorf("spool %s is used by %s: stop it, or choose another folder", s.dir, owner)
	}
	host, _ := os.Hostname()
	owner := fmt.Sprintf("process %d on %s since %s", os.Getpid(), host, time.Now().Format(time.RFC3339))
	_ = os.WriteFile(path, []byte(owner), fileMode) // only for that message
	return nil
}

// find counts what waits in the folder.
func (s *Spool) find() (err error) {
	if s.segments, err = findSegments(s.dir); err != nil {
		return err
	}
	if err := readProgress(s.dir, s.segments); err != nil {
		return err
	}
	for _, seg := range s.segments {
		if err := s.count(seg); err != nil {
			return err
		}
		s.number, s.bytes = max(s.number, seg.number), s.bytes+seg.size
	}
	return nil
}

func (s *Spool) count(seg *segment) error {
	c := cursor{dir: s.dir, seg: seg, at: seg.drained}
	for {
		p, err := c.next(seg.size)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.record != nil {
			if seg.records++; s.stats.Oldest.IsZero() {
				s.stats.Oldest = p.record.Arrived
			}
		}
	}
}

// Waiting returns how many records are not yet known to be stored, those that
// are being written included.
func (s *Spool) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting()
}

// HasRoom reports whether the spool takes more, as far as it knows: it had to
// refuse nothing since it last lost a segment.
func (s *Spool) HasRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed && !s.full
}

// waiting is Waiting for who has mu.
func (s *Spool) waiting() int {
	n := s.entered
	for _, seg := range s.segments {
		n += seg.records
	}
	return n
}

// Stats returns what the spool holds at the moment.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Waiting, stats.Bytes = s.waiting(), s.bytes
	if stats.Waiting == 0 {
		stats.Oldest = time.Time{}
	}
	return stats
}

// Close ends the drain, waits for what is being written and lets the folder go.
// What waits stays in it.
func (s *Spool) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.working.Wait()
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.file != nil {
		_ = s.file.Close() // all in it is synced
		s.file = nil
	}
	return s.lock.Unlock()
}
