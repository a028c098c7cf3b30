package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// How long the answer of a check is used again, so that probes from many sides
// do not become load. One that fails is asked again soon: somebody waits for it.
const (
	passedFor = time.Second
	failedFor = 50 * time.Millisecond
)

// Health knows whether the programs of a process are ready. It is safe for
// concurrent use.
type Health struct {
	stopping context.Context
	mu       sync.Mutex
	checks   []*check
}

type check struct {
	name string
	ask  func(context.Context) error
	mu   sync.Mutex
	at   time.Time
	err  error
}

// NewHealth returns a Health that is ready while all its checks pass and
// stopping is not done.
func NewHealth(stopping context.Context) *Health { return &Health{stopping: stopping} }

// Add has the process ready only while ask returns nil. ask may be called from
// several goroutines, about once a second at most while it passes.
func (h *Health) Add(name string, ask func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, &check{name: name, ask: ask})
}

// Ready returns nil when every check passes, else what is missing.
func (h *Health) Ready(ctx context.Context) error {
	if h.stopping.Err() != nil {
		return errors.New("stopping")
	}
	h.mu.Lock()
	checks := append([]*check(nil), h.checks...)
	h.mu.Unlock()
	if len(checks) == 0 {
		return errors.New("starting")
	}
	var missing []error
	for _, c := range checks {
		if err := c.result(ctx); err != nil {
			missing = append(missing, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(missing...)
}

func (c *check) result(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	lasts := passedFor
	if c.err != nil {
		lasts = failedFor
	}
	if time.Since(c.at) < lasts {
		return c.err
	}
	c.err = c.ask(ctx)
	c.at = time.Now()
	return c.err
}
