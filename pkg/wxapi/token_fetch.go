package wxapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	loadTimeout = 3 * time.Second
	saveTimeout = 5 * time.Second
	aloneRenew  = time.Minute // of a token that the other replicas do not know
)

func (t *tokens) load(ctx context.Context) (known shared, revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	value, revision, err := t.store.Load(ctx, t.key())
	if err != nil {
		return shared{}, 0, err
	}
	return parse(value, t.client.account.AppID), revision, nil
}

func (t *tokens) save(ctx context.Context, s shared, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	value, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	return t.store.Save(ctx, t.key(), value, revision)
}

// fetch claims the right to ask WeChat, asks, and stores the answer. It does
// not end with ctx. claimed is false when another replica was faster, or the
// store is away, and WeChat was not asked.
func (t *tokens) fetch(ctx context.Context, known shared, revision uint64, force bool) (token string, claimed bool, err error) {
	ctx = context.WithoutCancel(ctx)
	claim := known
	claim.AppID, claim.Claimed = t.client.account.AppID, time.Now()
	if force {
		claim.countForce(claim.Claimed)
	}
	if revision, err = t.save(ctx, claim, revision); err != nil {
		return "", false, err
	}
	next := claim
	next.Claimed = time.Time{}
	started := time.Now()
	token, lasts, err := t.client.fetchToken(ctx, force)
	if err != nil {
		if !errors.Is(err, errDoubtful) { // no token was made
			next.Forced, next.Forces = known.Forced, known.Forces
		}
		return "", true, t.failed(ctx, next, revision, err)
	}
	next.Token, next.Fetched, next.Expires, next.Fault = token, started, started.Add(lasts), nil
	next.Gen = max(known.Gen, t.generation()) + 1
	t.adopt(&next, known.Token)
	t.log.Info("access token fetched", "forced", force, "lasts", lasts)
	t.publish(ctx, next, revision)
	return token, true, nil
}

func (t *tokens) generation() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held.gen
}

// failed opens the breaker of all replicas.
func (t *tokens) failed(ctx context.Context, next shared, revision uint64, err error) error {
	next.Fault = next.Fault.next(err, t.path(), t.client.account.stamp())
	t.adopt(&next, "")
	t.publish(ctx, next, revision)
	return t.tokenError(err, next.Fault)
}

func (t *tokens) tokenError(err error, f *fault) error {
	failed := newTokenError(err, f, f.pause())
	t.log.Error("no access token", "err", err, "advice", failed.Advice, "next", failed.After)
	return failed
}

// publish stores what has become of a fetch. A replica that took so long that
// another one has taken over uses what that one has stored.
func (t *tokens) publish(ctx context.Context, next shared, revision uint64) {
	_, err := t.save(ctx, next, revision)
	if err == nil {
		return
	}
	if known, _, failed := t.load(ctx); failed == nil && known.Gen >= next.Gen && next.Fault == nil {
		t.adopt(&known, next.Token)
		return
	}
	t.log.Warn("token not stored for the other replicas", "err", err)
	t.renewWithin(aloneRenew)
}

// renewWithin has a token renewed soon that the other replicas do not know.
func (t *tokens) renewWithin(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if soon := time.Now().Add(d); soon.Before(t.held.renew) {
		t.held.renew = soon
	}
}

// alone fetches a token while the store is away: a stable one in place of one
// that has ended, and no other.
func (t *tokens) alone(ctx context.Context, refused string, away error) (string, error) {
	if t.client.account.TokenAPI == Classic || refused != "" || ctx.Err() != nil {
		return "", fmt.Errorf("%w: access token: %w", errTransient, away)
	}
	t.mu.Lock()
	before, gen := t.breaker, t.held.gen
	t.mu.Unlock()
	if before.open() > 0 {
		return "", before.err(t.path())
	}
	next := shared{Gen: gen, Fetched: time.Now()}
	token, lasts, err := t.client.fetchToken(context.WithoutCancel(ctx), false)
	if err != nil {
		next.Fault = before.fault.next(err, t.path(), t.client.account.stamp())
		t.adopt(&next, "")
		return "", t.tokenError(err, next.Fault)
	}
	next.Token, next.Expires = token, next.Fetched.Add(lasts)
	t.adopt(&next, "")
	t.renewWithin(aloneRenew)
	t.log.Warn("access token fetched without the other replicas", "err", away)
	return token, nil
}
