package hold

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	queueMost   = 4096             // users beyond are found by the next round
	releasers   = 8                // users whose replies are released at the same time
	roundEvery  = 15 * time.Second // how often all that waits is looked at
	releaseTime = 30 * time.Second // of one user
	watchRetry  = time.Second
	// onItsWay is how long after MaxAge the note of a released reply goes that
	// nobody has reported done: the reply is a dead letter by then.
	onItsWay = time.Hour
)

// Run learns what all replicas hold and releases it, until ctx is done.
func (s *Store) Run(ctx context.Context) {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { s.watch(ctx); return nil })
	for range releasers {
		running.Go(func() error { s.releaseQueued(ctx); return nil })
	}
	running.Go(func() error { s.rounds(ctx); return nil })
	_ = running.Wait() // nobody returns an error
}

// watch learns what stands in the bucket.
func (s *Store) watch(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.bucket.WatchSome(ctx, []string{">"}, s.changed)
		if err != nil && ctx.Err() == nil {
			s.log.Debug("held replies not followed", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchRetry):
		}
	}
}

func (s *Store) changed(entries []bus.Entry, whole bool) {
	for _, e := range entries {
		s.take(e)
	}
	if whole {
		s.once.Do(func() { close(s.loaded) })
	}
}

func (s *Store) take(e bus.Entry) {
	var n note
	if e.Value == nil {
		s.forget(e.Key, e.Revision)
	} else if json.Unmarshal(e.Value, &n) == nil {
		s.learn(e.Key, held{n, e.Revision})
	}
}

// Opened has what waits for a user released soon. It does not block: it is what
// a ledger calls when a user has done something.
func (s *Store) Opened(account, user string) {
	if s.Waits(account, user) {
		s.enqueue(lotName{account, user})
	}
}

// look has what waits for a user released if something can be sent to him.
func (s *Store) look(account, user string) {
	if s.options.Open(account, user) {
		s.enqueue(lotName{account, user})
	}
}

func (s *Store) enqueue(l lotName) {
	key := lotKey(l.account, l.user)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.queued[key]; waits {
		return
	}
	select {
	case s.queue <- l:
		s.queued[key] = struct{}{}
	default:
	}
}

func (s *Store) releaseQueued(ctx context.Context) {
	for {
		select {
		case l := <-s.queue:
			s.mu.Lock()
			delete(s.queued, lotKey(l.account, l.user))
			s.mu.Unlock()
			s.try(ctx, l)
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) try(ctx context.Context, l lotName) {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	if err := s.Release(ctx, l.account, l.user); err != nil && ctx.Err() == nil {
		s.log.Warn("held replies not released yet", "account", l.account, "err", err)
	}
}

// rounds looks at all that waits, now and then: somebody may have been away when
// a user did something, and replies grow old.
func (s *Store) rounds(ctx context.Context) {
	for {
		select {
		case <-time.After(roundEvery/2 + rand.N(roundEvery)): //nolint:gosec // spreads load, hides nothing
			s.Look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Look releases what can be sent and what has waited too long. Run does it by
// itself four times a minute; call it when a ledger has become ready.
func (s *Store) Look(ctx context.Context) {
	for _, l := range s.all() {
		s.look(l.account, l.user)
	}
	if err := s.expire(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("held replies that are too old not released yet", "err", err)
	}
}

// Held returns how many replies wait or are on their way.
func (s *Store) Held() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.lots {
		n += len(l.replies)
	}
	return n
}

func (s *Store) all() []lotName {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]lotName, 0, len(s.lots))
	for _, l := range s.lots {
		names = append(names, l.lotName)
	}
	return names
}

// expire releases what has waited too long.
func (s *Store) expire(ctx context.Context) error {
	for key, h := range s.olderThan(s.options.MaxAge) {
		account, _, _ := splitKey(key)
		var err error
		switch {
		case !h.note.Released:
			err = s.release(ctx, key, account, h.revision, true)
		case time.Since(h.note.Since) > s.options.MaxAge+onItsWay:
			err = ignoreConflict(s.remove(ctx, key, h.revision))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) olderThan(age time.Duration) map[string]held {
	old := make(map[string]held)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.lots {
		for key, h := range l.replies {
			if time.Since(h.note.Since) > age {
				old[key] = h
			}
		}
	}
	return old
}
