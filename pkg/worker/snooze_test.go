package worker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// A message that is snoozed more often than there are attempts still has all of
// them.
func TestSnoozeIsNoAttempt(t *testing.T) {
	for _, order := range []worker.Order{worker.OrderNone, worker.OrderUser} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			var calls journal
			verdicts := []error{
				worker.Snooze(0), errBroken, worker.Snooze(5 * time.Millisecond), worker.Snooze(5 * time.Millisecond),
				worker.Snooze(5 * time.Millisecond), errBroken, worker.Snooze(5 * time.Millisecond), errBroken,
			}
			r.run(on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
				calls.add(m.ID)
				return nil, verdicts[min(len(calls.all()), len(verdicts))-1]
			}), func(c *worker.Config) { c.Order = order })
			r.text("oUser", "x")
			letter := r.dead(1)[0]
			if got := len(calls.all()); got != len(verdicts) {
				t.Errorf("handled %d times, want %d", got, len(verdicts))
			}
			got := []string{letter.Header.Get(worker.DeadReason), letter.Header.Get(worker.DeadAttempts)}
			if diff := cmp.Diff([]string{"attempts used up", "3"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A message that is snoozed for ever is given up for its age.
func TestSnoozeEndsWithTheAgeOfTheMessage(t *testing.T) {
	for _, order := range []worker.Order{worker.OrderNone, worker.OrderUser} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			cfg := worker.Config{Settings: settings()}
			cfg.Order, cfg.ShutdownTimeout = order, 20*time.Second
			log := slog.New(slog.DiscardHandler)
			w := worker.Inbound("echo", cfg, on(wechat.KindText, says("", worker.Snooze(time.Hour))), r.bus, log)
			w.MaxAge = 50 * time.Millisecond
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx, r.bus) }()
			t.Cleanup(func() { cancel(); <-ended })
			bustest.Eventually(t, "the worker is ready", func() bool { return w.Ready(t.Context(), r.bus) == nil })
			r.text("oUser", "x")
			if got := r.dead(1)[0].Header.Get(worker.DeadReason); got != "expired" {
				t.Errorf("reason = %s", got)
			}
		})
	}
}

// What replicas that stop did not bring to an end has not been tried.
func TestAttemptCutShortByAStopDoesNotCount(t *testing.T) {
	r := newRig(t)
	const stops = 4 // more than attempts
	for range stops {
		begun := make(chan struct{}, 1)
		stop := r.run(on(wechat.KindText, func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}), func(c *worker.Config) { c.ShutdownTimeout = 20 * time.Millisecond })
		if len(r.nats.Stored(bus.StreamIn)) == 0 {
			r.text("oUser", "x")
		}
		receive(t, "it is begun", begun)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	var calls journal
	r.run(on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		calls.add(m.ID)
		return nil, errBroken
	}), nil)
	if got := r.dead(1)[0].Header.Get(worker.DeadAttempts); got != "3" || len(calls.all()) != 3 {
		t.Errorf("%s attempts, handled %d times, want 3", got, len(calls.all()))
	}
}

// A message that is delivered for the first time needs nothing of the ledger.
func TestLedgerIsLeftAloneByWhatGoesWell(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, echo), nil)
	for range 5 {
		r.text("oUser", "x")
	}
	r.replies(5)
	r.settled()
	if got := len(r.nats.Stored("KV_" + bus.BucketLedger)); got > 0 {
		t.Errorf("%d notes in the ledger", got)
	}
}

func TestWhereAWorkerBegins(t *testing.T) {
	for start, want := range map[worker.Start]string{worker.StartAll: "all", worker.StartNew: "by_start_time"} {
		t.Run(string(start), func(t *testing.T) {
			r := newRig(t)
			r.run(on(wechat.KindText, echo), func(c *worker.Config) { c.Start = start })
			if got := r.durable().Config.DeliverPolicy.String(); got != want {
				t.Errorf("begins by %s, want %s", got, want)
			}
		})
	}
}
