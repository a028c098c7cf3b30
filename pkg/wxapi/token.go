package wxapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	renewBefore  = 5 * time.Minute  // WeChat hands out the next token from then on
	forcedApart  = 30 * time.Second // between two forced refreshes, by WeChat's rule
	claimLasts   = 15 * time.Second // a replica that claimed a fetch and died
	claimPoll    = 100 * time.Millisecond
	lifetimeMax  = 2 * time.Hour
	storeTimeout = 5 * time.Second
)

// ErrTokenPending says that the token was refused and may not be replaced yet.
var ErrTokenPending = fmt.Errorf("%w: token refused, and replaced too recently", errTransient)

// Store keeps small values that all replicas see. Save writes only if the key
// still has the revision that Load returned, 0 meaning absent.
type Store interface {
	Load(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Save(ctx context.Context, key string, value []byte, revision uint64) (newRevision uint64, err error)
}

// shared is what the replicas share about an account's token.
type shared struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
	Forced  time.Time `json:"forced"`  // when a refresh was last forced
	Claimed time.Time `json:"claimed"` // someone is fetching since then; zero = nobody
}

func (s *shared) fresh() bool { return s.Token != "" && time.Now().Before(s.Expires) }

// tokens is the account's access token: in memory, else in the store, else from
// WeChat. One replica fetches it and the others wait for what it writes.
type tokens struct {
	client *Client
	store  Store
	log    *slog.Logger

	mu      sync.Mutex
	current shared
}

func newTokens(client *Client, store Store, log *slog.Logger) *tokens {
	return &tokens{client: client, store: store, log: log.With("account", client.account.Name)}
}

// get returns a token that should be valid.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.fresh() {
		return t.current.Token, nil
	}
	return t.obtain(ctx, "")
}

// replace returns a token other than the one that was refused. It asks WeChat
// for it only if the refused one is still the current one, at most once per 30
// seconds for all replicas; in between it returns [ErrTokenPending].
func (t *tokens) replace(ctx context.Context, refused string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.fresh() && t.current.Token != refused {
		return t.current.Token, nil
	}
	return t.obtain(ctx, refused)
}

// obtain gets a fresh token that is not refused: the one that another replica
// has stored, or a new one.
func (t *tokens) obtain(ctx context.Context, refused string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, claimLasts)
	defer cancel()
	for {
		known, revision, err := t.load(ctx)
		if err != nil {
			return "", err
		}
		switch {
		case known.fresh() && known.Token != refused:
			t.current = known
			return known.Token, nil
		case time.Since(known.Claimed) < claimLasts: // someone is at it
		case refused != "" && known.Token == refused && time.Since(known.Forced) < forcedApart:
			return "", ErrTokenPending
		default:
			token, err := t.fetch(ctx, known, revision, refused != "")
			if !errors.Is(err, errOvertaken) {
				return token, err
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%w: waiting for the token: %w", errTransient, ctx.Err())
		case <-time.After(claimPoll):
		}
	}
}

func (t *tokens) load(ctx context.Context) (known shared, revision uint64, err error) {
	value, revision, err := t.store.Load(ctx, t.key())
	if err != nil {
		return shared{}, 0, fmt.Errorf("%w: %w", errTransient, err)
	}
	if value != nil {
		_ = json.Unmarshal(value, &known) // what cannot be read is replaced
	}
	return known, revision, nil
}

func (t *tokens) key() string { return "token." + t.client.account.Name }

// errOvertaken says that another replica changed the store first.
var errOvertaken = errors.New("overtaken by another replica")

// fetch claims the right to ask WeChat, asks, and stores the answer.
func (t *tokens) fetch(ctx context.Context, known shared, revision uint64, force bool) (string, error) {
	known.Claimed = time.Now()
	if force {
		known.Forced = known.Claimed
	}
	revision, err := t.save(ctx, known, revision)
	if err != nil {
		return "", errOvertaken
	}
	token, lasts, err := t.client.stableToken(ctx, force)
	known.Claimed = time.Time{}
	if err == nil {
		known.Token, known.Expires = token, time.Now().Add(lasts)
		t.current = known
	}
	// The store must learn of it even if the caller has gone meanwhile.
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if _, failed := t.save(detached, known, revision); failed != nil {
		t.log.Warn("token not stored for the other replicas", "err", failed)
	}
	if err != nil {
		t.log.Error("no access token", "err", err, "advice", advice(CodeOf(err)))
		return "", &TokenError{Cause: err}
	}
	t.log.Info("access token fetched", "forced", force, "lasts", lasts)
	return token, nil
}

func (t *tokens) save(ctx context.Context, s shared, revision uint64) (uint64, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	return t.store.Save(ctx, t.key(), value, revision)
}

// TokenError says that WeChat gives no token. The cause is WeChat's answer,
// which concerns the settings and not the message that was to be sent.
type TokenError struct{ Cause error }

// Error names the cause.
func (e *TokenError) Error() string { return "access token: " + e.Cause.Error() }

// stableToken asks /cgi-bin/stable_token. The lifetime returned is shortened so
// that the token is renewed before it ends.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
func (c *Client) stableToken(ctx context.Context, force bool) (token string, lasts time.Duration, err error) {
	body, err := wechat.Marshal(map[string]any{
		"grant_type": "client_credential", "appid": c.account.AppID,
		"secret": c.account.Secret, "force_refresh": force,
	})
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	const path = "/cgi-bin/stable_token"
	if err := c.call(ctx, path, nil, body, &answer); err != nil {
		return "", 0, err
	}
	if answer.Token == "" {
		return "", 0, fmt.Errorf("%s: %w: answer without a token", path, errTransient)
	}
	return answer.Token, lifetime(answer.Expires), nil
}

// lifetime is how long a token is used that WeChat says lasts so many seconds.
// Near its end WeChat returns the same token, so it is asked again soon.
func lifetime(seconds int64) time.Duration {
	told := lifetimeMax
	if seconds < int64(lifetimeMax/time.Second) {
		told = time.Duration(max(0, seconds)) * time.Second
	}
	if told > 2*renewBefore {
		return told - renewBefore
	}
	return max(told/2, time.Second)
}

// advice says what the account's owner can do about a refusal of the token API.
func advice(code int) string {
	switch code {
	case 40001, 40125:
		return "compare WECHAT_<ACCOUNT>_SECRET with the console; it may have been reset"
	case 40013:
		return "compare WECHAT_<ACCOUNT>_APPID with the console"
	case 40164:
		return "add the address that errmsg names to the IP whitelist in WeChat's console"
	case 40243:
		return "the secret is frozen; unfreeze it in WeChat's console"
	case 89503, 89506, 89507:
		return "the account's administrator must confirm this server's address"
	}
	return "sent again later"
}
