package worker_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// Messages that were on their way to a replica when it stopped have all their
// attempts, however many replicas have stopped. This is on a cluster because a
// server alone drops some on the way, and counts those as delivered.
func TestWhatWasNotBegunIsNoAttempt(t *testing.T) {
	t.Parallel()
	const messages, stops = 200, 3
	server := bustest.StartCluster(t).Servers[0]
	r := &rig{t: t, nats: server, bus: server.Bus()}
	for range messages {
		r.text("oUser", "x") // of one user: they wait for each other
	}
	var again, handled atomic.Int64
	for range stops {
		first := make(chan struct{}, messages)
		stop := r.attempts(func(int) { handled.Add(1); first <- struct{}{} })
		receive(t, "a message", first)
		stop()
	}
	r.attempts(func(attempt int) {
		if attempt > 1 {
			again.Add(1)
		}
		handled.Add(1)
	})
	bustest.Eventually(t, "all are handled", func() bool { return handled.Load() >= messages })
	if got := again.Load(); got > 0 {
		t.Errorf("%d messages have lost attempts", got)
	}
}

// attempts starts a replica that tells the attempt of each message. It has many
// slots, and one message under way.
func (r *rig) attempts(tell func(attempt int)) (stop func()) {
	r.t.Helper()
	cfg := worker.Config{Settings: settings()}
	cfg.Slots, cfg.ShutdownTimeout = 64, 20*time.Second
	w := worker.Inbound("echo", cfg, on(wechat.KindText, says("", nil)), r.bus, slog.New(slog.DiscardHandler))
	w.Handle = func(_ context.Context, d *bus.Delivery) error {
		tell(d.Attempt)
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { _ = w.Run(ctx, r.bus); close(ended) }()
	stop = func() { cancel(); <-ended }
	r.t.Cleanup(stop)
	return stop
}
