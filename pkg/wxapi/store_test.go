package wxapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"
)

var (
	errConflict = errors.New("changed by another replica")
	errAway     = errors.New("the store is away")
)

// store is what the replicas share, in memory.
type store struct {
	mu       sync.Mutex
	values   map[string]entry
	revision uint64
	loads    int
	news     chan struct{} // closed at each change
	heard    uint64        // the last revision that a watcher was told
	noLoad   bool
	noSave   bool
}

type entry struct {
	value    []byte
	revision uint64
}

func newStore() *store { return &store{values: make(map[string]entry), news: make(chan struct{})} }

// put writes a value and tells the watchers. The caller holds mu.
func (s *store) put(key string, value []byte) {
	s.revision++
	s.values[key] = entry{value, s.revision}
	s.tell()
}

func (s *store) tell() {
	close(s.news)
	s.news = make(chan struct{})
}

func (s *store) Load(_ context.Context, key string) (value []byte, revision uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	if s.noLoad {
		return nil, 0, errAway
	}
	known := s.values[key]
	return known.value, known.revision, nil
}

func (s *store) Save(_ context.Context, key string, value []byte, revision uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.noSave:
		return 0, errAway
	case s.values[key].revision != revision:
		return 0, errConflict
	}
	s.put(key, value)
	return s.revision, nil
}

// Watch tells the value and each change until ctx is done.
func (s *store) Watch(ctx context.Context, key string, changed func(value []byte)) error {
	for told := uint64(0); ctx.Err() == nil; {
		s.mu.Lock()
		known, away, news := s.values[key], s.noLoad, s.news
		s.mu.Unlock()
		if away {
			return errAway
		}
		if known.revision > told {
			told = known.revision
			changed(known.value)
			s.mu.Lock()
			s.heard = told
			s.mu.Unlock()
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
	return nil
}

// loaded returns how often the store was asked.
func (s *store) loaded() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

// isHeard reports whether a watcher knows all that is stored.
func (s *store) isHeard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard == s.revision
}

// goAway has the store fail from now on.
func (s *store) goAway() { s.set(true, true) }

// refuse has the store take no writes from now on.
func (s *store) refuse() { s.set(false, true) }

func (s *store) set(noLoad, noSave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noLoad, s.noSave = noLoad, noSave
	s.tell()
}

// change does what another replica does, or what time does: it overwrites
// fields of the account's entry.
func (s *store) change(t *testing.T, fields map[string]any) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	merged := make(map[string]any)
	if known := s.values[tokenKey]; known.value != nil {
		if err := json.Unmarshal(known.value, &merged); err != nil {
			t.Fatal(err)
		}
	}
	maps.Copy(merged, fields)
	value, err := json.Marshal(merged)
	if err != nil {
		t.Fatal(err)
	}
	s.put(tokenKey, value)
}

// token returns the token that is stored.
func (s *store) token(t *testing.T) string { return s.stored(t).Token }

// expires returns when that token is used no more.
func (s *store) expires(t *testing.T) time.Time { return s.stored(t).Expires }

type stored struct {
	Token   string
	Expires time.Time
}

func (s *store) stored(t *testing.T) (known stored) {
	t.Helper()
	s.read(t, &known)
	return known
}

// read reads fields of the account's entry, without counting as a replica.
func (s *store) read(t *testing.T, fields any) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal(s.values[tokenKey].value, fields); err != nil {
		t.Fatal(err)
	}
}

// endPause does what time does to a breaker.
func (s *store) endPause(t *testing.T) {
	t.Helper()
	var known struct{ Fault map[string]any }
	s.read(t, &known)
	known.Fault["until"] = ago(time.Second)
	s.change(t, map[string]any{fault: known.Fault})
}

// The entry of the account main, and its fields.
const (
	tokenKey = "token.main"
	token    = "token"
	expires  = "expires"
	fetched  = "fetched"
	forced   = "forced"
	forces   = "forces"
	claimed  = "claimed"
	fault    = "fault"
)

func ago(d time.Duration) time.Time { return time.Now().Add(-d) }
