package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
)

// connectTime is how long an operator waits to hear what is missing.
const connectTime = 5 * time.Second

// connect returns the bus on NATS_URL once its streams are known to be there. It
// creates nothing.
func connect(ctx context.Context, name string) (*bus.Bus, error) {
	var cfg config.Common
	if err := config.Load(&cfg); err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	cfg.AutoProvision = false
	b, err := bus.Connect(name, cfg.NATS, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	preparing, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := b.Prepare(preparing); err != nil {
		defer b.Close()
		if missing := b.Ready(ctx); missing != nil {
			err = missing
		}
		return nil, fmt.Errorf("%w; NATS_URL says where wxbus is, and wxbus apply makes what is missing", err)
	}
	return b, nil
}
