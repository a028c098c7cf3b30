package hold

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// again is how soon a reply is looked at that is held once more: not at once, or
// it could go round and round.
const again = 2 * time.Second

// Options say when replies are released.
type Options struct {
	// Open reports whether something can be sent to a user. It must not block.
	Open func(account, user string) bool
	// MaxAge is for how long a reply waits, counted from when it was stored for
	// the first time. It must be shorter than the stream keeps its body.
	MaxAge time.Duration
}

// Store holds replies. It is safe for concurrent use. Use [New].
type Store struct {
	options Options
	bus     *bus.Bus
	bucket  *bus.Bucket
	log     *slog.Logger

	queue  chan lotName // users to release
	loaded chan struct{}
	once   sync.Once

	mu     sync.RWMutex
	lots   map[string]*lot
	queued map[string]struct{}
}

type lotName struct{ account, user string }

// lot are the replies to one user, by their keys.
type lot struct {
	lotName
	replies map[string]held
}

// held is a note as it stands in the bucket.
type held struct {
	note     note
	revision uint64
}

// New returns a store that all replicas share through b.
func New(options Options, b *bus.Bus, log *slog.Logger) *Store {
	return &Store{
		options: options, bus: b, bucket: b.Bucket(bus.BucketHeld), log: log,
		queue: make(chan lotName, queueMost), loaded: make(chan struct{}),
		lots: make(map[string]*lot), queued: make(map[string]struct{}),
	}
}

// Loaded is closed once the store knows all that waits. Before it, Waits does
// not.
func (s *Store) Loaded() <-chan struct{} { return s.loaded }

// Hold keeps a reply to a user until something can be sent to him. It may be
// acknowledged when Hold has returned. Held twice, it waits once. Whoever holds
// a reply while Open says that it could be sent has it back at once.
func (s *Store) Hold(ctx context.Context, d *bus.Delivery, user string) error {
	account, _, err := route.ParseOut(d.Subject)
	if err != nil {
		return err
	}
	o := OriginOf(d)
	n := note{ToUser: user, Sequence: d.Sequence, ID: o.ID, Since: o.Stored.UTC(), Nonce: rand.Text()[:10]}
	key := replyKey(lotKey(account, user), o)
	for err = s.write(ctx, key, n); errors.Is(err, bus.ErrConflict) && ctx.Err() == nil; {
		err = s.write(ctx, key, n)
	}
	if err != nil {
		return wrapped(err)
	}
	if Released(d) {
		time.AfterFunc(again, func() { s.look(account, user) })
	} else {
		s.look(account, user)
	}
	return nil
}

// write writes the note of a reply unless it is there: then a reply that is
// delivered again, after its acknowledgement was lost, changes nothing.
func (s *Store) write(ctx context.Context, key string, n note) error {
	stored, revision, err := s.load(ctx, key)
	if err != nil {
		return err
	}
	if revision == 0 || !stored.Since.Equal(n.Since) || stored.Sequence < n.Sequence {
		stored = n
		if revision, err = s.save(ctx, key, n, revision); err != nil {
			return err
		}
	}
	s.learn(key, held{stored, revision})
	return nil
}

func (s *Store) load(ctx context.Context, key string) (n note, revision uint64, err error) {
	value, revision, err := s.bucket.Load(ctx, key)
	if err != nil || value == nil {
		return note{}, 0, err
	}
	if err := json.Unmarshal(value, &n); err != nil {
		return note{}, 0, fmt.Errorf("note %s: %w", key, err)
	}
	return n, revision, nil
}

func (s *Store) save(ctx context.Context, key string, n note, revision uint64) (uint64, error) {
	value, err := wechat.Marshal(n)
	if err != nil {
		return 0, err
	}
	return s.bucket.Save(ctx, key, value, revision)
}

// Waits reports whether a reply to a user is held, or is on its way after it
// was: a newer one goes behind it.
func (s *Store) Waits(account, user string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lots[lotKey(account, user)] != nil
}

// Done has the store forget a reply that was released and now has been sent or
// has become a dead letter; it does nothing for other replies. Call it before
// the reply is acknowledged.
func (s *Store) Done(ctx context.Context, d *bus.Delivery, user string) error {
	if !Released(d) {
		return nil
	}
	account, _, err := route.ParseOut(d.Subject)
	if err != nil {
		return err
	}
	key := replyKey(lotKey(account, user), OriginOf(d))
	for {
		n, revision, err := s.load(ctx, key)
		if err == nil && (revision == 0 || n.Nonce != d.Get(headerNonce)) {
			return nil // it was done before, or is held once more
		}
		if err == nil {
			err = s.remove(ctx, key, revision)
		}
		if err == nil || !errors.Is(err, bus.ErrConflict) || ctx.Err() != nil {
			return wrapped(err)
		}
	}
}

// remove deletes a note and forgets it.
func (s *Store) remove(ctx context.Context, key string, revision uint64) error {
	err := s.bucket.Remove(ctx, key, revision)
	if err == nil {
		s.forget(key, revision)
	}
	return err
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	return nil
}

// learn takes note of what stands in the bucket, if it is newer than what is
// known.
func (s *Store) learn(key string, h held) {
	account, name, ok := splitKey(key)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lots[name]
	if l == nil {
		l = &lot{lotName: lotName{account, h.note.ToUser}, replies: make(map[string]held, 1)}
		s.lots[name] = l
	}
	before, known := l.replies[key]
	if !known {
		waiting.WithLabelValues(account).Inc()
	}
	if h.revision > before.revision {
		l.replies[key] = h
	}
}

// forget drops a key that is gone, unless it is known to be there anew since.
func (s *Store) forget(key string, revision uint64) {
	account, name, ok := splitKey(key)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lots[name]
	if l == nil {
		return
	}
	if h, known := l.replies[key]; !known || h.revision > revision {
		return
	}
	waiting.WithLabelValues(account).Dec()
	delete(l.replies, key)
	if len(l.replies) == 0 {
		delete(s.lots, name)
	}
}
