package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// ledger knows how far each reply of several parts has been sent, so that one
// that is delivered again goes on where it stopped. A reply of one part needs
// no entry: its acknowledgement says all.
type ledger struct{ bucket *bus.Bucket }

// progress is the entry of one reply.
type progress struct {
	key      string
	revision uint64 // 0 = not stored
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

// open returns the progress of a reply. One that is delivered for the first
// time has none.
func (l *ledger) open(ctx context.Context, d *bus.Delivery) (*progress, error) {
	p := &progress{key: ledgerKey(d)}
	if d.Attempt == 1 {
		return p, nil
	}
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
// one begins. Another replica that works on the same reply makes it fail.
func (l *ledger) note(ctx context.Context, p *progress, sent int, calling bool) error {
	p.state.Sent, p.state.Calling = sent, calling
	value, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	revision, err := l.bucket.Save(ctx, p.key, value, p.revision)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	p.revision = revision
	return nil
}

// close forgets a reply that is done. What remains by accident ends with the
// bucket's lifetime.
func (l *ledger) close(ctx context.Context, p *progress) {
	if p.revision != 0 {
		_ = l.bucket.Delete(ctx, p.key)
	}
}

// ledgerKey names a stored reply. A sequence alone would name another one after
// the stream was made anew.
func ledgerKey(d *bus.Delivery) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", d.Get(route.HeaderMsgID), d.Sequence, d.Stored.UnixNano()))
	return "reply." + hex.EncodeToString(sum[:16])
}
