package quota

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	shardCount = 256
	// markFor is for how long the time of each message is known: a push is
	// seldom read later than that.
	markFor = 5 * 60 // seconds
)

// table is what is known of all users, in shards that are locked one by one.
type table struct {
	seed   maphash.Seed
	most   int64
	users  atomic.Int64
	shards [shardCount]shard
}

// userKey stands for an account and an OpenID. Two that are the same by chance
// would share an allowance: with 10 million users that is one case in 300,000.
type userKey uint64

type shard struct {
	mu    sync.Mutex
	users map[userKey]standing
	marks map[userKey][]spending
}

func newTable(most int) *table {
	t := &table{seed: maphash.MakeSeed(), most: int64(most)}
	for i := range t.shards {
		t.shards[i] = shard{users: make(map[userKey]standing), marks: make(map[userKey][]spending)}
	}
	return t
}

func (t *table) key(account, user string) userKey {
	var h maphash.Hash
	h.SetSeed(t.seed)
	_, _ = h.WriteString(account)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(user)
	return userKey(h.Sum64())
}

// lock returns the shard of a key, to be unlocked by the caller.
func (t *table) lock(key userKey) *shard {
	s := &t.shards[key%shardCount]
	s.mu.Lock()
	return s
}

// look returns the standing of a user, if there is one.
func (t *table) look(key userKey) (standing, bool) {
	s := t.lock(key)
	defer s.mu.Unlock()
	st, known := s.users[key]
	return st, known
}

// change alters the standing of a user, which may be a new one, and returns what
// was before and after it. It does nothing, and says so, for a user who is new
// when the table is full.
func (t *table) change(key userKey, alter func(st *standing, marks []spending)) (before, after standing, ok bool) {
	s := t.lock(key)
	defer s.mu.Unlock()
	before, known := s.users[key]
	if !known && t.users.Add(1) > t.most {
		t.users.Add(-1)
		return before, before, false
	}
	after = before
	alter(&after, s.marks[key])
	s.users[key] = after
	return before, after, true
}

// spend takes as many messages off as grant allows of the standing, which is nil
// for a user without one, and returns how many that were. They are marked in any
// case.
func (t *table) spend(key userKey, at, now time.Time, grant func(*standing) int) int {
	s := t.lock(key)
	defer s.mu.Unlock()
	st, known := s.users[key]
	p := spending{at: at.UnixMilli()}
	if known {
		p.n = grant(&st)
	} else {
		p.n = grant(nil)
	}
	if p.n == 0 {
		return 0
	}
	if known {
		st.spend(p)
		s.users[key] = st
	}
	if p.second() >= secondOf(now).back(markFor) {
		s.marks[key] = append(recent(s.marks[key], secondOf(now)), p)
	}
	return p.n
}

// giveBack undoes a spend of that time.
func (t *table) giveBack(key userKey, at time.Time, n int) {
	s := t.lock(key)
	defer s.mu.Unlock()
	p := spending{at.UnixMilli(), n}
	if i := slices.Index(s.marks[key], p); i >= 0 {
		s.marks[key] = slices.Delete(s.marks[key], i, i+1)
	}
	if st, known := s.users[key]; known {
		st.giveBack(p)
		s.users[key] = st
	}
}

// recent drops the marks that are too old.
func recent(marks []spending, now second) []spending {
	return slices.DeleteFunc(marks, func(p spending) bool { return p.second() < now.back(markFor) })
}

// openingAt is a trigger and what is known to have been sent since.
func openingAt(at, now second, marks []spending) opening {
	o := opening{at: at, exact: at.back(callsMax) >= now.back(markFor)}
	for _, p := range marks {
		if p.reach() >= at {
			o.sent += p.n
		}
	}
	return o
}

// sweep forgets what is over in one shard.
func (t *table) sweep(i int, now time.Time, remembered time.Duration) {
	s := &t.shards[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := secondOf(now.Add(-remembered))
	for key, st := range s.users {
		if st.newest() < oldest {
			delete(s.users, key)
			t.users.Add(-1)
		}
	}
	for key, marks := range s.marks {
		if marks = recent(marks, secondOf(now)); len(marks) == 0 {
			delete(s.marks, key)
		} else {
			s.marks[key] = marks
		}
	}
}
