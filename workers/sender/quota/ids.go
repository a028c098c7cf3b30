package quota

import (
	"hash/maphash"
	"sync"
)

// idsMost is how many ids a generation holds; then the next one begins early.
const idsMost = 1 << 20

// ids are those of the messages that were counted in the last minutes, so that
// none is counted twice: when one's own comes back from the log, or when a
// reply is delivered again. There are two generations: the older one goes when
// a new one begins.
type ids struct {
	seed maphash.Seed

	mu       sync.Mutex
	now, old map[uint64]counted
}

// counted is what an id stands for.
type counted struct {
	n    int
	echo chan int // of one that was not seen in the log yet: for how many there was room then
}

func newIDs() *ids {
	return &ids{seed: maphash.MakeSeed(), now: make(map[uint64]counted), old: make(map[uint64]counted)}
}

// find returns how many messages were counted under an id.
func (s *ids) find(id string) (n int, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, found := s.get(maphash.String(s.seed, id))
	return c.n, found
}

func (s *ids) get(key uint64) (c counted, found bool) {
	if c, found = s.now[key]; found {
		return c, true
	}
	c, found = s.old[key]
	return c, found
}

// add notes an id whose messages are counted before they are seen in the log,
// and returns what tells when they are.
func (s *ids) add(id string, n int) (echo <-chan int) {
	c := counted{n: n, echo: make(chan int, 1)}
	s.put(id, c)
	return c.echo
}

// addLogged notes an id that was seen in the log.
func (s *ids) addLogged(id string, n int) { s.put(id, counted{n: n}) }

func (s *ids) put(id string, c counted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.now) >= idsMost {
		s.now, s.old = make(map[uint64]counted), s.now
	}
	s.now[maphash.String(s.seed, id)] = c
}

// seen notes that an id stands in the log with so many messages, and reports
// whether it is counted already. over returns how many of them are too many.
func (s *ids) seen(id string, n int, over func() int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := maphash.String(s.seed, id)
	c, found := s.get(key)
	if found && c.echo != nil {
		n = max(0, min(n, c.n)-over())
		c.echo <- n
		delete(s.old, key)
		s.now[key] = counted{n: n}
	}
	return found
}

// drop forgets an id and reports whether it did: not one that stands in the log.
func (s *ids) drop(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := maphash.String(s.seed, id)
	if c, found := s.get(key); !found || c.echo == nil {
		return false
	}
	delete(s.now, key)
	delete(s.old, key)
	return true
}

// age begins a new generation.
func (s *ids) age() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.old = make(map[uint64]counted), s.now
}
