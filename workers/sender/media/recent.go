package media

import "sync"

// recentMax is how many values are remembered, twice over: some megabytes.
const recentMax = 10_000

// recent remembers the values that were put last. It is safe for concurrent
// use.
type recent[V any] struct {
	mu         sync.Mutex
	young, old map[string]V // old is forgotten when young is full
}

func (r *recent[V]) put(key string, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= recentMax {
		r.old, r.young = r.young, make(map[string]V)
	}
	r.young[key] = value
}

func (r *recent[V]) get(key string) (value V, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if value, known = r.young[key]; !known {
		value, known = r.old[key]
	}
	return value, known
}
