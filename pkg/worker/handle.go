package worker

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"

	"github.com/wxbus/wxbus/pkg/bus"
)

// crashAllowance is how many deliveries beyond the attempts are taken to have
// been cut short by kills and lost connections, not by the message. What a
// process gives back when it stops is not counted at all.
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

// handle has a message handled. What is around a handler, from the outside in,
// is always this:
//
//  1. metrics and log, which know what became of the message: see settle
//  2. trace: a span in the message's trace
//  3. recover: a panic is an error
//  4. timeout: the context ends after WORKER_TIMEOUT, when the worker must stop,
//     and when it loses the message's partition; the watchdog of WORKER_STUCK
//  5. typing: the user sees that an answer is being written
//  6. the layers of Mux.Use
//  7. the handlers
func (w *Worker) handle(d *bus.Delivery) (err error) {
	ctx := bus.Extract(w.handling, d.Header)
	ctx, span := otel.Tracer("wxbus").Start(ctx, "handle "+w.Durable.Name)
	defer func() {
		if span.IsRecording() {
			span.SetAttributes(attribute.String("wxbus.verdict", verdictName(err)))
		}
		span.End()
	}()
	return w.recovered(ctx, d)
}

func (w *Worker) recovered(ctx context.Context, d *bus.Delivery) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return w.timed(ctx, d)
}

func (w *Worker) timed(ctx context.Context, d *bus.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, w.Settings.Timeout)
	defer cancel()
	if w.Settings.Stuck > 0 {
		return w.watched(ctx, d)
	}
	return w.Handle(ctx, d)
}
