package bus

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What a server answers when it is closing down or overloaded cannot be had
// from a healthy one.
func TestOnlyErrorsThatLastAreFinal(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want error // nil: try again
	}{
		{"silence", nats.ErrTimeout, nil},
		{"no leader, or no stream", jetstream.ErrNoStreamResponse, nil},
		{"no connection", nats.ErrReconnectBufExceeded, nil},
		{"id in process", answer(10158, "duplicate message id is in process"), nil},
		{"queue full", answer(10167, "too many requests"), nil},
		{"no resources", answer(10023, "insufficient resources"), nil},
		{"closing down", answer(10077, "store is closed"), nil},
		{"messages used up", answer(10077, "maximum messages exceeded"), ErrFull},
		{"bytes used up", answer(10077, "maximum bytes exceeded"), ErrFull},
		{"message too large", answer(10054, "message size exceeds maximum allowed"), ErrTooLarge},
		{"header too large", answer(10097, "header size exceeds maximum allowed of 64k"), ErrTooLarge},
		{"over max_payload", nats.ErrMaxPayload, ErrTooLarge},
		{"closed", nats.ErrConnectionClosed, nats.ErrConnectionClosed},
		{"no subject", nats.ErrBadSubject, nats.ErrBadSubject},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := finalError(fmt.Errorf("nats: %w", tt.err)); !errors.Is(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func answer(code jetstream.ErrorCode, description string) error {
	return &jetstream.APIError{ErrorCode: code, Description: description}
}
