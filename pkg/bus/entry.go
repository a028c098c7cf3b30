package bus

import (
	"context"
	"errors"
	"time"

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
