package door

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// slots are places for requests that are held. Taking one is one addition: all
// requests share it, and none waits for another.
type slots struct {
	most int64
	held atomic.Int64
}

// take takes a slot if there is one left; free gives it back.
func (s *slots) take() bool {
	if s.held.Add(1) > s.most {
		s.held.Add(-1)
		return false
	}
	return true
}

func (s *slots) free() { s.held.Add(-1) }

const (
	// restBetween is how long no request may be shed for the shedding to be over.
	restBetween = time.Second
	// patience is how long requests are shed before the ingress says so: WeChat
	// comes again after 5 seconds, and a burst is over by then.
	patience = 5 * time.Second
	// away is how long the ingress then stays away from the load balancer: long
	// enough to answer what it holds and to be seen by a prober.
	away = 20 * time.Second
	// back is how long it is ready after that, whatever happens.
	back = time.Minute
)

var errShedding = errors.New("more requests than MAX_IN_FLIGHT for 5s; back soon")

// overload tells the load balancer when requests have been shed for longer
// than a moment. To be away helps only if another replica has room. When all are
// full, it would leave nobody who answers, which is worse than shedding: so the
// ingress stays away for a while only, and then is back for longer, even if it
// sheds again. Nor does it flap: it goes once in 80 seconds at most.
type overload struct {
	since, last atomic.Int64 // first and latest of this run, Unix nanoseconds

	mu   sync.Mutex
	left time.Time // when the ingress went away
}

// shed notes that a request was shed.
func (o *overload) shed(now time.Time) {
	at := now.UnixNano()
	if last := o.last.Swap(at); at-last > int64(restBetween) {
		o.since.Store(at)
	}
}

// ready returns an error while the ingress stays away.
func (o *overload) ready(now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch gone := now.Sub(o.left); {
	case gone < away:
		return errShedding
	case gone < away+back:
		return nil
	}
	last := o.last.Load()
	isShedding := now.UnixNano()-last < int64(restBetween)
	if isShedding && last-o.since.Load() >= int64(patience) {
		o.left = now
		return errShedding
	}
	return nil
}
