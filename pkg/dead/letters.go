package dead

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// ErrGone says that there is no such letter: it was put back or dropped, or is
// older than 30 days.
var ErrGone = errors.New("there is no such dead letter")

// Letters are the dead letters on a bus. It is safe for concurrent use, also
// beside others that work on the same letters.
type Letters struct{ bus *bus.Bus }

// On returns the dead letters on a bus, on which [bus.Bus.Prepare] is through.
func On(b *bus.Bus) *Letters { return &Letters{bus: b} }

// Filter says which letters are wanted. Its zero value wants all of them.
type Filter struct {
	Worker  string
	Reason  string // or its beginning
	Account string
	User    string    // OpenID
	Since   time.Time // stored at or after it
	Until   time.Time // stored before it
}

// IsZero reports whether all letters are wanted.
func (f Filter) IsZero() bool { return f == Filter{} }

// takes reports whether a letter is wanted.
func (f Filter) takes(l *Letter) bool {
	return (f.Worker == "" || l.Worker == f.Worker) &&
		strings.HasPrefix(l.Reason, f.Reason) &&
		(f.Account == "" || l.Account == f.Account) &&
		(f.User == "" || l.User == f.User) &&
		(f.Until.IsZero() || l.Time.Before(f.Until))
}

// List yields letters, oldest first, without their bodies: those that were there
// when it began. An error ends it. Who takes long over each collects them first.
func (x *Letters) List(ctx context.Context, f Filter) iter.Seq2[*Letter, error] {
	subject := route.Dead + ">"
	if f.Worker != "" {
		subject = route.Dead + f.Worker
	}
	return func(yield func(*Letter, error) bool) {
		for r, err := range x.bus.Headers(ctx, bus.StreamDead, []string{subject}, f.Since) {
			if err != nil {
				yield(nil, err)
				return
			}
			l := read(r)
			if !f.Until.IsZero() && !l.Time.Before(f.Until) { // so are all that follow
				return
			}
			if f.takes(l) && !yield(l, nil) {
				return
			}
		}
	}
}

// Show returns a letter with its body. It returns [ErrGone] when there is none.
// A body that was too large for the letter is read from where it is, and is nil
// when it is there no more.
func (x *Letters) Show(ctx context.Context, sequence uint64) (*Letter, error) {
	r, err := x.bus.Record(ctx, bus.StreamDead, sequence)
	if err != nil {
		return nil, gone(sequence, err)
	}
	l := read(r)
	if !l.bodyLeft() {
		return l, nil
	}
	origin, err := x.bus.Record(ctx, l.Stream, l.Origin)
	switch {
	case err == nil:
		l.Body, l.Size = origin.Body, origin.Size
	case errors.Is(err, bus.ErrNoRecord):
		l.Body = nil
	default:
		return nil, fmt.Errorf("body of dead letter %d: %w", sequence, err)
	}
	return l, nil
}

// Drop takes a letter away for good. It returns [ErrGone] when there is none.
func (x *Letters) Drop(ctx context.Context, sequence uint64) error {
	return gone(sequence, x.bus.Erase(ctx, bus.StreamDead, sequence))
}

func gone(sequence uint64, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bus.ErrNoRecord):
		return fmt.Errorf("%d: %w", sequence, ErrGone)
	}
	return fmt.Errorf("dead letter %d: %w", sequence, err)
}
