package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wxbus/wxbus/pkg/config"
)

// stopGrace is what a program may take on top of SHUTDOWN_TIMEOUT, for the
// steps around the drain itself.
const stopGrace = 5 * time.Second

// Program is the body of a program. It blocks until ctx is done and everything
// it started has ended. A nil error means that it stopped as asked.
type Program func(ctx context.Context, host *Host) error

// Host is what a process offers to a program that runs in it.
type Host struct {
	Log    *slog.Logger // names the program
	Health *Health

	process *slog.Logger // names none
}

// NewHost returns the host of a program of that name.
func NewHost(program string, log *slog.Logger, health *Health) *Host {
	return &Host{Log: log.With("program", program), Health: health, process: log}
}

// For returns the same process as the host of another program.
func (h *Host) For(program string) *Host { return NewHost(program, h.process, h.Health) }

// Main runs program until it ends or a SIGINT or SIGTERM comes, and exits: with
// 0 when it stopped as asked, else with 1. A second signal exits at once.
func Main(name string, cfg config.Process, program Program) {
	log := NewLogger(os.Stderr, cfg)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal kills
	if err := run(ctx, name, cfg, log, program); err != nil {
		log.Error("stopped", "program", name, "err", err)
		os.Exit(exitCode(err))
	}
	log.Info("stopped", "program", name)
}

// UntilSignal returns a context that is done when SIGINT or SIGTERM comes, for a
// command that ends by itself; a second signal ends the process at once.
func UntilSignal(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// errSetting is a setting that this package alone can read.
var errSetting = errors.New("malformed setting")

// exitCode is 2 for a malformed setting, like those that [config.MustLoad]
// finds, and 1 for everything else.
func exitCode(err error) int {
	if errors.Is(err, errSetting) {
		return 2
	}
	return 1
}

// run holds program between telemetry and the admin port, and bounds its end.
func run(ctx context.Context, name string, cfg config.Process, log *slog.Logger, program Program) error {
	logTelemetry(log)
	flush, err := StartTracing(ctx, name)
	if err != nil {
		return fmt.Errorf("%w: %w", errSetting, err)
	}
	defer flush()
	health := NewHealth(ctx)
	closeAdmin, err := ServeAdmin(string(cfg.AdminAddr), health, log)
	if err != nil {
		return err
	}
	defer closeAdmin()
	ended := make(chan error, 1)
	go func() { ended <- program(ctx, NewHost(name, log, health)) }()
	return wait(ctx, ended, cfg.ShutdownTimeout+stopGrace)
}

func wait(ctx context.Context, ended <-chan error, limit time.Duration) error {
	select {
	case err := <-ended:
		if ctx.Err() == nil && err == nil {
			return errors.New("program ended by itself")
		}
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		return fmt.Errorf("not drained within %s; what was left is delivered again", limit)
	}
}
