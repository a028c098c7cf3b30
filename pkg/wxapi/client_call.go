package wxapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	callTimeout = 10 * time.Second
	drainMax    = 64 << 10 // bytes that are read on, so that the connection can be used again
)

// operation is one call of WeChat's API.
type operation struct {
	method, path string
	query        url.Values // without the token
	contentType  string     // of the body
	length       int64      // of the body in bytes; below 0 it is not known
	// body returns the body, from its beginning, each time the call is made.
	// What is an io.Closer is closed. nil is no body.
	body func() (io.Reader, error)
	// read reads an answer with a status of 2xx. What it leaves is thrown away.
	read    func(*http.Response) error
	timeout time.Duration // of each time the call is made, answer included; 0 is ten seconds
}

// jsonOperation is a call with JSON in and out.
func jsonOperation(method, path string, query url.Values, text []byte, result any) operation {
	op := operation{
		method: method, path: path, query: query,
		read: func(r *http.Response) error { return read(path, r, result) },
	}
	if text != nil {
		op.contentType, op.length = "application/json; charset=utf-8", int64(len(text))
		op.body = func() (io.Reader, error) { return bytes.NewReader(text), nil }
	}
	return op
}

// do makes a call with the token and, when that is refused, once more with
// another one.
func (c *Client) do(ctx context.Context, op operation) error {
	token, err := c.tokens.get(ctx)
	if err != nil {
		return err
	}
	refused := c.attempt(ctx, op, token)
	if refused == nil || Classify(refused) != BadToken {
		return refused
	}
	if token, err = c.tokens.replace(ctx, token); err != nil {
		return err
	}
	return c.attempt(ctx, op, token)
}

// attempt makes a call once, without a token if that is empty. Neither the
// token nor the secret is in an error.
func (c *Client) attempt(ctx context.Context, op operation, token string) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(op.timeout, callTimeout))
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(info.Err == nil) },
	})
	request, err := c.request(ctx, op, token)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", op.path, unanswered(op.method, written.Load()), c.redact(err, token))
	}
	defer discard(response)
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %w: HTTP status %d", op.path, errTransient, response.StatusCode)
	}
	err = op.read(response)
	if refusal, ok := errors.AsType[*Error](err); ok {
		refusal.Msg = c.hide(refusal.Msg, token)
	}
	return err
}

func (c *Client) request(ctx context.Context, op operation, token string) (*http.Request, error) {
	query := maps.Clone(op.query)
	if token != "" {
		if query == nil {
			query = make(url.Values)
		}
		query.Set("access_token", token)
	}
	request, err := http.NewRequestWithContext(ctx, op.method, c.base+op.path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: WECHAT_API_URL does not make a URL", op.path, errTransient)
	}
	if op.body == nil {
		return request, nil
	}
	request.Header.Set("Content-Type", op.contentType)
	request.GetBody = func() (io.ReadCloser, error) {
		reader, err := op.body()
		if err != nil {
			return nil, err
		}
		if closer, ok := reader.(io.ReadCloser); ok {
			return closer, nil
		}
		return io.NopCloser(reader), nil
	}
	request.ContentLength = op.length
	if request.Body, err = request.GetBody(); err != nil {
		return nil, fmt.Errorf("%s: body: %w", op.path, err)
	}
	return request, nil
}

// discard ends an answer. A short rest is read, so that the connection serves
// the next call; one that may be endless is cut.
func discard(response *http.Response) {
	if response.ContentLength >= 0 && response.ContentLength <= drainMax {
		_, _ = io.CopyN(io.Discard, response.Body, drainMax)
	}
	_ = response.Body.Close()
}

// unanswered is the class of a call without an answer. A GET changes nothing.
func unanswered(method string, written bool) error {
	if written && method != http.MethodGet {
		return errDoubtful
	}
	return errTransient
}

// redact drops the URL that net/http puts into its errors. A Location that it
// cannot read may repeat the query.
func (c *Client) redact(err error, token string) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		err = withURL.Err
	}
	if text := err.Error(); c.hide(text, token) != text {
		return errors.New(c.hide(text, token))
	}
	return err
}

// hide takes the secret and the token out of what a server says, which may
// repeat the request.
func (c *Client) hide(text, token string) string {
	for _, hidden := range []string{c.account.Secret, token} {
		if hidden != "" {
			text = strings.ReplaceAll(text, hidden, "***")
			text = strings.ReplaceAll(text, url.QueryEscape(hidden), "***")
		}
	}
	return text
}
