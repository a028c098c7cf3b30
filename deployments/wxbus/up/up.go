// Package up is `wxbus up`: all of wxbus in one process, with a NATS server of
// its own and, when no account is configured, a simulator in WeChat's place.
package up

import (
	"context"
	"io"
	"net"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// Run starts everything and blocks until ctx is done and all is drained. Once
// wxbus is ready it says on out where to look.
func Run(ctx context.Context, cfg *Config, host *process.Host, out io.Writer) error {
	unlock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	defer unlock()
	host = terminal(host, cfg.Door.LogFormat, cfg.Door.LogLevel)
	doors, err := listen(cfg)
	if err != nil {
		return err
	}
	defer doors.close()
	nats, err := startNATS(cfg.Data, string(cfg.NATSAddr), host.For("nats").Log)
	if err != nil {
		return err
	}
	defer func() { nats.Shutdown(); nats.WaitForShutdown() }()
	connect(cfg, nats, doors)
	b, err := bus.Connect("up", cfg.Door.NATS, host.Log)
	if err != nil {
		return err
	}
	defer b.Close()
	_ = b.Prepare(ctx) // before three programs try to at once; a ctx that ends meanwhile is no fault
	sim, err := newSimulator(cfg, doors, b, host.For("simulator").Log)
	if err != nil {
		return err
	}
	parts := append(sim.serving(), programs(cfg, host, doors.pushes)...)
	parts = append(parts, sim.pushing()...)
	parts = append(parts, part{"greeting", func(ctx context.Context) error {
		greet(ctx, out, greeting{cfg, nats.ClientURL(), doors}, host.Health)
		<-ctx.Done()
		return nil
	}})
	return runParts(ctx, parts)
}

// connect points the programs to the server and the API that were started.
func connect(cfg *Config, nats *server.Server, doors *doors) {
	cfg.Door.URL = nats.ClientURL()
	cfg.Door.AutoProvision, cfg.Door.Replicas = true, 1
	cfg.Door.Creds, cfg.Door.CA, cfg.Door.Cert, cfg.Door.Key = "", "", "", ""
	cfg.Sender.NATS = cfg.Door.NATS
	if doors.page != nil {
		cfg.Sender.APIURL = "http://" + reachable(doors.page.Addr().String())
	}
}

// programs are the parts in the order in which a message passes them, last
// first: what takes messages out starts before what puts them in, and stops
// after it.
func programs(cfg *Config, host *process.Host, pushes net.Listener) []part {
	autoreply := rules.Config{Config: worker.Config{Common: cfg.Door.Common, Settings: cfg.Worker}, File: cfg.Rules, Rules: cfg.rules}
	return []part{
		{delivery.Name, func(ctx context.Context) error {
			return delivery.Run(ctx, cfg.Sender, host.For(delivery.Name))
		}},
		{rules.Name, func(ctx context.Context) error {
			return rules.Run(ctx, autoreply, host.For(rules.Name))
		}},
		{door.Name, func(ctx context.Context) error {
			return door.Serve(ctx, cfg.Door, host.For(door.Name), pushes)
		}},
	}
}
