package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrConflict says that a key was changed by someone else in the meantime.
var ErrConflict = errors.New("changed by another replica")

// Bucket is a key-value bucket shared by all replicas of a program. Every write
// names the revision that it replaces, so that of two writers one learns that
// it came second. It is safe for concurrent use.
type Bucket struct {
	bus  *Bus
	name string
}

// Bucket returns the bucket of that name. It exists once [Bus.Prepare] is through.
func (b *Bus) Bucket(name string) *Bucket { return &Bucket{bus: b, name: name} }

// Load returns the value of a key and its revision; nil and the revision to
// create it with when there is none.
func (k *Bucket) Load(ctx context.Context, key string) (value []byte, revision uint64, err error) {
	kv, err := k.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("bucket %s: %w", k.name, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// Save writes a key if it still has the given revision, 0 meaning that it must
// not exist, and returns the new revision. It returns [ErrConflict] when
// someone else was faster.
func (k *Bucket) Save(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	kv, err := k.open(ctx)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		revision, err = kv.Create(ctx, key, value)
	} else {
		revision, err = kv.Update(ctx, key, value, revision)
	}
	return revision, k.saved(err)
}

// SaveFor is [Bucket.Save] of a value that is gone after ttl, which is a second
// or more. The client's own methods give a lifetime to new keys only.
func (k *Bucket) SaveFor(ctx context.Context, key string, value []byte, revision uint64, ttl time.Duration) (uint64, error) {
	kv, err := k.open(ctx)
	if err != nil {
		return 0, err
	}
	if revision == 0 { // where a value was, there is a mark that it is gone
		revision, err = kv.Create(ctx, key, value, jetstream.KeyTTL(ttl))
		return revision, k.saved(err)
	}
	ack, err := k.bus.js.PublishMsg(ctx, &nats.Msg{Subject: "$KV." + k.name + "." + key, Data: value},
		jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(ttl))
	if err != nil {
		return 0, k.saved(err)
	}
	return ack.Sequence, nil
}

// saved is the error of a write; servers with replicas have a code of their own
// for a conflict.
func (k *Bucket) saved(err error) error {
	api, _ := errors.AsType[*jetstream.APIError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrKeyExists), errors.Is(err, jetstream.ErrKeyRevisionMismatch),
		api != nil && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return ErrConflict
	}
	return fmt.Errorf("bucket %s: %w", k.name, err)
}

// Watch calls changed with the value of a key now and after each change, nil
// when it is gone, until ctx is done or the server ends it; then it may be
// called again. After a reconnect it tells the value once more.
func (k *Bucket) Watch(ctx context.Context, key string, changed func(value []byte)) error {
	kv, err := k.open(ctx)
	if err != nil {
		return err
	}
	status := k.bus.nc.StatusChanged(nats.CONNECTED)
	defer k.bus.nc.RemoveStatusListener(status)
	for again := true; again; {
		if again, err = k.watch(ctx, kv, key, changed, status); err != nil {
			return fmt.Errorf("bucket %s: %w", k.name, err)
		}
	}
	return nil
}

// watch is Watch until the connection is a new one: the server may have
// forgotten the watcher, which notices that by missing heartbeats only.
func (k *Bucket) watch(ctx context.Context, kv jetstream.KeyValue, key string, changed func(value []byte), status <-chan nats.Status) (again bool, err error) {
	watcher, err := kv.Watch(ctx, key)
	if err != nil {
		return false, err
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case entry, ok := <-watcher.Updates():
			if !ok {
				return false, nil
			}
			if entry != nil {
				changed(entry.Value())
			}
		case <-status:
			return true, nil
		case <-ctx.Done():
			return false, nil
		}
	}
}

func (k *Bucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	if _, err := k.bus.Partitions(ctx); err != nil {
		return nil, fmt.Errorf("bucket %s: %w", k.name, err)
	}
	if kv, ok := k.bus.opened.Load(k.name); ok {
		return kv.(jetstream.KeyValue), nil
	}
	kv, err := k.bus.js.KeyValue(ctx, k.name)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", k.name, err)
	}
	k.bus.opened.Store(k.name, kv)
	return kv, nil
}
