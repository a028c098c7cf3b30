package wxapi

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func newMemory() *tokens {
	return NewClient("", Account{Name: "memory", Secret: "a+b/c d"}, nowhere{}, slog.New(slog.DiscardHandler)).tokens
}

func of(gen uint64, token string, left time.Duration) *shared {
	now := time.Now().Round(0)
	return &shared{Gen: gen, Token: token, Fetched: now, Expires: now.Add(left)}
}

// What the store tells late, or once more, does not displace what is in memory.
func TestTokenInMemoryGivesWayToALaterOne(t *testing.T) {
	tests := []struct {
		name    string
		told    *shared
		refused string
		want    string
	}{
		{"an older one", of(1, "old", time.Hour), "", "a"},
		{"the same", of(2, "a", time.Hour), "", "a"},
		{"a later one", of(3, "new", time.Hour), "", "new"},
		{"another of the same number, after one was fetched alone", of(2, "new", time.Hour), "", "new"},
		{"a later one that has ended", of(3, "dead", -time.Hour), "", "a"},
		{"none", &shared{}, "", "a"},
		{"a claim before the first", &shared{Claimed: time.Now()}, "", "a"},
		{"an older one in place of a refused one", of(1, "old", time.Hour), "a", "old"},
	}
	for _, tt := range tests {
		memory := newMemory()
		memory.adopt(of(2, "a", time.Hour), "")
		memory.adopt(tt.told, tt.refused)
		if got := memory.held.token; got != tt.want {
			t.Errorf("%s: %q is held, want %q", tt.name, got, tt.want)
		}
	}
}

// A clock that was set back would have a token that is told once more live
// longer, and a pause last longer.
func TestWhatIsToldOnceMoreLastsNoLonger(t *testing.T) {
	memory := newMemory()
	memory.following = true // renews nothing beside a call
	known := of(1, "a", time.Hour)
	known.Fault = (*fault)(nil).next(&Error{Code: 40013}, "", memory.client.account.stamp())
	memory.adopt(known, "")
	if memory.breaker.open() == 0 {
		t.Error("the breaker is closed")
	}
	memory.held.until, memory.breaker.until = time.Now(), time.Now() // all of it has passed
	memory.adopt(known, "")
	if _, ok := memory.ready(""); ok {
		t.Error("the token lives again")
	}
	if open := memory.breaker.open(); open > 0 {
		t.Errorf("the breaker is open again, for %s", open)
	}
}

// Follow keeps what has been used, and asks again for what was refused.
func TestTokenThatNobodyNeedsIsNotAskedFor(t *testing.T) {
	memory := newMemory()
	if memory.untilRenewal() == 0 {
		t.Error("the first token is asked for without need")
	}
	refused := (*fault)(nil).next(&Error{Code: 40013}, "", memory.client.account.stamp())
	memory.adopt(&shared{Fault: refused}, "")
	memory.breaker.until = time.Now()
	if memory.untilRenewal() != 0 {
		t.Error("a token that was refused is not asked for again")
	}
	memory.adopt(of(1, "a", time.Hour), "")
	memory.held.renew, memory.held.until = time.Now(), time.Now()
	if memory.untilRenewal() != 0 {
		t.Error("a token that has ended is not renewed")
	}
}

// The claim that a refusal followed may be told after it.
func TestClaimThatIsToldLateDoesNotCloseTheBreaker(t *testing.T) {
	memory := newMemory()
	refused := (*fault)(nil).next(&Error{Code: 40013}, "", memory.client.account.stamp())
	memory.adopt(&shared{Fault: refused}, "")
	memory.adopt(&shared{Claimed: time.Now()}, "")
	if memory.breaker.open() == 0 {
		t.Error("the breaker is closed")
	}
	memory.adopt(&shared{}, "")
	if memory.breaker.open() != 0 {
		t.Error("the breaker stays open")
	}
}

// A query holds the secret in another spelling.
func TestSecretIsHiddenAsItIsSpelled(t *testing.T) {
	c := newMemory().client
	for _, text := range []string{"?secret=a%2Bb%2Fc+d&x=1", "secret a+b/c d", "token t%2F1", "token t/1"} {
		if got := c.hide(text, "t/1"); strings.Contains(got, "b") || strings.Contains(got, "1") && !strings.Contains(got, "x=1") {
			t.Errorf("hide(%q) = %q", text, got)
		}
	}
}
