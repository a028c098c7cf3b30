// Package up is `wxbus up`: all of wxbus in one process, with a NATS server of
// its own and, when no account is configured, a simulator in WeChat's place.
package up

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxsim"
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
	pushes, err := net.Listen("tcp", string(cfg.Door.HTTPAddr))
	if err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	defer func() { _ = pushes.Close() }()
	sim, err := newSimulator(cfg, pushes.Addr(), host.For("simulator").Log)
	if err != nil {
		return err
	}
	nats, err := startNATS(cfg.Data, string(cfg.NATSAddr), host.For("nats").Log)
	if err != nil {
		return err
	}
	defer func() { nats.Shutdown(); nats.WaitForShutdown() }()
	connect(cfg, nats, sim)
	if err := provision(ctx, cfg, host.Log); err != nil {
		return err
	}
	parts := append(sim.serving(), programs(cfg, host, pushes)...)
	parts = append(parts, sim.pushing()...)
	parts = append(parts, part{"greeting", func(ctx context.Context) error {
		greet(ctx, out, cfg, nats, pushes.Addr(), host.Health)
		<-ctx.Done()
		return nil
	}})
	return runParts(ctx, parts)
}

// connect points the programs to the server and the API that were started.
func connect(cfg *Config, nats *server.Server, sim *simulator) {
	cfg.Door.URL = nats.ClientURL()
	cfg.Door.AutoProvision, cfg.Door.Replicas = true, 1
	cfg.Door.Creds, cfg.Door.CA, cfg.Door.Cert, cfg.Door.Key = "", "", "", ""
	cfg.Sender.NATS = cfg.Door.NATS
	if sim != nil {
		cfg.Sender.APIURL = "http://" + reachable(sim.listener.Addr().String())
	}
}

// provision creates what is missing before three programs try to at once. A ctx
// that ends meanwhile is no fault.
func provision(ctx context.Context, cfg *Config, log *slog.Logger) error {
	b, err := bus.Connect("up", cfg.Door.NATS, log)
	if err != nil {
		return err
	}
	defer b.Close()
	_ = b.Prepare(ctx)
	return nil
}

// programs are the parts in the order in which a message passes them, last
// first: what takes messages out starts before what puts them in, and stops
// after it.
func programs(cfg *Config, host *process.Host, pushes net.Listener) []part {
	autoreply := worker.Config{Common: cfg.Door.Common, Settings: cfg.Worker}
	return []part{
		{delivery.Name, func(ctx context.Context) error {
			return delivery.Run(ctx, cfg.Sender, host.For(delivery.Name))
		}},
		{rules.Name, func(ctx context.Context) error {
			return worker.Run(ctx, rules.Name, autoreply, cfg.rules.Mux(), host.For(rules.Name))
		}},
		{door.Name, func(ctx context.Context) error {
			return door.Serve(ctx, cfg.Door, host.For(door.Name), pushes)
		}},
	}
}

// simulator is WeChat on this machine. A nil simulator has no parts.
type simulator struct {
	platform *wxsim.Platform
	listener net.Listener
}

func newSimulator(cfg *Config, pushes net.Addr, log *slog.Logger) (*simulator, error) {
	if !cfg.simulated {
		return nil, nil //nolint:nilnil // a real account has no simulator
	}
	listener, err := net.Listen("tcp", string(cfg.SimAddr))
	if err != nil {
		return nil, fmt.Errorf("SIM_ADDR: %w", err)
	}
	openDoor(cfg, log)
	var accounts []wxsim.Account
	for _, name := range cfg.Door.Accounts.Names() {
		settings := cfg.Door.Accounts[name]
		accounts = append(accounts, wxsim.Account{
			Name: name, AppID: settings.AppID, Token: settings.Token.Reveal(), AESKey: settings.AESKey.Reveal(),
			Secret: cfg.Sender.Accounts[name].Secret.Reveal(),
			URL:    cfg.Door.ServerURL(reachable(pushes.String()), name),
		})
	}
	platform, err := wxsim.New(wxsim.Options{
		Accounts: accounts, File: filepath.Join(cfg.Data, "simulator.json"), Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	return &simulator{platform, listener}, nil
}

// openDoor leaves out the settings that keep the simulator out: it pushes from
// this machine and knows no certificate.
func openDoor(cfg *Config, log *slog.Logger) {
	if cfg.Door.TLSCert == "" && len(cfg.Door.AllowFrom) == 0 {
		return
	}
	log.Warn("TLS_CERT and ALLOW_FROM are left out: the simulator pushes plain HTTP from this machine")
	cfg.Door.TLSCert, cfg.Door.TLSKey, cfg.Door.AllowFrom = "", "", nil
}

// serving is the simulator's API and page: the sender needs it to the last.
func (s *simulator) serving() []part {
	if s == nil {
		return nil
	}
	return []part{{"simulator", func(ctx context.Context) error {
		web := &http.Server{Handler: s.platform.Handler(), ReadHeaderTimeout: 5 * time.Second}
		go func() { <-ctx.Done(); _ = web.Close() }()
		_ = web.Serve(s.listener)
		return nil
	}}}
}

// pushing ends the simulator's deliveries before the ingress goes.
func (s *simulator) pushing() []part {
	if s == nil {
		return nil
	}
	return []part{{"deliveries", func(ctx context.Context) error {
		<-ctx.Done()
		s.platform.Close()
		return nil
	}}}
}

// reachable returns an address of this machine for one that is listened on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
