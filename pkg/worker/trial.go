package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// Trial is what a worker would do with a message; see [Try]. A message that is
// neither dead nor to be tried again is done.
type Trial struct {
	Verdict error         // of the handler and of all that is around it; nil for done
	Dead    string        // reason of the dead letter that the message became, "" for none
	Detail  string        // of the dead letter
	Again   time.Duration // the longest time until the next try, 0 when there is none
	Replies []Answer      // as they would be stored
}

// Answer is what goes into WECHAT_OUT: replies to one user.
type Answer struct {
	ID   string // Nats-Msg-Id
	Body []byte // JSON for the sender
}

// Try has mux deal with one message as a worker of that name does, without a
// server: it is decoded, the handler is called within its timeout, a panic is a
// verdict, replies are encoded. d.Attempt says which try it is. Of the settings
// Attempts, Timeout, Backoff and BackoffMax count. [Allowance] knows nothing.
// Package workertest is a handy way to call it.
func Try(ctx context.Context, name string, settings Settings, mux *Mux, d *bus.Delivery) Trial {
	list := new(recorder)
	in := &inbound{name: name, handler: mux.Handler(), out: list, log: slog.New(slog.DiscardHandler)}
	w := &Worker{
		Durable: DurableFor(name, mux), Settings: settings, Log: slog.New(slog.DiscardHandler),
		Handle: in.handle, handling: ctx,
	}
	verdict := w.tooOften(d)
	if verdict == nil {
		verdict = w.handle(d)
	}
	trial := w.judge(d, verdict)
	trial.Replies = list.all
	return trial
}

// judge says what settle would do.
func (w *Worker) judge(d *bus.Delivery, verdict error) Trial {
	trial := Trial{Verdict: verdict}
	var retry *RetryError
	var snooze *SnoozeError
	reason, detail, drop := dropped(verdict)
	switch {
	case verdict == nil:
	case drop:
		trial.Dead, trial.Detail = reason, detail
	case errors.As(verdict, &snooze):
		trial.Again = snooze.After
	case !w.mayRetry(d):
		trial.Dead, trial.Detail = usedUp, verdict.Error()
	case errors.As(verdict, &retry):
		trial.Again = retry.After
	default:
		trial.Again = w.Settings.longest(d.Attempt)
	}
	return trial
}

// recorder is an outlet that keeps what comes.
type recorder struct{ all []Answer }

// Partitions implements outlet.
func (*recorder) Partitions(context.Context) (int, error) { return 1, nil }

// Publish implements outlet.
func (a *recorder) Publish(_ context.Context, _, id string, _ map[string][]string, body []byte) (bool, error) {
	a.all = append(a.all, Answer{ID: id, Body: body})
	return false, nil
}
