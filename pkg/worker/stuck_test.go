package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// deaf is a handler that does not listen to its context until it is let go.
func deaf(begun chan<- struct{}, letGo <-chan struct{}) worker.HandlerFunc {
	return func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
		begun <- struct{}{}
		pprof.Do(ctx, pprof.Labels("of", "the handler"), func(context.Context) { <-letGo })
		return wechat.TextReplies("at last"), nil
	}
}

// runLogged is run with the worker's log.
func (r *rig) runLogged(name string, mux *worker.Mux, change func(*worker.Config)) (book *bustest.Logbook, ended <-chan error) {
	r.t.Helper()
	book = new(bustest.Logbook)
	cfg := worker.Config{Settings: settings()}
	cfg.NATS, cfg.ShutdownTimeout = r.nats.Config(), 20*time.Second
	change(&cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	host := process.NewHost(name, slog.New(slog.NewTextHandler(book, nil)), process.NewHealth(ctx))
	go func() { done <- worker.Run(ctx, name, cfg, mux, host) }()
	r.t.Cleanup(cancel)
	bustest.Eventually(r.t, "the worker is ready", func() bool { return len(done) > 0 || host.Health.Ready(r.t.Context()) == nil })
	return book, done
}

// A handler that goes on after its time is reported once, with its stack. Its
// message stays with it, and other users are served meanwhile.
func TestStuckHandlerIsReported(t *testing.T) {
	r := newRig(t)
	begun, letGo := make(chan struct{}, 8), make(chan struct{})
	hang := deaf(begun, letGo)
	book, _ := r.runLogged("deaf", on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		if m.FromUserName == "oStuck" {
			return hang(ctx, m)
		}
		return echo(ctx, m)
	}), func(c *worker.Config) { c.Timeout, c.Stuck, c.Slots = 10*time.Millisecond, 10*time.Millisecond, 2 })
	r.text("oStuck", "x")
	receive(t, "it is begun", begun)
	bustest.Eventually(t, "it is reported", func() bool { return book.Count("handler is stuck") == 1 })
	if got := book.String(); !strings.Contains(got, "deaf.func") || !strings.Contains(got, "stuck_test.go") {
		t.Errorf("no stack of the handler: %s", got)
	}
	if got := stuckNow(t, "deaf"); got != 1 {
		t.Errorf("wxbus_worker_stuck = %v, want 1", got)
	}
	for range 3 {
		r.text("oOther", "x")
	}
	r.replies(3)
	if book.Count("handler is stuck") != 1 || len(begun) > 0 {
		t.Errorf("reported %d times, begun %d times more", book.Count("handler is stuck"), len(begun))
	}
	close(letGo)
	r.replies(4) // it came too late, and is tried again
	bustest.Eventually(t, "its end is reported", func() bool { return book.Count("stuck handler has ended") == 1 })
	bustest.Eventually(t, "the metric is back", func() bool { return stuckNow(t, "deaf") == 0 })
}

func stuckNow(t *testing.T, name string) float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "wxbus_worker_stuck" && metric.GetLabel()[0].GetValue() == name {
				return metric.GetGauge().GetValue()
			}
		}
	}
	return -1
}

// A worker that is to end when a handler is stuck finishes what else it has begun
// and does not wait for that one.
func TestStuckHandlerEndsTheWorker(t *testing.T) {
	for _, order := range []worker.Order{worker.OrderNone, worker.OrderUser} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			begun, letGo := make(chan struct{}, 8), make(chan struct{})
			t.Cleanup(func() { close(letGo) })
			_, ended := r.runLogged("echo", on(wechat.KindText, deaf(begun, letGo)), func(c *worker.Config) {
				c.Order, c.Timeout, c.Stuck, c.StuckExit = order, 10*time.Millisecond, 10*time.Millisecond, true
				c.ShutdownTimeout = 100 * time.Millisecond
			})
			r.text("oUser", "x")
			receive(t, "it is begun", begun)
			err := receive(t, "the worker ends", ended)
			if err == nil || !strings.Contains(err.Error(), "handler of WECHAT_IN/1 is stuck") {
				t.Errorf("Run = %v", err)
			}
		})
	}
}

// The program then ends with a status that has it started anew, and the message
// is tried again.
func TestStuckHandlerEndsTheProgram(t *testing.T) {
	r := newRig(t)
	t.Setenv("WORKER_TIMEOUT", "10ms")
	t.Setenv("WORKER_STUCK", "10ms")
	t.Setenv("WORKER_STUCK_EXIT", "true")
	t.Setenv("SHUTDOWN_TIMEOUT", "100ms")
	program := startProcess(t, r.nats.Config().URL, asWorker+"=deaf")
	bustest.Eventually(t, "the worker's durable", func() bool { return durableInfo(t, r.nats.JetStream()) != nil })
	shortenAckWait(t, r.nats.JetStream())
	r.text("oUser", "x")
	err := program.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 1 {
		t.Fatalf("ended with %v, want status 1", err)
	}
	startProcess(t, r.nats.Config().URL)
	r.replies(1)
	r.settled()
}

// With order nobody else gets the message of a stuck handler: its partition is
// not handed over.
func TestPartitionOfAStuckHandlerIsNotHandedOver(t *testing.T) {
	t.Parallel()
	c, users := newCrew(t), sameLane(1)
	begun, letGo := make(chan struct{}, 8), make(chan struct{})
	handler := func(string) worker.HandlerFunc { return deaf(begun, letGo) }
	quick := func(s *worker.Settings) { s.Timeout, s.Stuck = 10*time.Millisecond, 10*time.Millisecond }
	first := c.start(handler, quick)
	c.texts(users, 1, 1)
	receive(t, "it is begun", begun)
	bustest.Eventually(t, "it is reported", func() bool { return c.book.Count("handler is stuck") == 1 })
	owner := c.claim(3).Owner
	c.start(handler, quick)
	first.cancel()
	bustest.Eventually(t, "all others are handed over", func() bool { return slices.Equal(c.shares(), []int{1, 15}) })
	if len(begun) > 0 || c.claim(3).Owner != owner {
		t.Error("the partition is another replica's")
	}
	close(letGo)
	if err := receive(t, "the first replica ends", first.ended); err != nil {
		t.Error(err)
	}
	c.replies(1) // of the other one: it came too late
	c.allSettled()
}
