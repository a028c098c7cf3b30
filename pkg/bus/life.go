package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
)

// ErrClosed says that the connection is closed for good: nothing of the bus
// works any more, and the program has to end.
var ErrClosed = fmt.Errorf("%w for good", nats.ErrConnectionClosed)

// Err returns nil while the connection stands or may come back, else an
// [ErrClosed] that says why and what to do. A server that is away, restarts or
// refuses the credentials may come back; one that says that the client violates
// its protocol or its limits ends the connection for good, as [Bus.Close] does.
func (b *Bus) Err() error {
	if !b.nc.IsClosed() {
		return nil
	}
	why := cmp.Or(b.nc.LastError(), errors.New("by the program"))
	return fmt.Errorf("%w: %w: look at the log of the NATS server and at the NATS_ settings, then start the program again", ErrClosed, why)
}

// Within returns a context like ctx that is also done when the connection is
// closed for good; [Bus.Err] tells the two apart. Call cancel when it is not
// needed any more.
func (b *Bus) Within(ctx context.Context) (within context.Context, cancel context.CancelFunc) {
	within, end := context.WithCancel(ctx)
	stop := context.AfterFunc(b.life, end)
	return within, func() { stop(); end() }
}

// Guard blocks until ctx is done, and returns nil, or until the connection is
// closed for good, and returns [Bus.Err].
func (b *Bus) Guard(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.life.Done():
		return b.Err()
	}
}
