package hold

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// Release publishes the replies that are held for a user once more, oldest
// first. Those that are on their way already, by this or another replica, are
// published once all the same.
func (s *Store) Release(ctx context.Context, account, user string) error {
	replies := s.repliesTo(lotKey(account, user))
	for _, key := range slices.Sorted(maps.Keys(replies)) {
		if replies[key].note.Released {
			continue
		}
		if err := s.release(ctx, key, account, replies[key].revision, false); err != nil {
			return fmt.Errorf("release: %w", err)
		}
	}
	return nil
}

func (s *Store) repliesTo(name string) map[string]held {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if l := s.lots[name]; l != nil {
		return maps.Clone(l.replies)
	}
	return nil
}

// release publishes one reply, and notes that it is on its way. The note is
// read anew: it may have been released since its known revision, so long ago that
// the stream has forgotten the id.
func (s *Store) release(ctx context.Context, key, account string, known uint64, expired bool) error {
	n, revision, err := s.load(ctx, key)
	switch {
	case err != nil:
		return err
	case revision == 0:
		s.forget(key, known)
		return nil
	case n.Released:
		s.learn(key, held{n, revision})
		return nil
	}
	record, err := s.bus.Record(ctx, bus.StreamOut, n.Sequence)
	if errors.Is(err, bus.ErrNoRecord) && time.Since(n.Since) > bus.MaxAge {
		s.log.Error("held reply is gone from the stream", "account", account, "sequence", n.Sequence)
		return ignoreConflict(s.remove(ctx, key, revision))
	}
	if err != nil {
		return err
	}
	if err := s.publish(ctx, key, account, n, record, expired); err != nil {
		return err
	}
	n.Released = true
	revision, err = s.save(ctx, key, n, revision)
	if errors.Is(err, bus.ErrConflict) { // another replica has noted it, or it is sent already
		return nil
	}
	if err == nil {
		s.learn(key, held{n, revision})
		released.WithLabelValues(account, outcome(expired)).Inc()
	}
	return err
}

func (s *Store) publish(ctx context.Context, key, account string, n note, record *bus.Record, expired bool) error {
	partitions, err := s.bus.Partitions(ctx)
	if err != nil {
		return err
	}
	subject := route.OutSubject(account, n.ToUser, partitions)
	id := fmt.Sprintf("held:%d:%s", n.Sequence, n.Nonce)
	_, err = s.bus.Publish(ctx, subject, id, n.header(key, record, expired), record.Body)
	return err
}

func outcome(expired bool) string {
	if expired {
		return "expired"
	}
	return "opened"
}

func ignoreConflict(err error) error {
	if errors.Is(err, bus.ErrConflict) {
		return nil
	}
	return err
}
