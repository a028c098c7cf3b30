package pace

import (
	"context"
	"crypto/rand"
	"log/slog"
	mrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	patience   = time.Second           // a call waits no longer here
	lookIn     = 50 * time.Millisecond // how often it sees whether the pause has ended early
	putOffMost = 30 * time.Second      // beyond the wait itself
)

// Pacer is the pace of one account. It is safe for concurrent use.
type Pacer struct {
	account string
	permits *permits
	pause   *pause
	breaker *breaker
	storm   *storm

	waitersMax int64
	waiters    atomic.Int64

	mu   sync.Mutex
	back time.Time // when the reply that was put off last comes back
}

// New returns the pace of an account, which the replicas share through b.
func New(cfg Config, account string, b *bus.Bus, log *slog.Logger) *Pacer {
	store, self := b.Bucket(bus.BucketPace), rand.Text()[:10]
	paused.WithLabelValues(account).Set(0)
	breakerOpen.WithLabelValues(account).Set(0)
	return &Pacer{
		account: account, waitersMax: cfg.waiters(), storm: new(storm),
		permits: newPermits(cfg.Rate, account, self, store),
		pause:   &pause{account: account, store: store, self: self, log: log, word: word{Open: true}},
		breaker: &breaker{account: account, log: log},
	}
}

// Follow learns of the pauses that other replicas begin, until ctx is done.
func (p *Pacer) Follow(ctx context.Context) { p.pause.follow(ctx) }

// Wait returns 0 when the account may be called now; the call must follow at
// once, and its end be told to [Pacer.Report]. Otherwise it returns after how long the
// reply should be delivered again: no slot is kept for an account that cannot
// be called, except by a few calls for a second at most. The wait is spread
// already, so that the replies that are put off do not all come back at once.
// The error is that of ctx.
func (p *Pacer) Wait(ctx context.Context) (time.Duration, error) {
	wait, err := p.enter(ctx)
	if wait == 0 || err != nil {
		return 0, err
	}
	defer p.waiters.Add(-1)
	if p.waiters.Add(1) > p.waitersMax {
		return p.putOff(wait), nil
	}
	for deadline := time.Now().Add(patience); ; {
		if time.Now().Add(wait).After(deadline) {
			return p.putOff(wait), nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(min(wait, lookIn)):
		}
		if wait, err = p.enter(ctx); wait == 0 || err != nil {
			return 0, err
		}
	}
}

// Paused returns how long the account is not to be called, 0 if it may be. It
// takes no permit and is cheap.
func (p *Pacer) Paused() time.Duration {
	wait, _ := p.pause.look()
	return max(wait, p.breaker.look())
}

// Hold returns after how long a reply should be delivered again for which there
// is nothing to do yet, 0 if there is. It is the wait of [Pacer.Wait] for who
// would rather know before he looks up what the call needs.
func (p *Pacer) Hold() time.Duration {
	wait := p.Paused()
	if wait == 0 || wait <= probeLookIn && p.waiters.Load() < p.waitersMax {
		return 0
	}
	return p.putOff(wait)
}

// Report learns from a call by what it returned. attempt is how often the reply
// has been tried, from 1: an account whose daily quota is used up pauses longer
// for one that was tried often. A call that Wait allowed and that was not made
// is reported as [context.Canceled].
func (p *Pacer) Report(ctx context.Context, err error, attempt int) {
	f := find(err)
	p.breaker.leave(f)
	switch f {
	case answered:
		p.storm.add(false)
		p.pause.end(ctx)
	case throttled, minute:
		p.pause.begin(ctx, f, attempt)
	case busy:
		_, half := p.pause.look()
		if stormy := p.storm.add(true); stormy || half {
			p.pause.begin(ctx, f, attempt)
		}
	case unreached, nothing:
		p.pause.release(ctx)
	}
}

// enter makes a call's way in: it takes a permit only if the account may be
// called, and goes first after a pause only with a permit in its hand.
func (p *Pacer) enter(ctx context.Context) (time.Duration, error) {
	if wait := p.Paused(); wait > 0 {
		return wait, ctx.Err()
	}
	wait, err := p.permits.take(ctx, 1+p.waiters.Load())
	if wait > 0 || err != nil {
		return wait, err
	}
	if wait = p.breaker.enter(); wait == 0 {
		if wait = p.pause.enter(ctx); wait > 0 {
			p.breaker.leave(nothing)
		}
	}
	if wait > 0 {
		p.permits.putBack()
	}
	return wait, nil
}

// putOff is a wait that is spread: behind those that were put off before, at
// the rate of this replica, and by chance.
func (p *Pacer) putOff(wait time.Duration) time.Duration {
	sentAway.WithLabelValues(p.account).Inc()
	if interval := p.permits.interval(); interval > 0 {
		wait = p.queue(wait, interval)
	}
	return wait + mrand.N(min(wait/2, patience)+lookIn) //nolint:gosec // spreads load, hides nothing
}

// queue is a wait behind the replies that were put off before. What waits very
// long is spread anew over the time until then.
func (p *Pacer) queue(wait, interval time.Duration) time.Duration {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	first := now.Add(wait)
	if p.back.Before(first) || p.back.After(first.Add(putOffMost)) {
		p.back = first
	}
	p.back = p.back.Add(interval)
	return p.back.Sub(now)
}
