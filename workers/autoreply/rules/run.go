package rules

import (
	"context"
	"fmt"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/worker"
)

// Name is autoreply's name as a worker, and that of its durable.
const Name = "autoreply"

// Config are the settings of autoreply.
type Config struct {
	worker.Config
	File config.File `envconfig:"AUTOREPLY_RULES" required:"true" desc:"YAML file with the rules"`

	Rules *Rules `ignored:"true"` // of File; [Run] takes them if they are set already
}

// Validate reads the rules: a file with a fault counts as a malformed setting.
func (c *Config) Validate() (err error) {
	if c.Rules, err = Load(string(c.File)); err != nil {
		return fmt.Errorf("AUTOREPLY_RULES: %w", err)
	}
	return nil
}

// Run answers by the rules until ctx is done.
func Run(ctx context.Context, cfg Config, host *process.Host) error {
	return worker.Run(ctx, Name, cfg.Config, cfg.Rules.Mux(), host)
}

// Mux returns the rules as handlers of a worker.
func (r *Rules) Mux() *worker.Mux {
	mux := worker.NewMux()
	for _, kind := range r.Kinds() {
		mux.Handle(kind, r.Answer)
	}
	return mux
}
