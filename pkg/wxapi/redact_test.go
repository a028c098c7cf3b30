package wxapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// echo repeats all of a request as errmsg.
func echo(w http.ResponseWriter, r *http.Request) {
	asked, _ := io.ReadAll(r.Body)
	answer, _ := json.Marshal(map[string]any{"errcode": 40035, "errmsg": r.URL.String() + " " + string(asked)})
	_, _ = w.Write(answer)
}

// badRedirect repeats the query in a Location that net/http cannot read.
func badRedirect(w http.ResponseWriter, r *http.Request) {
	asked, _ := io.ReadAll(r.Body)
	w.Header().Set("Location", "http://[::1?"+r.URL.RawQuery+strings.ReplaceAll(string(asked), "\n", ""))
	w.WriteHeader(http.StatusFound)
}

func silence(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// failures are ways in which a call fails.
var failures = []struct {
	name   string
	answer http.HandlerFunc
}{
	{"errcode", body(`{"errcode":40035,"errmsg":"invalid parameter rid: 1"}`)},
	{"token refused", body(`{"errcode":40001,"errmsg":"invalid credential"}`)},
	{"request repeated", echo},
	{"HTML", body("<html></html>")},
	{"JSON cut off", body(`{"errcode"`)},
	{"other JSON", body(`{"access_token":1,"expires_in":"x"}`)},
	{"HTTP 500", status(500, "")},
	{"redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/x?"+r.URL.RawQuery, http.StatusFound)
	}},
	{"redirect that cannot be read", badRedirect},
	{"answer cut off", cutOff(200, "{")},
	{"connection cut", drop},
	{"silence", silence},
	{"endless header", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 11<<20))
	}},
	{"broken gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "x")
	}},
}

// Neither an error, however deep one looks into it, nor the log shows a secret.
func TestNoFailureShowsASecret(t *testing.T) {
	for _, tt := range failures {
		t.Run("send/"+tt.name, func(t *testing.T) { failing(t, server(t, tt.answer)) })
		t.Run("token/"+tt.name, func(t *testing.T) { failing(t, stub(t, tt.answer)) })
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	t.Run("token/connection refused", func(t *testing.T) { failing(t, gone.URL) })
	t.Run("token/no TLS", func(t *testing.T) { failing(t, strings.Replace(server(t, drop), "http:", "https:", 1)) })
	t.Run("token/no URL", func(t *testing.T) { failing(t, "http://[::1") })
}

// failing sends through an API that fails and searches what is said about it.
func failing(t *testing.T, url string) {
	t.Helper()
	for _, api := range []wxapi.TokenAPI{wxapi.Stable, wxapi.Classic} {
		log, shared := new(bustest.Logbook), newStore()
		account := wxapi.Account{Name: "main", AppID: appID, Secret: secret, TokenAPI: api}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		err := wxapi.NewClient(url, account, shared, log.Logger()).Send(ctx, []byte(message))
		if err == nil {
			t.Fatal("Send = nil, want an error")
		}
		wantNoSecret(t, log.String())
		eachError(err, func(err error) { wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err)) })
		value, _, _ := shared.Load(t.Context(), tokenKey)
		if strings.Contains(string(value), secret) {
			t.Errorf("the secret is stored:\n%s", value)
		}
	}
}

func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, hidden := range []string{accessToken, secret} {
		if strings.Contains(text, hidden) {
			t.Errorf("shows %s:\n%s", hidden, text)
		}
	}
}

// eachError visits an error and all that it wraps or names as its cause.
func eachError(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch wrapper := err.(type) { //nolint:errorlint // the chain itself is looked at
	case *wxapi.TokenError:
		eachError(wrapper.Cause, visit)
	case interface{ Unwrap() error }:
		eachError(wrapper.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, wrapped := range wrapper.Unwrap() {
			eachError(wrapped, visit)
		}
	}
}

// Success says nothing either.
func TestLogOfSuccessShowsNoSecret(t *testing.T) {
	log := new(bustest.Logbook)
	if err := newClient(server(t, body(`{"errcode":0}`)), newStore(), log).Send(patience(t), []byte(message)); err != nil {
		t.Fatal(err)
	}
	if log.String() == "" {
		t.Error("the log does not say that a token was fetched")
	}
	wantNoSecret(t, log.String())
}
