// Command taker takes the messages of WECHAT_IN and does nothing with them, in
// one of three ways: as a worker of wxbus whose handler does nothing, or as a
// loop around nats.go that acknowledges and waits for nothing, or for the
// server to confirm. WORKER_SLOTS is the prefetch of all three; the durable of a
// loop must exist.
//
// It tells how far it is on stdout: for each number that it reads from stdin, a
// line once it has taken so many messages.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/worker"
)

type settings struct {
	worker.Config

	Way     string        `envconfig:"TAKER_WAY" required:"true" desc:"worker, ack or confirm"`
	Durable string        `envconfig:"TAKER_DURABLE" required:"true" desc:"name of the durable"`
	Takes   time.Duration `envconfig:"TAKER_TAKES" default:"0s" desc:"how long the handler of the worker takes"`
}

func main() {
	var cfg settings
	config.MustLoad(&cfg)
	if err := run(cfg); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "taker:", err)
		os.Exit(1)
	}
}

func run(cfg settings) error {
	t := new(tally)
	go t.tell(os.Stdin, os.Stdout)
	switch cfg.Way {
	case "worker":
		worker.Main(cfg.Durable, cfg.Config, handlers(t, cfg.Takes))
		return nil
	case "ack":
		return loop(cfg.Config, cfg.Durable, 1, t, plain)
	case "confirm":
		return loop(cfg.Config, cfg.Durable, cfg.Slots, t, confirmed)
	}
	return fmt.Errorf("TAKER_WAY: want worker, ack or confirm, not %q", cfg.Way)
}
