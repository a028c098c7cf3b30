package worker // how long a retry waits cannot be seen from outside without waiting

import (
	"testing"
	"time"
)

// The delay is spread over all of the backoff, which doubles up to its limit.
func TestBackoffHasFullJitter(t *testing.T) {
	s := Settings{Backoff: time.Second, BackoffMax: 5 * time.Second}
	for attempt, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 90: 5 * time.Second} {
		shortest, longest := most, time.Duration(0)
		for range 2000 {
			delay := s.delay(attempt)
			shortest, longest = min(shortest, delay), max(longest, delay)
		}
		if shortest < 0 || shortest > most/10 || longest > most || longest < most*9/10 {
			t.Errorf("after attempt %d: %s to %s, want 0 to %s", attempt, shortest, longest, most)
		}
	}
}
