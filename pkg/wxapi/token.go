package wxapi

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Store keeps small values that all replicas see. Save writes only if the key
// still has the revision that Load returned, 0 meaning absent. Watch calls
// changed with the value now and after each change, until ctx is done or it
// cannot go on; then it is called again.
type Store interface {
	Load(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Save(ctx context.Context, key string, value []byte, revision uint64) (newRevision uint64, err error)
	Watch(ctx context.Context, key string, changed func(value []byte)) error
}

// tokens is the account's access token: in memory, else in the store, else from
// WeChat. One replica fetches it and the others wait for what it writes: who
// writes a claim into the store first is elected.
//
// A token in memory serves until it ends, whether the store is there or not.
// When it has ended and the store is away, a stable token is fetched without
// the others, because they would be given the same one; a classic one is not,
// because that would end theirs. A refused token is never replaced then.
type tokens struct {
	client *Client
	store  Store
	log    *slog.Logger

	mu        sync.Mutex
	held      held
	breaker   breaker
	claimed   sighting
	forced    sighting
	flights   map[string]*flight // by the token that was refused
	news      chan struct{}      // closed when something was adopted
	following bool
	renewing  bool
	notBefore time.Time // the next try to renew
}

func newTokens(client *Client, store Store, log *slog.Logger) *tokens {
	breakerOpen.WithLabelValues(client.account.Name) // tells 0 from the beginning
	return &tokens{
		client: client, store: store, log: log.With("account", client.account.Name),
		flights: make(map[string]*flight), news: make(chan struct{}),
	}
}

func (t *tokens) key() string { return "token." + t.client.account.Name }

func (t *tokens) path() string { return t.client.account.TokenAPI.path() }

// get returns a token that should be valid.
func (t *tokens) get(ctx context.Context) (string, error) { return t.other(ctx, "") }

// replace returns a token other than the one that was refused. WeChat is asked
// for it only if the refused one is still the current one, within the limits of
// forced refreshes; beyond them the error is a [*TokenPendingError].
func (t *tokens) replace(ctx context.Context, refused string) (string, error) {
	return t.other(ctx, refused)
}

func (t *tokens) other(ctx context.Context, refused string) (string, error) {
	if token, ok := t.ready(refused); ok {
		return token, nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("%w: token not asked for: %w", errTransient, ctx.Err())
	}
	f := t.board(ctx, refused)
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", fmt.Errorf("%w: waiting for the token: %w", errTransient, ctx.Err())
	}
}

// ready returns the token in memory if it serves. Where nobody follows, what is
// due is renewed behind the caller's back.
func (t *tokens) ready(refused string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held.fresh() || t.held.token == refused {
		return "", false
	}
	if !t.following && !t.renewing && t.held.due() && !time.Now().Before(t.notBefore) {
		t.renewing = true
		go t.renewOnce()
	}
	return t.held.token, true
}

// adopt takes what is stored, as far as it is news: a fresh token that is later
// than the one in memory, or stands in for a refused one.
func (t *tokens) adopt(known *shared, refused string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known.Claimed.IsZero() { // what has become of a claim is told next
		t.adoptFault(known.Fault)
	}
	if known.Token != "" && !t.held.same(known) {
		later := known.Gen >= t.held.gen || !t.held.fresh() || t.held.token == refused
		if next := hold(known); later && next.fresh() {
			t.held = next
			ages.set(t.client.account.Name, next.fetched)
		}
	}
	close(t.news)
	t.news = make(chan struct{})
}

// adoptFault tells operators when the breaker opens or closes. The caller holds
// mu.
func (t *tokens) adoptFault(f *fault) {
	before := t.breaker.refused()
	t.breaker.adopt(f, t.client.account.stamp())
	gauge := breakerOpen.WithLabelValues(t.client.account.Name)
	switch after := t.breaker.refused(); {
	case after && !before:
		gauge.Set(1)
	case before && !after:
		gauge.Set(0)
	}
}

func (t *tokens) hear() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.news
}
