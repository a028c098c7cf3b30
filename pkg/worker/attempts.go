package worker

import (
	"context"
	"fmt"
	"strconv"
)

// suspicious is how many attempts without an end make a message suspect.
const suspicious = 2

// An ordered worker counts the attempts of a message in its memory, and writes
// nothing. When a replica has died, the messages that it had been given may be
// what it died of: whoever takes the partition over notes their attempts in the
// ledger before it begins them, and buries a message whose attempts are used up
// without an end. What a replica hands over has its attempts noted too.

func (t *turn) noteKey() string {
	return "order." + t.name + "." + strconv.FormatUint(t.d.Sequence, 10)
}

// look reads the attempts of a message that the last owner of the partition had
// been given. It reports false when the partition is given up.
func (t *turn) look() bool {
	if t.d.Sequence > t.delivered || t.w.Forever {
		return true
	}
	return t.insist("attempts not looked up", func(ctx context.Context) error {
		value, revision, err := t.ledger.Load(ctx, t.noteKey())
		if err != nil {
			return err
		}
		t.failed, _ = strconv.Atoi(string(value)) // none is 0
		t.revision, t.noted = revision, t.died || value != nil
		return nil
	})
}

// noteBegun notes that an attempt begins, where that is to be noted.
func (t *turn) noteBegun() error {
	if !t.noted {
		return nil
	}
	return t.note(t.failed + 1)
}

// noteEnded has the next owner know of the attempts that came to an end; one
// that was cut short by a stop, or because the replica is fenced, is none.
func (t *turn) noteEnded() {
	if t.w.Forever || t.failed == 0 && !t.noted {
		return
	}
	if err := t.note(t.failed); err != nil {
		t.w.Log.Debug("attempts not noted", "message", t.d, "err", err)
	}
}

func (t *turn) note(attempts int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.term.ctx), renewTimeout)
	defer cancel()
	revision, err := t.ledger.Save(ctx, t.noteKey(), []byte(strconv.Itoa(attempts)), t.revision)
	if err != nil {
		_, t.revision, _ = t.ledger.Load(ctx, t.noteKey()) // it may have been stored all the same
		return fmt.Errorf("ledger: %w", err)
	}
	t.revision = revision
	return nil
}

// strike takes the note of a settled message off the ledger.
func (t *turn) strike() {
	if t.revision == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(t.term.ctx, renewTimeout)
	defer cancel()
	if err := t.ledger.Remove(ctx, t.noteKey(), t.revision); err != nil {
		t.w.Log.Debug("note left in the ledger", "message", t.d, "err", err)
	}
}
