package pace

import (
	"errors"
	"math"
)

// waitersDefault is how many calls wait in this process unless told otherwise.
const waitersDefault = 8

// Config are the settings of the pace. The sender embeds them.
type Config struct {
	Rate float64 `envconfig:"SENDER_RATE" default:"0" desc:"calls per second for each account, of all replicas together; 0 for no limit"`

	// Waiters is how many calls for one account may wait in this process, for
	// a second at most. Each holds a slot that other accounts could use, so it
	// is less than all slots unless there is one account. 0 stands for 8.
	Waiters int `ignored:"true"`
}

// Validate checks what single values cannot show.
func (c *Config) Validate() error {
	if c.Rate < 0 || c.Rate > 0 && c.Rate < 0.01 || c.Rate > 1e6 || math.IsNaN(c.Rate) {
		return errors.New("SENDER_RATE: want 0, or calls per second from 0.01 to 1000000")
	}
	return nil
}

func (c *Config) waiters() int64 {
	if c.Waiters > 0 {
		return int64(c.Waiters)
	}
	return waitersDefault
}
