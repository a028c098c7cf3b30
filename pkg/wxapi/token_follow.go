package wxapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// awayPause is how long a store that does not answer is left alone.
const awayPause = 2 * time.Second

// Follow keeps a valid token at hand until ctx is done: it hears from the store
// what other replicas have fetched, and renews the token before it ends, so
// that no call waits for that; only the first token is fetched by the call that
// needs it. Of all replicas that follow, the one that wakes first and can claim
// it renews. A program runs Follow for its lifetime, once for each client.
// Without it the store is read when a token is needed, and a token that is about
// to end is renewed beside the call that finds it so.
func (c *Client) Follow(ctx context.Context) {
	t := c.tokens
	t.follow(true)
	defer t.follow(false)
	var watching sync.WaitGroup
	watching.Go(func() { t.watch(ctx) })
	defer watching.Wait()
	for ctx.Err() == nil {
		news := t.hear()
		if rest(ctx, news, t.untilRenewal()) == nil && t.untilRenewal() == 0 {
			t.renew(ctx)
		}
	}
}

func (t *tokens) follow(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.following = on
}

func (t *tokens) watch(ctx context.Context) {
	for ctx.Err() == nil {
		err := t.store.Watch(ctx, t.key(), func(value []byte) {
			known := parse(value, t.client.account.AppID)
			t.adopt(&known, "")
		})
		if err != nil && ctx.Err() == nil {
			t.log.Debug("token not watched", "err", err)
		}
		_ = rest(ctx, nil, chance(awayPause))
	}
}

// untilRenewal is how long the token in memory is left alone. One that nobody
// has needed yet is not asked for.
func (t *tokens) untilRenewal() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held.token == "" && t.breaker.fault == nil {
		return lifetimeMax
	}
	return max(0, time.Until(t.held.renew), time.Until(t.notBefore))
}

func (t *tokens) renewOnce() {
	ctx, cancel := context.WithTimeout(context.Background(), claimLasts)
	defer cancel()
	t.renew(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renewing = false
}

// renew renews the token unless another replica has done it or is at it, and
// says when to look again if it is still due then.
func (t *tokens) renew(ctx context.Context) {
	again := t.tryRenew(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notBefore = time.Now().Add(again)
}

func (t *tokens) tryRenew(ctx context.Context) (again time.Duration) {
	known, revision, err := t.load(ctx)
	if err != nil {
		return chance(awayPause)
	}
	t.adopt(&known, "")
	t.mu.Lock()
	due := t.held.due()
	t.mu.Unlock()
	if !due {
		return 0
	}
	wait, err := t.hindrance(&known, false)
	if wait == 0 && err == nil {
		_, claimed, failed := t.fetch(ctx, known, revision, false)
		if !claimed {
			return chance(2 * claimPoll)
		}
		err = failed
	}
	if failure, ok := errors.AsType[*TokenError](err); ok {
		return chance(failure.After)
	}
	return chance(wait)
}

// chance is a time that is up to half as long again.
func chance(d time.Duration) time.Duration {
	return d + rand.N(d/2+1) //nolint:gosec // spreads load, hides nothing
}
