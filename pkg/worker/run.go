package worker

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
)

// Config are the settings of a worker. A worker with settings of its own embeds
// it.
type Config struct {
	config.Common
	Settings
	Ordering
}

// Main runs a worker as a program: it connects, subscribes to what mux handles
// and works until SIGINT or SIGTERM; then it drains and exits. The name is that
// of the durable: replicas share it, another worker needs another one.
func Main(name string, cfg Config, mux *Mux) {
	process.Main(name, cfg.Process, func(ctx context.Context, host *process.Host) error {
		return Run(ctx, name, cfg, mux, host)
	})
}

var workerName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// Run is [Main] within a process that exists already. It blocks until ctx is
// done and the worker is drained.
func Run(ctx context.Context, name string, cfg Config, mux *Mux, host *process.Host) error {
	if !workerName.MatchString(name) {
		return fmt.Errorf("worker name %q: want 1 to 32 of [a-z0-9_-]", name)
	}
	if len(mux.Kinds()) == 0 {
		return fmt.Errorf("worker %s handles nothing: register a handler", name)
	}
	b, err := bus.Connect(name, cfg.NATS, host.Log)
	if err != nil {
		return err
	}
	defer b.Close()
	w := newInbound(name, cfg, mux, b, host.Log)
	host.Health.Add(name, func(ctx context.Context) error { return w.Ready(ctx, b) })
	return w.Run(ctx, b)
}

// mostDeliveries of a message are about one a second for as long as the stream
// keeps it: a worker counts attempts by itself, and may have a message wait often.
const mostDeliveries = 1 << 18

// DurableFor returns the durable of a worker of that name for what mux handles.
func DurableFor(name string, mux *Mux) bus.Durable {
	return bus.Durable{Name: name, Stream: bus.StreamIn, Filters: route.Filters(name, mux.Kinds()), MaxDeliver: mostDeliveries}
}

// newInbound builds the worker that feeds mux.
func newInbound(name string, cfg Config, mux *Mux, b *bus.Bus, log *slog.Logger) *Worker {
	in := &inbound{name: name, mux: mux, bus: b, log: log}
	if cfg.Typing {
		in.mux = newTypist(b, log).wrap(mux)
	}
	durable := DurableFor(name, mux)
	durable.Ordered = cfg.Order == OrderUser
	return &Worker{
		Durable: durable, Settings: cfg.Settings, Log: log, Order: cfg.Order, Park: cfg.Park,
		Handle: in.handle, Key: in.key, Drain: DrainWithin(cfg.ShutdownTimeout),
	}
}

// DrainWithin returns how long work under way may take for a process to end
// within its SHUTDOWN_TIMEOUT: some of it is left to settle what was cancelled.
func DrainWithin(shutdown time.Duration) time.Duration {
	return max(shutdown-2*time.Second, shutdown/2)
}
