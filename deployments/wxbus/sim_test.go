package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// loaded is an ingress with an account in each mode, on a nats-server.
func loaded(t *testing.T) (nats *bustest.Server, door string) {
	t.Helper()
	nats, door = bustest.Start(t), bustest.FreeAddr()
	admin := bustest.FreeAddr()
	start(t, "ingress", nil, append(credentials(), "NATS_URL="+nats.Config().URL, "HTTP_ADDR="+door, "ADMIN_ADDR="+admin)...)
	ready(t, admin)
	return nats, door
}

// simLoad runs `sim load` on an account, and returns what it reports.
func simLoad(t *testing.T, account string, args ...string) (report wxsim.LoadReport) {
	t.Helper()
	args = append([]string{"sim", "load", "--json", "--account", account}, args...)
	p := start(t, "wxbus", args, credentials()...)
	if status := p.status(); status != 0 {
		t.Fatalf("exit status %d: %s", status, p.output())
	}
	if err := json.Unmarshal([]byte(p.output()), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSimLoadIsStored(t *testing.T) {
	nats, door := loaded(t)
	sent := int64(0)
	for _, args := range [][]string{
		{"safe", "--count", "300", "--kind", "mix"},
		{"safe", "--count", "100", "--json-push", "--size", "4096"},
		{"compat", "--count", "100", "--kind", "event"},
		{"compat", "--count", "100", "--json-push"},
		{"plain", "--count", "100", "--connections", "1", "--users", "1"},
		{"plain", "--rate", "400", "--duration", "250ms"},
	} {
		report := simLoad(t, args[0], append(args[1:], "--url", "http://"+door+"/wechat/"+args[0])...)
		if report.Accepted != report.Pushes || report.Deliveries != report.Pushes || report.P50 == 0 || report.Max < report.P99 {
			t.Errorf("%v: %+v", args, report)
		}
		sent += report.Pushes
	}
	if stored := len(nats.Stored(bus.StreamIn)); sent != 800 || int64(stored) != sent {
		t.Errorf("sent %d, stored %d, want 800", sent, stored)
	}
}

// What is delivered again because its answer was lost is stored once.
func TestSimLoadRetriesAreDuplicates(t *testing.T) {
	nats, door := loaded(t)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: door})
	var answers atomic.Int64
	proxy.ModifyResponse = func(r *http.Response) error {
		if answers.Add(1)%2 == 1 {
			r.StatusCode = http.StatusBadGateway
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	report := simLoad(t, "safe", "--url", front.URL+"/wechat/safe", "--count", "50", "--connections", "1", "--kind", "mix", "--tries", "3")
	if report.Accepted != 50 || report.Deliveries != 100 || report.Failures["HTTP 502"] != 50 {
		t.Errorf("report = %+v", report)
	}
	if stored := len(nats.Stored(bus.StreamIn)); stored != 50 {
		t.Errorf("stored %d, want 50", stored)
	}
}

func TestSimLoadSaysWhatIsWrong(t *testing.T) {
	_, door := loaded(t)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "busy")
	}))
	t.Cleanup(busy.Close)
	safe := "--url=http://" + door + "/wechat/safe"
	for _, tt := range []struct {
		name   string
		args   []string
		env    []string
		status int
		says   []string
	}{
		{"no account", nil, nil, 2, []string{"--appid", "WECHAT_MAIN_APPID: is missing", "WECHAT_MAIN_TOKEN: is missing"}},
		{"unknown account", []string{"--account=shop"}, credentials(), 2, []string{`--account: "shop"`}},
		{"unknown flag", []string{"--fast"}, nil, 2, []string{"unknown flag"}},
		{"unknown kind", []string{"--account=safe", "--kind=image"}, credentials(), 2, []string{`kind "image"`}},
		{"key of another length", []string{"--appid=wx1", "--token=abc", "--aes-key=short"}, nil, 2, []string{"43 characters"}},
		{"ingress is away", []string{"--account=safe", "--url=http://" + bustest.FreeAddr()}, credentials(), 1, []string{"connection refused", "check that the ingress runs"}},
		{"other token", []string{safe, "--account=safe", "--token=other"}, credentials(), 1, []string{"HTTP 403", "check that AppID, Token"}},
		{"other mode", []string{safe, "--account=safe", "--mode=plain"}, credentials(), 1, []string{"HTTP 403", "plain mode"}},
		{"other path", []string{safe + "r", "--account=safe"}, credentials(), 1, []string{"HTTP 404", "check the path"}},
		{
			"overloaded",
			[]string{"--url=" + busy.URL, "--account=safe", "--count=6"},
			credentials(), 1,
			[]string{"6 pushes in ", "HTTP 503: 6 of 6 deliveries", "6 of 6 pushes were not accepted"},
		},
		{"taken", []string{safe, "--account=safe", "--count=6"}, credentials(), 0, []string{"6 pushes in ", "6 accepted", "p99.9 "}},
		{"help", []string{"-h"}, nil, 0, []string{"--connections", "--json-push"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, "wxbus", append([]string{"sim", "load"}, tt.args...), tt.env...)
			if status := p.status(); status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			for _, text := range tt.says {
				if !strings.Contains(p.output(), text) {
					t.Errorf("does not say %q: %s", text, p.output())
				}
			}
		})
	}
	if p := start(t, "wxbus", []string{"sim", "storm"}); p.status() != 2 || !strings.Contains(p.output(), `unknown command "storm"`) {
		t.Errorf("sim storm says %s", p.output())
	}
}
