package pace

import (
	"encoding/json"
	"time"
)

const (
	backoff    = time.Second
	backoffMax = 5 * time.Minute // of an account whose quota may be cleared by hand at any time
	calm       = time.Minute     // a pause that follows the last one within it is longer
	// clocksDiffer is how much later WeChat's minute may end than ours.
	clocksDiffer = time.Second
)

// china is where WeChat's day begins.
var china = time.FixedZone("UTC+8", 8*60*60)

// word is what the replicas tell each other about the pause of an account.
type word struct {
	Open   bool      `json:"open"`   // the account may be called
	Until  time.Time `json:"until"`  // before it nobody calls
	ForMS  int64     `json:"for_ms"` // how long the pause was, from its begin
	Level  int       `json:"level"`  // pauses one soon after the other
	Reason string    `json:"reason,omitempty"`
	Probe  string    `json:"probe,omitempty"` // the call that goes first then
}

// readWord reads what is stored. No pause is known of what nobody wrote.
func readWord(value []byte) word {
	w := word{Open: true}
	if value == nil || json.Unmarshal(value, &w) != nil {
		return word{Open: true}
	}
	return w
}

// left returns how long the pause lasts yet. It lasts no longer than it did
// when it began, whatever the clocks say.
func (w word) left(now time.Time) time.Duration {
	if w.Open {
		return 0
	}
	return max(0, min(w.Until.Sub(now), time.Duration(w.ForMS)*time.Millisecond))
}

// pause has w begin a pause, or turn the one that it is in into a longer one,
// and reports whether there was anything to change.
func (w *word) pause(f finding, attempt int, now time.Time) bool {
	lasts, level := w.left(now) > 0, w.Level
	switch {
	case lasts:
	case now.Sub(w.Until) < calm:
		level++
	default:
		level = 1
	}
	d := length(f, level, attempt, now)
	if lasts && d.Milliseconds() <= w.ForMS { // told by a call that began before it
		return false
	}
	*w = word{Until: now.Add(d).Round(0).UTC(), ForMS: d.Milliseconds(), Level: level, Reason: f.String()}
	return true
}

// length is how long a pause is. The quota of a minute is there again in the
// next one, that of a day at midnight, at the latest: the one call that goes
// first sees whether it is there sooner.
func length(f finding, level, attempt int, now time.Time) time.Duration {
	switch f {
	case minute:
		return min(grown(max(level, attempt)), untilMinute(now)+clocksDiffer)
	case throttled:
		return min(grown(max(level, attempt)), untilMidnight(now)+clocksDiffer)
	default:
		return grown(level)
	}
}

func grown(times int) time.Duration { return min(backoff<<min(max(0, times), 20), backoffMax) }

func untilMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

func untilMidnight(now time.Time) time.Duration {
	y, m, d := now.In(china).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, china).Sub(now)
}

// String is the reason of a pause in logs and metrics.
func (f finding) String() string {
	switch f {
	case minute:
		return "minute"
	case throttled:
		return "throttled"
	case busy:
		return "busy"
	case answered, unreached, nothing:
	}
	return "none"
}
