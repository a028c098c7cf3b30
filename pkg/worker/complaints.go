package worker

import (
	"log/slog"
	"sync"
	"time"
)

// complainAgain is how often a worker says the same.
const complainAgain = time.Minute

// complaints keep what all partitions of a worker say, and say each second while
// NATS is away, down to a line. The zero value is ready.
type complaints struct {
	mu   sync.Mutex
	said map[string]time.Time
}

// complain warns of what, unless that was said a moment ago.
func (c *complaints) complain(log *slog.Logger, what string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, said := c.said[what]; said && time.Since(at) < complainAgain {
		return
	}
	if c.said == nil {
		c.said = make(map[string]time.Time)
	}
	c.said[what] = time.Now()
	log.Warn(what, args...)
}
