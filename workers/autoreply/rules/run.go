package rules

import (
	"fmt"

	"github.com/wxbus/wxbus/pkg/config"
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
