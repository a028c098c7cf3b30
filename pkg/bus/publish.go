package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Why a message is not stored.
var (
	// ErrUnavailable: JetStream did not acknowledge in time. The message may
	// be stored all the same; the same id may be published again.
	ErrUnavailable = errors.New("JetStream does not acknowledge")
	// ErrFull: the stream has reached its limits and takes nothing new.
	ErrFull = errors.New("stream is full")
	// ErrTooLarge: the message does not fit into NATS.
	ErrTooLarge = errors.New("message is too large for NATS")
)

const (
	attemptTimeout = 1200 * time.Millisecond // longer than a healthy server ever takes
	retryPause     = 60 * time.Millisecond
	retryPauseMax  = 500 * time.Millisecond
)

// JetStream's error codes that say what to do with a publish.
const (
	codeHeaderTooLarge  = 10097
	codeMessageTooLarge = 10054
	codeNotStored       = 10077 // says why in its description
)

// Publish stores a message under an id and returns once JetStream has
// acknowledged it, or has said that it is there already. Until ctx is done it
// tries again, under the same id, whatever may pass: silence, no leader, an id
// that is in process, a full queue. It returns [ErrFull] and [ErrTooLarge] at
// once, and [ErrUnavailable] with the last cause when ctx is done.
func (b *Bus) Publish(ctx context.Context, subject, id string, header map[string][]string, body []byte) (duplicate bool, err error) {
	const ages = 100 * 365 * 24 * time.Hour
	return b.PublishUntil(ctx, time.Now().Add(ages), subject, id, header, body)
}

// PublishUntil is [Bus.Publish] that gives up at a time, which costs less than a
// ctx that does.
func (b *Bus) PublishUntil(ctx context.Context, end time.Time, subject, id string, header map[string][]string, body []byte) (duplicate bool, err error) {
	if ids := header[nats.MsgIdHdr]; len(ids) != 1 || ids[0] != id {
		header = withID(header, id)
	}
	var cause error
	for wait := retryPause; ctx.Err() == nil; wait = min(2*wait, retryPauseMax) {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		duplicate, failed := b.outbox.publish(ctx, min(left, attemptTimeout), subject, header, body)
		if failed == nil {
			return duplicate, nil
		}
		if final := finalError(failed); final != nil {
			return false, final
		}
		cause = failed
		pause(ctx, min(time.Until(end), wait/2+rand.N(wait/2))) //nolint:gosec // spreads load, hides nothing
	}
	return false, fmt.Errorf("%w: %w", ErrUnavailable, cmp.Or(cause, context.Cause(ctx), errSilent))
}

func withID(header map[string][]string, id string) map[string][]string {
	header = maps.Clone(header)
	if header == nil {
		header = make(map[string][]string, 1)
	}
	header[nats.MsgIdHdr] = []string{id}
	return header
}

// finalError returns the error of a publish that a further attempt cannot mend,
// or nil.
func finalError(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case errors.Is(err, nats.ErrBadSubject), errors.Is(err, nats.ErrConnectionClosed):
		return fmt.Errorf("publish: %w", err)
	case !errors.As(err, &api):
		return nil
	}
	switch api.ErrorCode {
	case codeNotStored:
		if strings.HasPrefix(api.Description, "maximum ") { // messages, bytes; else the server is closing down
			return fmt.Errorf("%w: %s", ErrFull, api.Description)
		}
	case codeMessageTooLarge, codeHeaderTooLarge:
		return ErrTooLarge
	}
	return nil
}
