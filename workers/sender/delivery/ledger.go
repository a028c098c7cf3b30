package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

const (
	// doneFor is how long a reply that is done is remembered: longer than a
	// server is away that was killed before it had kept an acknowledgement.
	doneFor     = time.Hour
	noteTimeout = 2 * time.Second // of one try to note
	notePause   = 200 * time.Millisecond
)

// ledger knows how far each reply has been sent, so that one that is delivered
// again goes on where it stopped. An acknowledgement alone does not say that a
// reply is done: a server that is killed may forget those of its last moment.
type ledger struct{ bucket *bus.Bucket }

// progress is the entry of one reply.
type progress struct {
	key      string
	revision uint64 // 0 = not stored
	parts    int
	state    struct {
		Sent    int  `json:"sent"`    // parts that are done
		Calling bool `json:"calling"` // the next one's call was begun
	}
}

// next is the first part that is not done.
func (p *progress) next() int { return p.state.Sent }

// calling reports whether the call of the next part was begun and not noted.
func (p *progress) calling() bool { return p.state.Calling }

// skip takes the part in doubt for sent.
func (p *progress) skip() { p.state.Sent, p.state.Calling = p.state.Sent+1, false }

// open returns the progress of a reply of that many parts.
func (l *ledger) open(ctx context.Context, d *bus.Delivery, parts int) (*progress, error) {
	p := &progress{key: ledgerKey(d), parts: parts}
	value, revision, err := l.bucket.Load(ctx, p.key)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if p.revision = revision; value != nil {
		if err := json.Unmarshal(value, &p.state); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	return p, nil
}

// note stores that parts before sent are done and whether the call of the next
// one begins. While NATS is away it tries again until ctx is done: what is not
// noted is sent again. Another replica that works on the same reply makes it
// fail.
func (l *ledger) note(ctx context.Context, p *progress, sent int, calling bool) error {
	p.state.Sent, p.state.Calling = sent, calling
	value, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := l.write(ctx, p, value, try)
		if err == nil {
			return nil
		}
		if errors.Is(err, bus.ErrConflict) || !wait(ctx, notePause) {
			return fmt.Errorf("ledger: %w", err)
		}
	}
}

// write stores a value once. When it finds that value, an earlier try has
// written it whose acknowledgement was lost.
func (l *ledger) write(ctx context.Context, p *progress, value []byte, try int) error {
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	revision, err := l.save(ctx, p, value)
	if errors.Is(err, bus.ErrConflict) && try > 1 {
		stored, at, failed := l.bucket.Load(ctx, p.key)
		if failed != nil {
			return failed
		}
		if bytes.Equal(stored, value) {
			revision, err = at, nil
		}
	}
	if err == nil {
		p.revision = revision
	}
	return err
}

func (l *ledger) save(ctx context.Context, p *progress, value []byte) (revision uint64, err error) {
	if p.state.Sent < p.parts {
		return l.bucket.Save(ctx, p.key, value, p.revision)
	}
	return l.bucket.SaveFor(ctx, p.key, value, p.revision, doneFor)
}

// wait waits for d and reports whether ctx lasted.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// ledgerKey names a stored reply. A sequence alone would name another one after
// the stream was made anew.
func ledgerKey(d *bus.Delivery) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", d.Get(route.HeaderMsgID), d.Sequence, d.Stored.UnixNano()))
	return "reply." + hex.EncodeToString(sum[:16])
}
