package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoRecord says that a stream does not hold a message, any more or yet.
var ErrNoRecord = errors.New("the stream does not hold the message")

// Record is a message as a stream holds it, for who only reads.
type Record struct {
	Subject  string
	Header   map[string][]string
	Body     []byte
	Size     int // of the body, also when that was left out
	Sequence uint64
	Stored   time.Time
}

// Get returns the first value of a header, by its exact name.
func (r *Record) Get(name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// told are headers by which the server tells where a message is from: they are
// no part of it.
var told = []string{
	jetstream.StreamHeader, jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer, jetstream.LastSequenceHeader,
}

// Record returns the message of a stream that has a sequence. It returns
// [ErrNoRecord] when there is none; the replica of the stream that was asked
// may then be a moment behind.
func (b *Bus) Record(ctx context.Context, stream string, sequence uint64) (*Record, error) {
	source, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	msg, err := source.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("stream %s, %d: %w", stream, sequence, ErrNoRecord)
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s, %d: %w", stream, sequence, err)
	}
	for _, name := range told {
		delete(msg.Header, name)
	}
	return &Record{
		Subject: msg.Subject, Header: msg.Header, Body: msg.Data, Size: len(msg.Data), Sequence: msg.Sequence, Stored: msg.Time,
	}, nil
}

// Erase takes a message off a stream. It returns [ErrNoRecord] when the stream
// does not hold it: it may be that somebody else was faster.
func (b *Bus) Erase(ctx context.Context, stream string, sequence uint64) error {
	source, err := b.js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	err = source.DeleteMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) { // it does not say why in a way that can be told
		if _, missing := b.Record(ctx, stream, sequence); errors.Is(missing, ErrNoRecord) {
			return missing
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s, %d: %w", stream, sequence, err)
	}
	return nil
}
