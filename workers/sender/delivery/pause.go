package delivery

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const followRetry = time.Second

// pause keeps all replicas from calling for an account that WeChat has
// throttled, until a time that stands in a bucket.
type pause struct {
	bucket  *bus.Bucket
	account string
	log     *slog.Logger
	until   atomic.Int64 // Unix nanoseconds
}

func (p *pause) key() string { return "pause." + p.account }

// follow learns what other replicas set, until ctx is done.
func (p *pause) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.bucket.Watch(ctx, p.key(), p.learn); err != nil && ctx.Err() == nil {
			p.log.Debug("pause of the account not followed", "account", p.account, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(followRetry):
		}
	}
}

func (p *pause) learn(value []byte) {
	if until, err := time.Parse(time.RFC3339Nano, string(value)); err == nil {
		p.until.Store(until.UnixNano())
	}
}

// set pauses the account for d, for all replicas. When the bucket cannot be
// written it holds for this replica alone.
func (p *pause) set(ctx context.Context, d time.Duration) {
	until := time.Now().Add(d)
	p.until.Store(until.UnixNano())
	p.log.Warn("account pauses", "account", p.account, "for", d)
	_, revision, err := p.bucket.Load(ctx, p.key())
	if err == nil {
		_, err = p.bucket.Save(ctx, p.key(), []byte(until.UTC().Format(time.RFC3339Nano)), revision)
	}
	if err != nil {
		p.log.Debug("pause not shared", "account", p.account, "err", err)
	}
}

// left returns how long to wait yet, 0 when the account may be called. The
// replies that wait do not all come back at once.
func (p *pause) left() time.Duration {
	left := time.Until(time.Unix(0, p.until.Load()))
	if left <= 0 {
		return 0
	}
	return left + rand.N(time.Second) //nolint:gosec // spreads load, hides nothing
}
