package wxapi

import (
	"context"
	"fmt"
	"time"
)

const (
	claimLasts  = 15 * time.Second // a replica that claimed a fetch and died
	claimPoll   = 100 * time.Millisecond
	claimTries  = 10              // until a store that takes no claim counts as away
	pauseWaited = 2 * time.Second // a pause that callers wait out
)

// flight is one search for a token that several callers wait for.
type flight struct {
	done  chan struct{}
	token string
	err   error
}

// board returns the flight for a token other than the refused one, and begins
// it when there is none. It goes on when its callers have gone: what WeChat
// gives must reach the other replicas.
func (t *tokens) board(ctx context.Context, refused string) *flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, under := t.flights[refused]; under {
		return f
	}
	f := &flight{done: make(chan struct{})}
	t.flights[refused] = f
	go t.fly(context.WithoutCancel(ctx), f, refused)
	return f
}

func (t *tokens) fly(ctx context.Context, f *flight, refused string) {
	ctx, cancel := context.WithTimeout(ctx, claimLasts)
	defer cancel()
	f.token, f.err = t.search(ctx, refused)
	t.mu.Lock()
	delete(t.flights, refused)
	t.mu.Unlock()
	close(f.done)
}

// search finds a fresh token that is not refused: the one that another replica
// has stored, or a new one.
func (t *tokens) search(ctx context.Context, refused string) (string, error) {
	for tries := 0; ; {
		news := t.hear()
		if token, ok := t.ready(refused); ok {
			return token, nil
		}
		known, revision, err := t.load(ctx)
		if err != nil {
			return t.alone(ctx, refused, err)
		}
		t.adopt(&known, refused)
		if token, ok := t.ready(refused); ok {
			return token, nil
		}
		wait, err := t.hindrance(&known, refused != "")
		if err != nil {
			return "", err
		}
		if wait == 0 {
			token, claimed, err := t.fetch(ctx, known, revision, refused != "")
			if claimed {
				return t.fetched(token, refused, err)
			}
			if tries++; tries == claimTries {
				return t.alone(ctx, refused, err)
			}
			wait = claimPoll
		}
		if err := rest(ctx, news, wait); err != nil {
			return "", err
		}
	}
}

// fetched is the end of a fetch. WeChat returns the current token again when
// somebody else has forced a refresh within its limits.
func (t *tokens) fetched(token, refused string, err error) (string, error) {
	if err == nil && token == refused {
		return "", &TokenPendingError{After: forcedApart}
	}
	return token, err
}

// rest waits for news, but no longer than a time.
func rest(ctx context.Context, news <-chan struct{}, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-news:
	case <-timer.C:
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for the token: %w", errTransient, ctx.Err())
	}
	return nil
}

// hindrance says why WeChat may not be asked for a token now: for how long to
// wait and look again, or the error to give up with.
func (t *tokens) hindrance(known *shared, force bool) (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if pause := t.breaker.open(); pause > 0 {
		if t.breaker.fault.refused() || pause > pauseWaited {
			return 0, t.breaker.err(t.path())
		}
		return pause, nil
	}
	if !known.Claimed.IsZero() && t.claimed.age(known.Claimed) < claimLasts {
		return claimPoll, nil
	}
	if force {
		if wait := mayForce(known, t.forced.age(known.Forced)); wait > 0 {
			return 0, &TokenPendingError{After: wait}
		}
	}
	return 0, nil
}
