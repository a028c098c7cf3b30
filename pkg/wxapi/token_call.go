package wxapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

const tokenMax = 4 << 10 // bytes; WeChat says to reserve 512

func (a TokenAPI) path() string {
	if a == Classic {
		return "/cgi-bin/token"
	}
	return "/cgi-bin/stable_token"
}

// fetchToken asks WeChat for a token. force has the stable API make a new one,
// and end the current one at once.
//
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
// https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
func (c *Client) fetchToken(ctx context.Context, force bool) (token string, lasts time.Duration, err error) {
	fetches.WithLabelValues(c.account.Name, strconv.FormatBool(force)).Inc()
	var answer struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	op, least, err := c.tokenOperation(force, &answer)
	if err != nil {
		return "", 0, err
	}
	if err := c.attempt(ctx, op, ""); err != nil {
		return "", 0, err
	}
	if answer.Token == "" || len(answer.Token) > tokenMax {
		return "", 0, fmt.Errorf("%s: %w: answer without a token", op.path, errTransient)
	}
	return answer.Token, lifetime(answer.Expires, least), nil
}

func (c *Client) tokenOperation(force bool, answer any) (op operation, least time.Duration, err error) {
	path := c.account.TokenAPI.path()
	if c.account.TokenAPI == Classic {
		query := url.Values{
			"grant_type": {"client_credential"}, "appid": {c.account.AppID}, "secret": {c.account.Secret},
		}
		return operation{
			method: http.MethodGet, path: path, query: query,
			read: func(r *http.Response) error { return read(path, r, answer) },
		}, classicMin, nil
	}
	body, err := wechat.Marshal(map[string]any{
		"grant_type": "client_credential", "appid": c.account.AppID,
		"secret": c.account.Secret, "force_refresh": force,
	})
	return jsonOperation(http.MethodPost, path, nil, body, answer), stableMin, err
}

// TokenPendingError is an [ErrTokenPending] that says for how long.
type TokenPendingError struct {
	After time.Duration // until the token may be replaced
}

// ErrTokenPending says that the token was refused and may not be replaced yet:
// WeChat takes one forced refresh in 30 seconds, and 20 a day. The error is a
// [*TokenPendingError].
var ErrTokenPending = errors.New("token refused, and replaced too recently")

// Error says when the token may be replaced.
func (e *TokenPendingError) Error() string {
	return fmt.Sprintf("%s: next in %s", ErrTokenPending, e.After.Round(time.Second))
}

// Is reports whether target is [ErrTokenPending].
func (e *TokenPendingError) Is(target error) bool { return target == ErrTokenPending }
