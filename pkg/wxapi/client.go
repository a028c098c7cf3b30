package wxapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	callTimeout = 10 * time.Second
	answerMax   = 1 << 20 // bytes of an answer that are read
)

// Account is what WeChat knows an account by.
type Account struct {
	Name   string // in the settings; names the account in the store
	AppID  string
	Secret string
}

// Client calls WeChat's API for one account. It is safe for concurrent use.
type Client struct {
	base    string
	account Account
	http    *http.Client
	tokens  *tokens
}

// NewClient returns a client that calls base, such as
// https://api.weixin.qq.com, and keeps its token in store.
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

func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Send calls /cgi-bin/message/custom/send with a JSON body. A token that is
// refused is replaced, once for all replicas, and the call made once more.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
func (c *Client) Send(ctx context.Context, body []byte) error {
	return c.withToken(ctx, func(token string) error {
		return c.call(ctx, "/cgi-bin/message/custom/send", url.Values{"access_token": {token}}, body, nil)
	})
}

// withToken makes a call and, when its token is refused, once more with
// another one.
func (c *Client) withToken(ctx context.Context, call func(token string) error) error {
	token, err := c.tokens.get(ctx)
	if err != nil {
		return err
	}
	refused := call(token)
	if Classify(refused) != BadToken || refused == nil {
		return refused
	}
	if token, err = c.tokens.replace(ctx, token); err != nil {
		return err
	}
	return call(token)
}

// call posts body to a path and reads the answer into result; without one the
// answer must say errcode 0. Neither the token in query nor the secret in body
// is in an error.
func (c *Client) call(ctx context.Context, path string, query url.Values, body []byte, result any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(info.Err == nil) },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: WECHAT_API_URL does not make a URL", path)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, unanswered(written.Load()), c.redact(err, query))
	}
	defer func() { _ = response.Body.Close() }()
	err = read(path, response, result)
	if refusal, ok := errors.AsType[*Error](err); ok {
		refusal.Msg = c.hide(refusal.Msg, query)
	}
	return err
}

func unanswered(written bool) error {
	if written {
		return errDoubtful
	}
	return errTransient
}

// redact drops the URL that net/http puts into its errors. A Location that it
// cannot read may repeat the query.
func (c *Client) redact(err error, query url.Values) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		err = withURL.Err
	}
	if text := err.Error(); c.hide(text, query) != text {
		return errors.New(c.hide(text, query))
	}
	return err
}

// hide takes the secret and the token out of what a server says, which may
// repeat the request.
func (c *Client) hide(text string, query url.Values) string {
	for _, hidden := range []string{c.account.Secret, query.Get("access_token")} {
		if hidden != "" {
			text = strings.ReplaceAll(text, hidden, "***")
		}
	}
	return text
}

func read(path string, response *http.Response, result any) error {
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %w: HTTP status %d", path, errTransient, response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerMax+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w: %w", path, errDoubtful, err)
	case len(answer) > answerMax:
		return fmt.Errorf("%s: %w: answer of more than %d bytes", path, errTransient, answerMax)
	}
	var status struct {
		Code *int   `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &status); err != nil {
		return fmt.Errorf("%s: %w: answer is not JSON", path, errTransient)
	}
	switch {
	case status.Code != nil && *status.Code != 0:
		return &Error{Op: path, Code: *status.Code, Msg: status.Msg}
	case result == nil && status.Code == nil:
		return fmt.Errorf("%s: %w: answer without errcode", path, errTransient)
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("%s: %w: %w", path, errTransient, err)
	}
	return nil
}
