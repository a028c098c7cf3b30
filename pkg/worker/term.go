package worker

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	memberTTL    = 15 * time.Second // a replica that says nothing for so long is dead
	renewEvery   = 3 * time.Second
	renewTimeout = 1500 * time.Millisecond
	renewPause   = 300 * time.Millisecond
	// fenceAfter is when a replica that could not say that it lives takes
	// itself for dead: sooner than the others do.
	fenceAfter = memberTTL - 2*time.Second
)

// member is what a replica tells the others.
type member struct {
	Leaving bool `json:"leaving,omitempty"` // it ends, and takes no partition
}

// term is the time for which a replica is one of the members. It ends when the
// replica has left, or is fenced: when the others may take it for dead, because
// its key could not be renewed. Its id is never used again, so that a member that
// is gone does not come back.
type term struct {
	bucket  *bus.Bucket
	id, key string
	ctx     context.Context // done when the term is over
	fence   context.CancelFunc
	kick    chan struct{} // renew at once

	mu       sync.Mutex
	leaving  bool
	revision uint64
	until    time.Time // fenced from then on
}

// begin registers a replica. The time counts from before it was asked for: the
// server's lifetime of the key begins later.
func begin(ctx context.Context, bucket *bus.Bucket, id, key string) (*term, error) {
	t := &term{bucket: bucket, id: id, key: key, kick: make(chan struct{}, 1)}
	t.ctx, t.fence = context.WithCancel(context.WithoutCancel(ctx))
	asked := time.Now()
	asking, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	if err := t.save(asking, asked); err != nil {
		t.fence()
		return nil, err
	}
	return t, nil
}

func (t *term) save(ctx context.Context, asked time.Time) error {
	t.mu.Lock()
	revision, m := t.revision, member{Leaving: t.leaving}
	t.mu.Unlock()
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	revision, err = t.bucket.SaveFor(ctx, t.key, value, revision, memberTTL)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.revision, t.until = revision, asked.Add(fenceAfter)
	return nil
}

// keep renews the key until the term is over.
func (t *term) keep() {
	for wait := renewEvery; t.held(); {
		select {
		case <-time.After(min(wait, t.left())):
		case <-t.kick:
		case <-t.ctx.Done():
			return
		}
		if wait = renewPause; t.renew() {
			wait = renewEvery
		}
	}
	t.fence()
}

// renew reports whether it said that the replica lives.
func (t *term) renew() bool {
	ctx, cancel := context.WithTimeout(t.ctx, min(renewTimeout, max(0, t.left())))
	defer cancel()
	err := t.save(ctx, time.Now())
	if errors.Is(err, bus.ErrConflict) {
		t.lookUp(ctx)
	}
	return err == nil
}

// lookUp finds out why the key is not what it was: a renewal was stored whose
// acknowledgement was lost, or the key is gone and the replica is dead.
func (t *term) lookUp(ctx context.Context) {
	value, revision, err := t.bucket.Load(ctx, t.key)
	switch {
	case err != nil: // tried again, as long as there is time
	case value == nil:
		t.fence()
	default:
		t.mu.Lock()
		t.revision = revision
		t.mu.Unlock()
	}
}

// left is for how long the term is certain to last.
func (t *term) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// held reports whether nobody can have taken the replica for dead.
func (t *term) held() bool { return t.ctx.Err() == nil && t.left() > 0 }

// leave says that the replica ends; it may still have partitions.
func (t *term) leave() {
	t.mu.Lock()
	t.leaving = true
	t.mu.Unlock()
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

// end takes the replica off the list, so that nobody waits for it to die.
func (t *term) end() {
	if t.held() {
		ctx, cancel := context.WithTimeout(t.ctx, renewTimeout)
		defer cancel()
		t.mu.Lock()
		revision := t.revision
		t.mu.Unlock()
		_ = t.bucket.Remove(ctx, t.key, revision) // else it is gone after its lifetime
	}
	t.fence()
}
