package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// goneFor is how long a bucket tells that a removed key is gone: longer than a
// watcher is ever cut off that is not told everything anew.
const goneFor = time.Hour

// Entry is a key of a bucket with its value; nil is a key that is gone.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64
}

// WatchAll calls changed with all keys of the bucket, then loaded, then changed
// with each change, until ctx is done or the server ends it; then it may be
// called again. After a reconnect it tells all of it once more, keys that went
// lately included.
func (k *Bucket) WatchAll(ctx context.Context, changed func(Entry), loaded func()) error {
	kv, err := k.open(ctx)
	if err != nil {
		return err
	}
	status := k.bus.nc.StatusChanged(nats.CONNECTED)
	defer k.bus.nc.RemoveStatusListener(status)
	for again := true; again; {
		if again, err = watchAll(ctx, kv, changed, loaded, status); err != nil {
			return fmt.Errorf("bucket %s: %w", k.name, err)
		}
	}
	return nil
}

// watchAll is WatchAll until the connection is a new one.
func watchAll(ctx context.Context, kv jetstream.KeyValue, changed func(Entry), loaded func(), status <-chan nats.Status) (again bool, err error) {
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case entry, ok := <-watcher.Updates():
			switch {
			case !ok:
				return false, nil
			case entry == nil:
				loaded()
			default:
				changed(entryOf(entry))
			}
		case <-status:
			return true, nil
		case <-ctx.Done():
			return false, nil
		}
	}
}

func entryOf(entry jetstream.KeyValueEntry) Entry {
	e := Entry{Key: entry.Key(), Revision: entry.Revision()}
	if entry.Operation() == jetstream.KeyValuePut {
		e.Value = append([]byte{}, entry.Value()...)
	}
	return e
}

// Remove deletes a key if it still has the given revision. It returns
// [ErrConflict] when it has not: someone else has changed or removed it.
func (k *Bucket) Remove(ctx context.Context, key string, revision uint64) error {
	kv, err := k.open(ctx)
	if err != nil {
		return err
	}
	err = kv.Purge(ctx, key, jetstream.LastRevision(revision), jetstream.PurgeTTL(goneFor))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return ErrConflict
	}
	return k.saved(err)
}
