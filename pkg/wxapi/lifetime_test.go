package wxapi

import (
	"math"
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	tests := []struct {
		seconds int64
		want    time.Duration
	}{
		{math.MinInt64, stableMin},
		{-1, stableMin},
		{0, stableMin},
		{1, stableMin},
		{11, 11 * time.Second},
		{300, 5 * time.Minute},
		{7199, 7199 * time.Second},
		{7200, 2 * time.Hour},
		{10 * 365 * 86400, 2 * time.Hour},
		{math.MaxInt64, 2 * time.Hour},
	}
	for _, tt := range tests {
		if got := lifetime(tt.seconds, stableMin); got != tt.want {
			t.Errorf("lifetime(%d) = %s, want %s", tt.seconds, got, tt.want)
		}
	}
}

// A token is renewed at 80 % of its life, a little earlier by chance, and five
// minutes before its end if that is possible.
func TestRenewAfter(t *testing.T) {
	tests := []struct{ lasts, want time.Duration }{
		{stableMin, 5 * time.Second},
		{classicMin, time.Minute},
		{5 * time.Minute, 150 * time.Second},
		{10 * time.Minute, 5 * time.Minute},
		{11 * time.Minute, 6 * time.Minute},
		{25 * time.Minute, 20 * time.Minute},
		{2 * time.Hour, 96 * time.Minute},
	}
	for _, tt := range tests {
		for range 100 {
			if got := renewAfter(tt.lasts); got > tt.want || got < tt.want-tt.want/20 {
				t.Errorf("renewAfter(%s) = %s, want up to 5 %% less than %s", tt.lasts, got, tt.want)
			}
		}
	}
}

// What is stored was written by the clock of another replica. However wrong
// one of them is, a token is used no longer than it was told to last.
func TestHeldTokenEndsWhateverTheClocksSay(t *testing.T) {
	now := time.Now().Round(0)
	tests := []struct {
		name             string
		fetched, expires time.Time
		least, most      time.Duration
	}{
		{"just fetched", now, now.Add(2 * time.Hour), 119 * time.Minute, 2 * time.Hour},
		{"an hour old", now.Add(-time.Hour), now.Add(time.Hour), 59 * time.Minute, time.Hour},
		{"ended", now.Add(-3 * time.Hour), now.Add(-time.Hour), 0, 0},
		{"an hour ahead", now.Add(time.Hour), now.Add(3 * time.Hour), 2 * time.Hour, 2 * time.Hour},
		{"ten years ahead", now.AddDate(10, 0, 0), now.AddDate(10, 0, 1), 2 * time.Hour, 2 * time.Hour},
		{"lasts ten years", now, now.AddDate(10, 0, 0), 2 * time.Hour, 2 * time.Hour},
		{"ends before it was fetched", now.Add(time.Hour), now.Add(time.Minute), 0, 0},
		{"of a replica that does not tell when it was fetched", time.Time{}, now.Add(time.Hour), 59 * time.Minute, time.Hour},
	}
	for _, tt := range tests {
		got := hold(&shared{Token: "a", Fetched: tt.fetched, Expires: tt.expires})
		left := time.Until(got.until)
		if left > tt.most || left < tt.least-30*time.Second {
			t.Errorf("%s: held for %s, want %s to %s", tt.name, left, tt.least, tt.most)
		}
		if got.renew.After(got.until) {
			t.Errorf("%s: renewed %s after its end", tt.name, got.renew.Sub(got.until))
		}
	}
}

// A claim and a forced refresh grow old, also those of a clock that is ahead.
func TestTimesOfOthersGrowOld(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour} {
		written := time.Now().Round(0).Add(ahead)
		var seen sighting
		if got := seen.age(written); got < -ahead || got < 0 {
			t.Errorf("%s ahead: age %s", ahead, got)
		}
		seen.at = seen.at.Add(-time.Minute)
		if got := seen.age(written); got < time.Minute || got > max(-ahead, time.Minute)+30*time.Second {
			t.Errorf("%s ahead, a minute later: age %s", ahead, got)
		}
	}
}

func TestForcedRefreshesAreLimited(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name  string
		known shared
		age   time.Duration
		most  time.Duration
		none  bool
	}{
		{"never", shared{}, 0, 0, true},
		{"just now", shared{Forced: now, Forces: 1}, 0, 30 * time.Second, false},
		{"10 s ago", shared{Forced: now.Add(-10 * time.Second), Forces: 1}, 10 * time.Second, 20 * time.Second, false},
		{"30 s ago", shared{Forced: now, Forces: 19}, 30 * time.Second, 0, true},
		{"20 today", shared{Forced: now, Forces: 20}, time.Minute, 24 * time.Hour, false},
		{"20 yesterday", shared{Forced: now.Add(-24 * time.Hour), Forces: 20}, 24 * time.Hour, 0, true},
	}
	for _, tt := range tests {
		got := mayForce(&tt.known, tt.age)
		if got > tt.most || (got == 0) != tt.none {
			t.Errorf("%s: wait %s, want at most %s", tt.name, got, tt.most)
		}
	}
}

func TestForcesAreCountedByDayInChina(t *testing.T) {
	evening := time.Date(2026, 11, 26, 15, 59, 0, 0, time.UTC) // 23:59
	var s shared
	for want := 1; want <= 3; want++ {
		if s.countForce(evening); s.Forces != want {
			t.Errorf("%d on that day, want %d", s.Forces, want)
		}
	}
	if s.countForce(evening.Add(2 * time.Minute)); s.Forces != 1 {
		t.Errorf("%d on the next day, want 1", s.Forces)
	}
}
