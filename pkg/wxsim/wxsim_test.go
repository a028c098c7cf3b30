package wxsim_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const (
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	openid = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"
	secret = "0123456789abcdef0123456789abcdef"
)

func testAccount() wxsim.Account {
	return wxsim.Account{
		Name: "main", AppID: "wx0123456789abcdef", Token: "weixin", AESKey: aesKey, Secret: secret,
	}
}

// received is one request as the server under test saw it.
type received struct {
	query       callback.Query
	openid      string
	contentType string
	body        string
	opened      string
	err         error
	message     *wechat.Message
}

// server stands where the ingress stands: it opens and decodes every push.
type server struct {
	*httptest.Server
	account callback.Account

	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter, r *http.Request) // n counts from 1
}

func newServer(t *testing.T, mode callback.Mode) *server {
	t.Helper()
	key, err := callback.ParseKey(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{account: callback.Account{
		AppID: testAccount().AppID, Tokens: []string{testAccount().Token}, Keys: []callback.Key{key}, Mode: mode,
	}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	got := received{
		query: callback.Query{
			Signature: q.Get("signature"), Timestamp: q.Get("timestamp"), Nonce: q.Get("nonce"),
			MsgSignature: q.Get("msg_signature"), EncryptType: q.Get("encrypt_type"),
		},
		openid:      q.Get("openid"),
		contentType: r.Header.Get("Content-Type"),
	}
	if r.Method == http.MethodGet {
		if s.account.Verify(got.query) {
			_, _ = io.WriteString(w, q.Get("echostr"))
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	opened, err := s.account.Open(got.query, body)
	got.body, got.opened, got.err = string(body), string(opened), err
	if err == nil {
		got.message, got.err = wechat.Decode(opened)
	}
	s.mu.Lock()
	s.got = append(s.got, got)
	n, answer := len(s.got), s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(n, w, r)
		return
	}
	_, _ = io.WriteString(w, "success")
}

func (s *server) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

// newSim returns a simulator with one account that pushes to url.
func newSim(t *testing.T, url string, change func(*wxsim.Options)) *wxsim.Platform {
	t.Helper()
	account := testAccount()
	account.URL = url
	options := wxsim.Options{Accounts: []wxsim.Account{account}}
	if change != nil {
		change(&options)
	}
	sim, err := wxsim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

func withMode(mode callback.Mode) func(*wxsim.Options) {
	return func(o *wxsim.Options) { o.Accounts[0].Mode = mode }
}

// patience returns a context that ends before the test is given up.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// clock is a time that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
