package worker

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/wxbus/wxbus/pkg/bus"
)

// crashAllowance is how many deliveries beyond the attempts are taken to have
// been cut short by stops and crashes, not by the message.
const crashAllowance = 5

// maxAge is when a message is given up for its age.
func (w *Worker) maxAge() time.Duration {
	if w.MaxAge > 0 {
		return w.MaxAge
	}
	return bus.MaxAge - lastCall
}

// tooOften gives up a message that is too old, or that came so often without a
// verdict that it must be what ends the process.
func (w *Worker) tooOften(d *bus.Delivery) error {
	if time.Since(d.Stored) > w.maxAge() {
		return Drop("expired", fmt.Errorf("stored at %s", d.Stored.UTC().Format(time.RFC3339)))
	}
	if !w.Forever && d.Attempt > w.Settings.Attempts+crashAllowance {
		return Drop(usedUp, fmt.Errorf("delivered %d times without a verdict", d.Attempt))
	}
	return nil
}

// handle calls the handler in a span of the message's trace. A panic is an
// error.
func (w *Worker) handle(d *bus.Delivery) (err error) {
	ctx, cancel := context.WithTimeout(w.handling, w.Settings.Timeout)
	defer cancel()
	ctx = bus.Extract(ctx, d.Header)
	ctx, span := otel.Tracer("wxbus").Start(ctx, "handle "+w.Durable.Name)
	defer span.End()
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return w.Handle(ctx, d)
}
