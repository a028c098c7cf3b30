package bus

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// WatchSome calls changed with all keys under some patterns, whole being true,
// and then with each change, until ctx is done or the server ends it; then it
// may be called again. After a reconnect it tells all of them once more. Changes
// are told in the order in which they were written: who knows of one knows of
// all that were before it.
func (k *Bucket) WatchSome(ctx context.Context, patterns []string, changed func(entries []Entry, whole bool)) error {
	kv, err := k.open(ctx)
	if err != nil {
		return err
	}
	status := k.bus.nc.StatusChanged(nats.CONNECTED)
	defer k.bus.nc.RemoveStatusListener(status)
	for again := true; again; {
		if again, err = watchSome(ctx, kv, patterns, changed, status); err != nil {
			return fmt.Errorf("bucket %s: %w", k.name, err)
		}
	}
	return nil
}

// watchSome is WatchSome until the connection is a new one.
func watchSome(ctx context.Context, kv jetstream.KeyValue, patterns []string, changed func([]Entry, bool), status <-chan nats.Status) (again bool, err error) {
	watcher, err := kv.WatchFiltered(ctx, slices.Clone(patterns)) // the client writes into them
	if err != nil {
		return false, err
	}
	defer func() { _ = watcher.Stop() }()
	var all []Entry
	for loading := true; ; {
		select {
		case update, ok := <-watcher.Updates():
			switch {
			case !ok:
				return false, nil
			case update == nil:
				changed(all, true)
				loading, all = false, nil
			case loading:
				all = append(all, entryOf(update))
			default:
				changed([]Entry{entryOf(update)}, false)
			}
		case <-status:
			return true, nil
		case <-ctx.Done():
			return false, nil
		}
	}
}
