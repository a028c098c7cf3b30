package wxapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// What the token API refuses concerns the settings: the message waits until
// they are right, whatever the code would mean elsewhere.
func TestRefusalOfATokenIsTransient(t *testing.T) {
	codes := []int{
		-1, 40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 43002, 45009, 45011,
		50004, 50007, 61024, 89501, 89503, 89506, 89507, 12345,
	}
	for _, code := range codes {
		r := newRig(t)
		r.failToken(code)
		c := r.replica()
		err := c.Send(patience(t), []byte(message))
		wantTokenError(t, err, code)
		r.wantCounts(1, 0)
		r.store.change(t, map[string]any{fault: nil}) // as if the pause were over
		send(t, r.replica())
		r.wantCounts(2, 1)
	}
}

func wantTokenError(t *testing.T, err error, code int) {
	t.Helper()
	refusal, ok := errors.AsType[*wxapi.TokenError](err)
	if !ok || wxapi.Classify(err) != wxapi.Transient || wxapi.CodeOf(err) != 0 {
		t.Fatalf("Send = %v, class %d; want a TokenError, transient", err, wxapi.Classify(err))
	}
	if got := wxapi.CodeOf(refusal.Cause); got != code || refusal.Code != code {
		t.Errorf("errcode %d, of the cause %d; want %d", refusal.Code, got, code)
	}
	if refusal.After <= 0 || refusal.Advice == "" {
		t.Errorf("%v says to wait %s and advises %q", err, refusal.After, refusal.Advice)
	}
	if !strings.HasPrefix(err.Error(), "access token: /cgi-bin/stable_token: ") {
		t.Errorf("error %q does not say what was asked", err)
	}
}

// A token that is refused and cannot be replaced leaves the message waiting.
func TestRefusalOfANewTokenIsTransient(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	r.Weather().ExpireTokens("main")
	r.failToken(40164)
	wantTokenError(t, c.Send(patience(t), []byte(message)), 40164)
	r.wantCounts(2, 2)
}

// A forced refresh that has come to nothing is none: it is tried again at once,
// not after 30 seconds.
func TestForcedRefreshThatFailsIsTriedAgain(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	r.Weather().RevokeTokens("main")
	r.failToken(-1)
	wantTokenError(t, c.Send(patience(t), []byte(message)), -1)
	send(t, c)
	r.wantForced(false, true, true)
}

// An answer that is none is no verdict on the message, not even when it may
// have been lost on its way back.
func TestTokenAPIThatDoesNotAnswerIsTransient(t *testing.T) {
	tests := []struct {
		name  string
		fault wxsim.Fault
	}{
		{"HTTP 500", wxsim.Fault{Status: 500}},
		{"HTML", wxsim.Fault{Body: "<html></html>"}},
		{"no token", wxsim.Fault{Body: `{"expires_in":7200}`}},
		{"empty token", wxsim.Fault{Body: `{"access_token":"","expires_in":7200}`}},
		{"no number", wxsim.Fault{Body: `{"access_token":"a","expires_in":"soon"}`}},
		{"connection cut", wxsim.Fault{Drop: true}},
		{"answer lost", wxsim.Fault{Drop: true, Delivered: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // the second call waits for a second
			r := newRig(t)
			tt.fault.Path = wxsim.PathStableToken
			r.Weather().Next(1, tt.fault)
			c := r.replica()
			wantTokenError(t, c.Send(patience(t), []byte(message)), 0)
			send(t, c)
			r.wantCounts(2, 1)
		})
	}
}

// The log says what the account's owner can do.
func TestLogAdvisesOnARefusedToken(t *testing.T) {
	tests := []struct {
		code int
		want string
	}{
		{40001, "SECRET"},
		{40125, "SECRET"},
		{40013, "APPID"},
		{40164, "IP whitelist"},
		{40243, "unfreeze"},
		{89503, "administrator"},
		{89506, "administrator"},
		{89507, "administrator"},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.failToken(tt.code)
		_ = r.replica().Send(patience(t), []byte(message))
		if got := r.log.String(); !strings.Contains(got, "account=main") || !strings.Contains(got, tt.want) {
			t.Errorf("%d: the log does not speak of %s:\n%s", tt.code, tt.want, got)
		}
	}
}

// Whatever lifetime WeChat tells, a token is used for a while and not for ever.
func TestStrangeLifetimes(t *testing.T) {
	for _, seconds := range []string{"0", "-1", "1", "300", "7200", "315360000", "9223372036854775807"} {
		asked := 0
		mux := http.NewServeMux()
		mux.HandleFunc("/cgi-bin/stable_token", func(w http.ResponseWriter, r *http.Request) {
			asked++
			body(`{"access_token":"`+accessToken+`","expires_in":`+seconds+`}`)(w, r)
		})
		mux.HandleFunc("/", body(`{"errcode":0}`))
		s := httptest.NewServer(mux)
		shared := newStore()
		send(t, newClient(s.URL, shared, new(bustest.Logbook)))
		s.Close()
		if asked != 1 {
			t.Errorf("expires_in %s: %d calls for a token, want 1", seconds, asked)
		}
		if left := time.Until(shared.expires(t)); left > 2*time.Hour {
			t.Errorf("expires_in %s: used for %s", seconds, left)
		}
	}
}
