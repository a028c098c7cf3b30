package process

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Load is how much a worker has to do yet, of all its replicas together: every
// one of them answers the same. It is what /scale serves.
type Load struct {
	Worker string `json:"worker"`
	// Lag is Pending and Unacked: what is being handled counts, so that the
	// replicas that are busy with it are not taken away.
	Lag     uint64 `json:"lag"`
	Pending uint64 `json:"pending"` // delivered to no replica yet
	Unacked uint64 `json:"unacked"` // held by a replica, or waiting to be tried again
	// OldestAge is the age of the oldest message of the lag in seconds, and
	// WaitingAge that of the oldest pending one; 0 when there is none.
	OldestAge  float64 `json:"oldest_age_seconds"`
	WaitingAge float64 `json:"waiting_age_seconds"`
	// Partitions is how many replicas of an ordered worker can have work; 0 when
	// there is no such bound.
	Partitions int `json:"partitions,omitempty"`
}

// Loads knows how to ask for the load of each worker of a process. The zero
// value knows none. It is safe for concurrent use.
type Loads struct {
	mu   sync.Mutex
	asks map[string]func(context.Context) (Load, error)
}

// Add has ask answer for a worker. It must be quick: whoever scales gives up
// after some seconds.
func (l *Loads) Add(worker string, ask func(context.Context) (Load, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asks == nil {
		l.asks = make(map[string]func(context.Context) (Load, error))
	}
	l.asks[worker] = ask
}

// find returns what answers for a worker, and the names of all. With one worker,
// "" is its name.
func (l *Loads) find(worker string) (ask func(context.Context) (Load, error), names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	names = slices.Sorted(maps.Keys(l.asks))
	if worker == "" && len(names) == 1 {
		worker = names[0]
	}
	return l.asks[worker], names
}

// loadTimeout bounds one question for a load.
const loadTimeout = 3 * time.Second

// ServeHTTP answers /scale?worker=name with a [Load]: 404 with the names there
// are when there is no such worker, 503 and why when it is not known.
func (l *Loads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	worker := r.URL.Query().Get("worker")
	ask, names := l.find(worker)
	switch {
	case ask == nil && len(names) == 0:
		http.Error(w, "no worker runs in this process", http.StatusNotFound)
		return
	case ask == nil:
		http.Error(w, fmt.Sprintf("no worker %q: ask for /scale?worker= and one of %s", worker, strings.Join(names, ", ")), http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), loadTimeout) // the answer is kept for others
	defer cancel()
	load, err := ask(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(load)
}
