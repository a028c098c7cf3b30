package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/workers/sender/hold"
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

// entry is what the ledger knows of a reply.
type entry struct {
	Attempts int  `json:"attempts"`          // times that its sending was begun
	Sent     int  `json:"sent"`              // parts that are done
	Sending  bool `json:"sending,omitempty"` // the call of the next one was begun
	Code     int  `json:"errcode,omitempty"` // that the newest call was refused with
	Spent    int  `json:"spent,omitempty"`   // parts that are taken off the user's allowance
	Merged   bool `json:"merged,omitempty"`  // its texts were joined

	Reuploaded bool `json:"reuploaded,omitempty"` // files, because WeChat had dropped them
}

// progress is the entry of one reply in the hands of who sends it.
type progress struct {
	entry
	key      string
	revision uint64 // 0 = not stored
	parts    int
	attempt  bool // this one is counted
	off      bool // nothing is kept
}

// open returns the progress of a reply.
func (l *ledger) open(ctx context.Context, d *bus.Delivery) (*progress, error) {
	p := &progress{key: ledgerKey(d)}
	value, revision, err := l.bucket.Load(ctx, p.key)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if p.revision = revision; value == nil {
		return p, l.inherit(ctx, d, p)
	}
	if err := json.Unmarshal(value, &p.entry); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return p, nil
}

// inherit has a reply that an operator has put back begin behind the parts that
// were sent before it became a dead letter. All else begins anew.
func (l *ledger) inherit(ctx context.Context, d *bus.Delivery, p *progress) error {
	of, ok := retryOf(d)
	if !ok {
		return nil
	}
	value, _, err := l.bucket.Load(ctx, keyOf(of))
	if err != nil || value == nil {
		return err
	}
	var before entry
	if err := json.Unmarshal(value, &before); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if p.Sent, p.Merged = before.Sent, before.Merged; p.Sent == 0 {
		return nil
	}
	return l.keep(ctx, p) // it may be put back once more
}

// keep stores the progress of a reply that is not done.
func (l *ledger) keep(ctx context.Context, p *progress) error {
	value, err := json.Marshal(p.entry)
	if err != nil {
		return err
	}
	p.revision, err = l.bucket.Save(ctx, p.key, value, p.revision)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// retryOf returns what a reply was that an operator has put back.
func retryOf(d *bus.Delivery) (of hold.Origin, ok bool) {
	parts := strings.SplitN(d.Get(route.HeaderRetryOf), " ", 3)
	if len(parts) < 3 {
		return of, false
	}
	sequence, noSequence := strconv.ParseUint(parts[0], 10, 64)
	stored, noTime := time.Parse(time.RFC3339Nano, parts[1])
	return hold.Origin{ID: parts[2], Sequence: sequence, Stored: stored}, noSequence == nil && noTime == nil
}

// begin notes that the call of the next part begins.
func (l *ledger) begin(ctx context.Context, p *progress) error {
	p.Sending = true
	if !p.attempt {
		p.attempt = true
		p.Attempts++
	}
	return l.note(ctx, p)
}

// pass notes that the part is done, one way or another.
func (l *ledger) pass(ctx context.Context, p *progress) error {
	p.Sent, p.Sending, p.Code = p.Sent+1, false, 0
	return l.note(ctx, p)
}

// refuse notes that the part was not sent.
func (l *ledger) refuse(ctx context.Context, p *progress, code int) error {
	p.Sending, p.Code = false, code
	return l.note(ctx, p)
}

// note stores the progress. While NATS is away it tries again until ctx is
// done: what is not noted is sent again. Another replica that works on the same
// reply makes it fail.
func (l *ledger) note(ctx context.Context, p *progress) error {
	if p.off {
		return nil
	}
	value, err := json.Marshal(p.entry)
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
	if p.Sent < p.parts {
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

// ledgerKey names a stored reply, also after it was held. A sequence alone would
// name another one after the stream was made anew.
func ledgerKey(d *bus.Delivery) string { return keyOf(hold.OriginOf(d)) }

func keyOf(origin hold.Origin) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", origin.ID, origin.Sequence, origin.Stored.UnixNano()))
	return "reply." + hex.EncodeToString(sum[:16])
}
