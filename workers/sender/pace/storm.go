package pace

import (
	"sync"
	"time"
)

const (
	stormCalls = 20 // that are looked at
	stormTime  = 10 * time.Second
)

// storm knows the last calls of this replica, and sees when WeChat is too busy
// for most of them.
type storm struct {
	mu    sync.Mutex
	calls [stormCalls]struct {
		at   time.Time
		busy bool
	}
	next int
}

// add notes a call and reports whether more than half of the last ones, none of
// them long ago, found WeChat busy. Then it begins anew.
func (s *storm) add(isBusy bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.calls[s.next].at, s.calls[s.next].busy = now, isBusy
	s.next = (s.next + 1) % stormCalls
	count := 0
	for _, c := range s.calls {
		if c.busy && now.Sub(c.at) < stormTime {
			count++
		}
	}
	if count <= stormCalls/2 {
		return false
	}
	clear(s.calls[:])
	return true
}
