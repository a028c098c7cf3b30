package pace

import (
	"testing"
	"time"
)

// The inside is what matters: nobody waits for midnight in a test.
func TestLengthOfPauses(t *testing.T) {
	at := func(text string) time.Time {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	noon := at("2026-03-01T12:00:20+08:00")
	for _, tt := range []struct {
		name           string
		f              finding
		level, attempt int
		now            time.Time
		want           time.Duration
	}{
		{"first", throttled, 1, 1, noon, 2 * time.Second},
		{"third attempt", throttled, 1, 3, noon, 8 * time.Second},
		{"fourth pause", throttled, 4, 1, noon, 16 * time.Second},
		{"longest", throttled, 1, 1 << 30, noon, 5 * time.Minute},
		{"before midnight", throttled, 9, 1, at("2026-03-01T23:59:50+08:00"), 11 * time.Second},
		{"before midnight, elsewhere", throttled, 9, 1, at("2026-03-01T15:59:50Z"), 11 * time.Second},
		{"at midnight", throttled, 9, 1, at("2026-03-02T00:00:00+08:00"), 5 * time.Minute},
		{"busy", busy, 1, 30, noon, 2 * time.Second},
		{"busy for long", busy, 70, 1, noon, 5 * time.Minute},
		{"minute", minute, 1, 1, noon, 2 * time.Second},
		{"minute, again", minute, 3, 1, noon, 8 * time.Second},
		{"minute, often", minute, 9, 1, noon, 41 * time.Second},
		{"minute, begun", minute, 5, 9, at("2026-03-01T12:01:00+08:00"), 61 * time.Second},
	} {
		if got := length(tt.f, tt.level, tt.attempt, tt.now); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A pause lasts no longer than it was meant to, however wrong a clock is, and
// what cannot be read is none.
func TestWordIsReadWithCare(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var w word
	if !w.pause(throttled, 3, now) {
		t.Fatal("no pause")
	}
	for _, tt := range []struct {
		clock, want time.Duration
	}{{0, 8 * time.Second}, {3 * time.Second, 5 * time.Second}, {-time.Hour, 8 * time.Second}, {time.Hour, 0}} {
		if got := w.left(now.Add(tt.clock)); got != tt.want {
			t.Errorf("with a clock at %s: %s, want %s", tt.clock, got, tt.want)
		}
	}
	for _, text := range []string{"", "x", "[]", `{"until":1}`, "null"} {
		if got := readWord([]byte(text)); got.left(now) != 0 || !got.Open {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	if got := readWord(nil); !got.Open {
		t.Errorf("nothing is read as %+v", got)
	}
}

func TestStockForgetsWhoIsGone(t *testing.T) {
	s := stock{}
	s = s.grown("gone", 10, 1)
	for range 100 {
		s = s.grown("a", 5, 1)
		s = s.grown("b", 5, 1)
	}
	if len(s.By) != 2 || s.Issued != 1010 {
		t.Errorf("stock is %+v", s)
	}
	if got := s.members("c", 60); got != 3 {
		t.Errorf("%d members, want 3 with the one that asks", got)
	}
	if got := s.members("a", 3); got != 2 {
		t.Errorf("%d members that took the last 3 permits or ask, want 2", got)
	}
}

// Who looks seldom at the count thinks that there is less than there is, never more.
func TestBucketOfTokensErrsDownwards(t *testing.T) {
	now := time.Now()
	q := newPermits(100, "main", "a", nil)
	for _, tt := range []struct {
		name   string
		after  time.Duration
		issued uint64
		want   float64
	}{
		{"nobody has called", 0, 0, 50},
		{"others call", 0, 30, 20},
		{"it fills", 100 * time.Millisecond, 30, 30},
		{"it is full", time.Hour, 30, 50},
		{"much was taken meanwhile", time.Hour, 10_000, 0},
		{"the count began anew", time.Second, 40, 0},
		{"the count is gone", 200 * time.Millisecond, 0, 20},
	} {
		now = now.Add(tt.after)
		q.observe(stock{Issued: tt.issued}, now)
		if diff := q.level - tt.want; diff > 0.01 || diff < -0.01 {
			t.Errorf("%s: level %v, want %v", tt.name, q.level, tt.want)
		}
	}
}
