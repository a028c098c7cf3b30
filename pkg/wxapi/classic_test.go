package wxapi_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

func TestTokenAPIIsDecoded(t *testing.T) {
	tests := []struct {
		text string
		want wxapi.TokenAPI
		bad  bool
	}{
		{"", wxapi.Stable, false},
		{"stable", wxapi.Stable, false},
		{" Classic ", wxapi.Classic, false},
		{"component", wxapi.Stable, true},
	}
	for _, tt := range tests {
		var got wxapi.TokenAPI
		if err := got.Decode(tt.text); got != tt.want || (err != nil) != tt.bad {
			t.Errorf("Decode(%q) = %s, %v; want %s", tt.text, got, err, tt.want)
		}
		if tt.bad {
			continue
		}
		var again wxapi.TokenAPI
		if err := again.Decode(got.String()); err != nil || again != got {
			t.Errorf("Decode(%q) = %s, %v", got.String(), again, err)
		}
	}
}

// The classic API is asked once for all replicas, and a refresh is another
// plain call.
func TestClassicToken(t *testing.T) {
	r := newRig(t)
	var replicas []*wxapi.Client
	for range 8 {
		replicas = append(replicas, r.classic())
	}
	sendAll(t, replicas)
	r.Weather().RevokeTokens("main")
	sendAll(t, replicas)
	if got := r.Counts(); got.Tokens != 2 || got.Sent != 16 {
		t.Errorf("%+v, want 2 calls for tokens and 16 messages", got)
	}
	if got := r.forced(); got != nil {
		t.Errorf("stable_token was called: %v", got)
	}
}

// A replica with the old token goes on while a new one is made: it lives for
// five more minutes.
func TestClassicTokenOverlaps(t *testing.T) {
	r := newRig(t)
	c, other := r.classic(), r.classic()
	send(t, c)
	r.store.change(t, map[string]any{expires: ago(time.Second)})
	send(t, other)
	send(t, c)
	r.wantCounts(2, 3)
}

func TestClassicTokenRefused(t *testing.T) {
	r := newRig(t)
	r.Weather().Next(1, wxsim.Fault{Path: wxsim.PathToken, Errcode: 40164})
	for range 2 {
		if err := r.classic().Send(patience(t), []byte(message)); wxapi.Classify(err) != wxapi.Transient || err == nil {
			t.Errorf("Send = %v, want a transient error", err)
		}
	}
	r.wantCounts(1, 0)
}

// Twenty forced refreshes a day are WeChat's limit, for the whole fleet.
func TestForcedRefreshesEndForTheDay(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	r.Weather().Fail(40001, 100)
	last := ago(31 * time.Second)
	if china := time.FixedZone("CST", 8*60*60); last.In(china).Day() != time.Now().In(china).Day() {
		last = time.Now() // the day has just begun
	}
	r.store.change(t, map[string]any{forced: last, forces: 20})
	for _, replica := range []*wxapi.Client{c, r.replica()} {
		pending(t, replica.Send(patience(t), []byte(message)))
	}
	r.wantForced(false)
	r.store.change(t, map[string]any{forced: ago(25 * time.Hour)})
	if err := c.Send(patience(t), []byte(message)); wxapi.CodeOf(err) != 40001 {
		t.Errorf("Send = %v, want 40001", err)
	}
	r.wantForced(false, true)
	var got struct{ Forces int }
	r.store.read(t, &got)
	if diff := cmp.Diff(1, got.Forces); diff != "" {
		t.Errorf("forced refreshes of the new day (-want +got):\n%s", diff)
	}
}

// A clock that is an hour ahead or behind keeps nobody from a token.
func TestClocksThatDiffer(t *testing.T) {
	for _, ahead := range []time.Duration{-3 * time.Hour, -time.Hour, time.Hour, 3 * time.Hour} {
		r := newRig(t)
		send(t, r.replica())
		now := time.Now().Add(ahead) // the other replica's clock
		r.store.change(t, map[string]any{fetched: now, expires: now.Add(2 * time.Hour)})
		replicas := r.replicas(8)
		sendAll(t, replicas)
		sendAll(t, replicas)
		if got := r.Counts().Tokens; got > 2 {
			t.Errorf("%s ahead: %d calls for tokens, want at most 2", ahead, got)
		}
	}
}
