package wxapi

import "time"

// WeChat's limits of forced refreshes. They hold for the whole fleet.
const (
	forcedApart  = 30 * time.Second
	forcedPerDay = 20
)

// china is where WeChat's day begins.
var china = time.FixedZone("CST", 8*60*60)

// sighting is when a value was first seen here, by the monotonic clock.
type sighting struct {
	value time.Time
	at    time.Time
}

// age is how old a time is that another replica has written. Should a clock be
// wrong, so that it lies in the future, it grows old all the same.
func (s *sighting) age(written time.Time) time.Duration {
	now := time.Now()
	if !s.value.Equal(written) || s.at.IsZero() {
		*s = sighting{written, now}
	}
	return max(now.Sub(written), now.Sub(s.at))
}

// mayForce returns how long to wait until a refresh may be forced, 0 for now.
func mayForce(known *shared, age time.Duration) time.Duration {
	if known.Forced.IsZero() {
		return 0
	}
	if age < forcedApart {
		return forcedApart - max(0, age)
	}
	now := time.Now().In(china)
	if known.Forces >= forcedPerDay && sameDay(known.Forced, now) {
		midnight := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, china)
		return midnight.Sub(now)
	}
	return 0
}

// countForce notes a refresh that is forced now.
func (s *shared) countForce(now time.Time) {
	if s.Forced.IsZero() || !sameDay(s.Forced, now) {
		s.Forces = 0
	}
	s.Forced = now
	s.Forces++
}

func sameDay(a, b time.Time) bool {
	return a.In(china).Format(time.DateOnly) == b.In(china).Format(time.DateOnly)
}
