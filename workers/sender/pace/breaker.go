package pace

import (
	"log/slog"
	"sync"
	"time"
)

const (
	breakAfter  = 5 // failures one after the other
	breakFirst  = time.Second
	breakMost   = 30 * time.Second
	probeLasts  = 15 * time.Second       // longer than a call: whoever made it has ended
	probeLookIn = 100 * time.Millisecond // how often to see what became of it
)

// breaker keeps this replica from calling while WeChat cannot be reached: a
// reply that is not tried loses no attempt, and holds no slot until a timeout.
// It opens after some failures in a row; after a while one call goes first, and
// if that one is answered all may go.
type breaker struct {
	account string
	log     *slog.Logger

	mu     sync.Mutex
	failed int // in a row
	opened int // times in a row that it opened; 0 = closed
	until  time.Time
	probed time.Time // since then the one call is under way; zero = none is
}

// look returns how long the breaker keeps calls away yet.
func (b *breaker) look() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left(time.Now())
}

// enter is look for a call that is made when it returns 0.
func (b *breaker) enter() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	wait := b.left(now)
	if wait == 0 && b.opened > 0 {
		b.probed = now
	}
	return wait
}

func (b *breaker) left(now time.Time) time.Duration {
	switch {
	case b.opened == 0:
		return 0
	case now.Before(b.until):
		return b.until.Sub(now)
	case !b.probed.IsZero() && now.Sub(b.probed) < probeLasts:
		return probeLookIn
	}
	return 0
}

// leave learns from a call. Those that began before the breaker opened say
// nothing new while it is open.
func (b *breaker) leave(f finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	switch {
	case f == nothing:
		b.probed = time.Time{}
	case f != unreached:
		b.close()
	case b.opened > 0 && now.Before(b.until):
	default:
		if b.failed++; b.opened > 0 || b.failed >= breakAfter {
			b.open(now)
		}
	}
}

func (b *breaker) open(now time.Time) {
	d := min(breakFirst<<min(b.opened, 10), breakMost)
	b.opened++
	b.until, b.probed = now.Add(d), time.Time{}
	breakerOpen.WithLabelValues(b.account).Set(1)
	b.log.Warn("breaker opens: WeChat is not reached", "account", b.account, "for", d)
}

func (b *breaker) close() {
	if b.opened > 0 {
		b.log.Info("breaker closes: WeChat is reached", "account", b.account)
		breakerOpen.WithLabelValues(b.account).Set(0)
	}
	b.failed, b.opened, b.probed = 0, 0, time.Time{}
}
