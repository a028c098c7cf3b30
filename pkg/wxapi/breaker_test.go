package wxapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// What WeChat refuses one replica no other one asks for, and all say at once
// what to do.
func TestRefusedTokenIsAskedForByNobody(t *testing.T) {
	for _, code := range []int{40001, 40013, 40125, 40164, 40243} {
		r := newRig(t)
		r.Weather().Next(100, wxsim.Fault{Path: wxsim.PathStableToken, Errcode: code})
		replicas := r.replicas(8)
		for range 3 {
			for _, c := range replicas {
				wantTokenError(t, c.Send(patience(t), []byte(message)), code)
			}
		}
		r.wantCounts(1, 0)
	}
}

// The same with followers, which ask by themselves.
func TestFollowersLeaveARefusedAccountAlone(t *testing.T) {
	r := newRig(t)
	r.Weather().Next(100, wxsim.Fault{Path: wxsim.PathStableToken, Errcode: 40125})
	replicas := r.programs(bustest.Start(t), 8)
	follow(t, replicas...)
	for _, c := range replicas {
		wantTokenError(t, c.Send(patience(t), []byte(message)), 40125)
	}
	r.wantCounts(1, 0)
	if got := gauge(t, "wxbus_token_breaker_open"); got != 1 {
		t.Errorf("wxbus_token_breaker_open = %g, want 1", got)
	}
}

// The pause doubles with each refusal, up to five minutes; then one call finds
// out, and ends it for all.
func TestBreakerGrowsAndCloses(t *testing.T) {
	r := newRig(t)
	for _, seconds := range []int{10, 20, 40, 80, 160, 300, 300} {
		r.failToken(40013)
		err := r.replica().Send(patience(t), []byte(message))
		wantTokenError(t, err, 40013)
		refusal, _ := errors.AsType[*wxapi.TokenError](err)
		if want := time.Duration(seconds) * time.Second; refusal.After != want {
			t.Errorf("paused for %s, want %s", refusal.After, want)
		}
		r.store.endPause(t)
	}
	sendAll(t, r.replicas(8))
	r.wantCounts(8, 8)
	if got := gauge(t, "wxbus_token_breaker_open"); got != 0 {
		t.Errorf("wxbus_token_breaker_open = %g, want 0", got)
	}
	if got := gauge(t, "wxbus_token_age_seconds"); got < 0 || got > 60 {
		t.Errorf("wxbus_token_age_seconds = %g", got)
	}
}

// While the old token is good, a refusal of the next one stops nothing.
func TestBreakerDoesNotStopAValidToken(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	r.failToken(40164)
	r.store.change(t, map[string]any{fetched: ago(110 * time.Minute), expires: ago(-10 * time.Minute)})
	replicas := r.replicas(2)
	follow(t, replicas...)
	bustest.Eventually(t, "the renewal has failed", func() bool { return r.Counts().Tokens == 2 })
	sendAll(t, replicas)
	r.wantCounts(2, 3)
}

// Corrected settings need not wait for the pause of the wrong ones.
func TestBreakerIsOfTheSettings(t *testing.T) {
	r := newRig(t)
	account := wxapi.Account{Name: "main", AppID: appID, Secret: "0123456789abcdef0123456789abcdee"}
	wrong := wxapi.NewClient(r.url, account, r.store, r.log.Logger())
	wantTokenError(t, wrong.Send(patience(t), []byte(message)), 40125)
	send(t, r.replica())
	r.wantCounts(2, 1)
}

// A token of the AppID that the account had before is none.
func TestTokenIsOfTheAppID(t *testing.T) {
	r := newRig(t)
	r.store.change(t, map[string]any{"appid": "wxAnother", token: "92_other", expires: time.Now().Add(time.Hour)})
	send(t, r.replica())
	r.wantCounts(1, 1)
}

// The error says what to do, for 40164 with the address that WeChat has seen.
func TestTokenErrorAdvises(t *testing.T) {
	tests := []struct {
		errcode string
		errmsg  string
		want    string
	}{
		{"40164", "invalid ip 203.0.113.9, not in whitelist rid: 1", "add 203.0.113.9 to the IP whitelist"},
		{"40164", "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist", "add 203.0.113.9 to"},
		{"40164", "invalid ip ::ffff:203.0.113.9, not in whitelist", "add 203.0.113.9 to"},
		{"40164", "invalid ip 2001:db8::1, not in whitelist", "add 2001:db8::1 to"},
		{"40164", "not in whitelist", "add the address that errmsg names"},
		{"40013", "invalid appid", "_APPID"},
		{"40125", "invalid appsecret", "_SECRET"},
		{"40001", "invalid credential", "_SECRET"},
		{"40243", "frozen", "unfreeze"},
		{"45009", "reach max api daily quota limit", "00:00"},
		{"50004", "maybe for punishment", "restricted"},
		{"61024", "component", "third-party"},
		{"89501", "wait", "administrator must"},
		{"89506", "no", "administrator refused"},
		{"12345", "what?", "return codes"},
	}
	for _, tt := range tests {
		s := stub(t, body(`{"errcode":`+tt.errcode+`,"errmsg":"`+tt.errmsg+`"}`))
		shared, log := newStore(), new(bustest.Logbook)
		for _, what := range []string{"refused", "paused"} {
			err := newClient(s, shared, log).Send(patience(t), []byte(message))
			refusal, ok := errors.AsType[*wxapi.TokenError](err)
			if !ok || !strings.Contains(refusal.Advice, tt.want) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %s: %v, want advice with %q", what, tt.errcode, err, tt.want)
			}
		}
	}
}

// gauge reads a metric of the account main.
func gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name && metric.GetLabel()[0].GetValue() == "main" {
				return metric.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("%s is not there", name)
	return 0
}
