package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/wxbus/wxbus/pkg/bus"
)

// Outcome is what has become of a push.
type Outcome string

// The outcomes of [Spool.Store]. Each of them is a success.
const (
	Stored    Outcome = "stored"
	Duplicate Outcome = "duplicate" // it was in the stream before
	Spooled   Outcome = "spooled"
)

// Store publishes a push, or keeps it on disk when something waits already or
// publish returns an error that a later attempt may mend. publish is what the
// drain will do later, by [bus.Bus.PublishUntil] with an end of its own; ctx,
// which must have some time left after that, is for the disk.
//
// Pushes of one user are taken one after the other, in the order of the calls,
// so that none overtakes another one, and before the drain has caught up none
// is published at once. An error says that the push is not known to be kept.
func (s *Spool) Store(ctx context.Context, r *Record, publish func(context.Context) (duplicate bool, err error)) (Outcome, error) {
	leave, err := s.users.enter(ctx, r.Account+":"+r.OpenID, r.OpenID != "")
	if err != nil {
		return "", fmt.Errorf("push of the same user is not yet stored: %w", err)
	}
	defer leave()
	if s.passable(ctx) {
		duplicate, err := publish(ctx)
		switch {
		case err == nil && duplicate:
			return Duplicate, nil
		case err == nil:
			return Stored, nil
		case errors.Is(err, bus.ErrTooLarge):
			return "", err
		}
	}
	if err := s.Append(ctx, r); err != nil {
		return "", err
	}
	return Spooled, nil
}

// passable reports whether nothing waits. When little is left it waits for the
// end of it.
func (s *Spool) passable(ctx context.Context) bool {
	for {
		s.mu.Lock()
		waiting, gate := s.waiting(), s.gate
		s.mu.Unlock()
		if waiting == 0 || gate == nil {
			return waiting == 0
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return false
		}
	}
}

// queues are lines of users' pushes. The zero value is ready.
type queues struct {
	mu   sync.Mutex
	last map[string]chan struct{} // closed when the last one in a line leaves
}

// enter waits until who came before has left. Without a line to stand in it
// does not wait.
func (q *queues) enter(ctx context.Context, user string, known bool) (leave func(), err error) {
	if !known {
		return func() {}, nil
	}
	before, mine := q.join(user)
	if before == nil {
		return func() { q.leave(user, mine) }, nil
	}
	select {
	case <-before:
		return func() { q.leave(user, mine) }, nil
	case <-ctx.Done():
		go func() { <-before; q.leave(user, mine) }() // who stands behind must not come too early
		return nil, ctx.Err()
	}
}

func (q *queues) join(user string) (before, mine chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last == nil {
		q.last = make(map[string]chan struct{})
	}
	before, mine = q.last[user], make(chan struct{})
	q.last[user] = mine
	return before, mine
}

func (q *queues) leave(user string, mine chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last[user] == mine {
		delete(q.last, user)
	}
	close(mine)
}
