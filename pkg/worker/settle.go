package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

const (
	settleTimeout  = bus.AckWait // beyond it the message is someone else's
	confirmTimeout = 2 * time.Second
	confirmPause   = 200 * time.Millisecond
)

// settle turns a verdict into the word that JetStream gets. This is the only
// place that does.
func (w *Worker) settle(d *bus.Delivery, verdict error, took time.Duration) {
	if verdict == nil {
		w.done(d, took)
		return
	}
	defer w.drop(d)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.handling), settleTimeout)
	defer cancel()
	var retry *RetryError
	var snooze *SnoozeError
	reason, detail, drop := dropped(verdict)
	switch {
	case drop:
		w.bury(ctx, d, reason, detail, verdict)
	case w.stopping.Err() != nil && w.handling.Err() != nil:
		w.giveBack(d)
	case errors.As(verdict, &snooze):
		w.snooze(ctx, d, snooze.After)
	case errors.As(verdict, &retry) && w.mayRetry(d):
		w.again(d, retry.After, verdict)
	case w.mayRetry(d):
		w.again(d, w.Settings.delay(d.Attempt), verdict)
	default:
		w.bury(ctx, d, usedUp, verdict.Error(), verdict)
	}
}

func (w *Worker) mayRetry(d *bus.Delivery) bool {
	return w.Forever || d.Attempt < w.Settings.Attempts
}

// done acknowledges a message. It is held until the server has heard that; nobody
// waits for it.
func (w *Worker) done(d *bus.Delivery, took time.Duration) {
	w.count(d, "done", took)
	w.acks.Add(1)
	d.AckedTogether(func(err error) {
		defer w.acks.Done()
		w.drop(d)
		if err != nil {
			w.Log.Warn("acknowledgement not confirmed; the message may come again", "message", d, "err", err)
			return
		}
		w.logHandled(d, took)
	})
}

// logHandled is for who looks closely: to say it of each message costs as much as
// to take it.
func (w *Worker) logHandled(d *bus.Delivery, took time.Duration) {
	if w.Log.Enabled(context.Background(), slog.LevelDebug) {
		w.Log.Debug("handled", "subject", d.Subject, "id", d.Get(route.HeaderMsgID),
			"attempt", d.Attempt, "took", took.Round(time.Microsecond))
	}
}

// inTime returns the delay before another try, which must come before the message
// is too old for it.
func (w *Worker) inTime(d *bus.Delivery, delay time.Duration) time.Duration {
	return min(delay, max(0, w.maxAge()-time.Since(d.Stored))+time.Second)
}

// again has the message delivered once more.
func (w *Worker) again(d *bus.Delivery, delay time.Duration, verdict error) {
	delay = w.inTime(d, delay)
	w.count(d, "retry", 0)
	w.Log.Warn("tried again later", "subject", d.Subject, "id", d.Get(route.HeaderMsgID),
		"attempt", d.Attempt, "in", delay.Round(time.Millisecond), "err", verdict)
	w.logStack(verdict)
	if err := d.Retry(delay); err != nil {
		w.Log.Warn("verdict not sent; the message comes again after the AckWait", "message", d, "err", err)
	}
}

// snooze has the message delivered once more without counting that.
func (w *Worker) snooze(ctx context.Context, d *bus.Delivery, delay time.Duration) {
	if !w.Forever {
		if err := confirmed(ctx, func(ctx context.Context) error { return w.excuse(ctx, d) }); err != nil {
			w.Log.Warn("snooze counts as an attempt", "message", d, "err", err)
		}
	}
	delay = w.inTime(d, delay)
	w.snoozed(d, delay)
	if err := d.Retry(delay); err != nil {
		w.Log.Warn("verdict not sent; the message comes again after the AckWait", "message", d, "err", err)
	}
}

func (w *Worker) snoozed(d *bus.Delivery, delay time.Duration) {
	w.count(d, "snoozed", 0)
	w.Log.Info("snoozed", "subject", d.Subject, "id", d.Get(route.HeaderMsgID), "in", delay.Round(time.Millisecond))
}

func (w *Worker) logStack(verdict error) {
	if panicked, ok := errors.AsType[*PanicError](verdict); ok {
		w.Log.Error("handler panicked", "value", fmt.Sprint(panicked.Value), "stack", string(panicked.Stack))
	}
}

// giveBack returns a message that this process will not deal with any more. That
// was no attempt.
func (w *Worker) giveBack(d *bus.Delivery) {
	w.excuseStopped(d)
	w.count(d, "given back", 0)
	if err := d.Retry(0); err != nil {
		w.Log.Warn("message not given back; it comes again after the AckWait", "message", d, "err", err)
	}
}

// bury makes a dead letter of a message. The letter is stored before the
// message is let go; when it cannot be, the message is kept.
func (w *Worker) bury(ctx context.Context, d *bus.Delivery, reason, detail string, verdict error) {
	if err := w.writeLetter(ctx, d, w.Durable.Name, reason, detail); err != nil {
		w.again(d, w.Settings.delay(d.Attempt), err)
		return
	}
	w.count(d, "dead", 0)
	w.gaveUp(ctx, d, reason, detail, verdict)
	term := func(ctx context.Context) error { return d.Term(ctx, reason) }
	if err := confirmed(ctx, term); err != nil {
		w.Log.Warn("verdict not confirmed; the message may come again", "message", d, "err", err)
	}
}

// writeLetter stores the dead letter of a message in the name of a worker.
func (w *Worker) writeLetter(ctx context.Context, d *bus.Delivery, name, reason, detail string) error {
	return storeLetter(ctx, w.bus, d, name, reason, detail)
}

// gaveUp tells that the dead letter of a message is stored.
func (w *Worker) gaveUp(ctx context.Context, d *bus.Delivery, reason, detail string, verdict error) {
	deadLetters.WithLabelValues(w.Durable.Name, reasons.label(reason)).Inc()
	w.Log.Error("given up", "subject", d.Subject, "id", d.Get(route.HeaderMsgID),
		"attempt", d.Attempt, "reason", reason, "detail", detail)
	if w.Buried != nil {
		w.Buried(ctx, d, reason, verdict)
	}
}

// confirmed says a final word until the server has heard it: also a late one
// counts, and without it the work would be done again.
func confirmed(ctx context.Context, say func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, confirmTimeout)
		err := say(attempt)
		cancel()
		if err == nil || errors.Is(err, bus.ErrClosed) {
			return err
		}
		select {
		case <-time.After(confirmPause):
		case <-ctx.Done():
			return err
		}
	}
}
