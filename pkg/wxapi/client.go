package wxapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	headerMax = 64 << 10 // bytes of an answer's header
	idleMax   = 256      // connections that are kept for the next call
)

// Account is what WeChat knows an account by.
type Account struct {
	Name     string // in the settings; names the account in the store
	AppID    string
	Secret   string
	TokenAPI TokenAPI // where its access token comes from; Stable unless set
}

// Client calls WeChat's API for one account. It is safe for concurrent use.
type Client struct {
	base    string
	account Account
	http    *http.Client
	tokens  *tokens
}

// NewClient returns a client that calls base, such as
// https://api.weixin.qq.com, and keeps its token in store, which all clients of
// the account share. It works at once. A program that runs for long also runs
// [Client.Follow].
func NewClient(base string, account Account, store Store, log *slog.Logger) *Client {
	c := &Client{base: base, account: account, http: &http.Client{
		Transport: transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a token must not follow a redirect
		},
	}}
	c.tokens = newTokens(c, store, log)
	return c
}

// transport keeps its connections: as many as there are calls at a time, or one
// where HTTP/2 is spoken, which is asked now and then whether it is still alive.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = idleMax, idleMax
	t.MaxResponseHeaderBytes = headerMax
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}

// Send calls /cgi-bin/message/custom/send with a JSON body. A token that is
// refused is replaced, once for all replicas, and the call made once more.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
func (c *Client) Send(ctx context.Context, body []byte) error {
	return c.post(ctx, "/cgi-bin/message/custom/send", nil, body, nil)
}

// Call makes a call for which this package has no method of its own: GET with
// nothing but a query, or POST with a JSON body. The access token is added, and
// replaced when it is refused; then the call is made once more.
//
// body is JSON as []byte, or a value of which JSON is made; nil is no body. The
// answer is read into result, a pointer; without one it must say errcode 0. At
// most 16 MB are read, 1 MB without a result, in at most ten seconds.
//
// An answer with an errcode is an [*Error]; [Classify] says what to do about it
// and about every other error. None shows the token or the secret.
func (c *Client) Call(ctx context.Context, method, path string, query url.Values, body, result any) error {
	if method == http.MethodGet {
		return c.get(ctx, path, query, result)
	}
	return c.send(ctx, method, path, query, body, result)
}

// post posts JSON with the token and reads JSON into result; without one the
// answer must say errcode 0.
func (c *Client) post(ctx context.Context, path string, query url.Values, body, result any) error {
	return c.send(ctx, http.MethodPost, path, query, body, result)
}

// get asks with the token and reads JSON into result.
func (c *Client) get(ctx context.Context, path string, query url.Values, result any) error {
	return c.do(ctx, operation{
		method: http.MethodGet, path: path, query: query,
		read: func(r *http.Response) error { return read(path, r, result) },
	})
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body, result any) error {
	text, isText := body.([]byte)
	if !isText && body != nil {
		var err error
		if text, err = wechat.Marshal(body); err != nil {
			return err
		}
	}
	return c.do(ctx, jsonOperation(method, path, query, text, result))
}
