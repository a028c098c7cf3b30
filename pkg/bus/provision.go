package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	prepareRetry = time.Second
	prepareSay   = 10 * time.Second // how often the same trouble is logged
)

var errAway = errors.New("NATS does not answer")

// Prepare blocks until the streams and buckets are there, and says in the log
// what is missing while they are not. With AUTO_PROVISION it creates what is
// missing; what exists is never changed, [Bus.Apply] does that. The error is
// ctx's, or [ErrClosed]. Calling it again is harmless.
func (b *Bus) Prepare(ctx context.Context) error {
	said, at := "", time.Time{}
	for {
		partitions, err := b.ensure(ctx)
		if err == nil {
			b.prepare.Do(func() { b.partitions = partitions; close(b.prepared) })
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if closed := b.Err(); closed != nil {
			return closed
		}
		b.missing.Store(&err)
		if err.Error() != said || time.Since(at) > prepareSay {
			b.log.Warn("not ready", "err", err)
			said, at = err.Error(), time.Now()
		}
		pause(ctx, prepareRetry)
	}
}

// ensure checks streams and buckets, creating them if it may, and returns the
// number of partitions. Its error joins all that is missing.
func (b *Bus) ensure(ctx context.Context) (partitions int, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	if !b.nc.IsConnected() {
		return 0, errAway
	}
	if partitions, err = b.storedPartitions(ctx); err != nil {
		return 0, err
	}
	var missing []error
	for _, want := range streams(b.cfg.Replicas, partitions) {
		missing = append(missing, b.ensureStream(ctx, want))
	}
	for _, want := range buckets(b.cfg.Replicas) {
		missing = append(missing, b.ensureBucket(ctx, want))
	}
	return partitions, errors.Join(missing...)
}

// storedPartitions reads the number from the streams: changing it would part
// the messages of one user.
func (b *Bus) storedPartitions(ctx context.Context) (int, error) {
	in, err := b.partitionsOf(ctx, StreamIn)
	if err != nil {
		return 0, err
	}
	out, err := b.partitionsOf(ctx, StreamOut)
	if err != nil {
		return 0, err
	}
	if in > 0 && out > 0 && in != out {
		return 0, fmt.Errorf("streams %s and %s: metadata %s is %d and %d, want the same", StreamIn, StreamOut, partitionsKey, in, out)
	}
	return cmp.Or(in, out, defaultPartitions), nil
}

// partitionsOf returns the number in a stream's metadata, 0 when it says none.
func (b *Bus) partitionsOf(ctx context.Context, name string) (int, error) {
	stream, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", name, err)
	}
	text, ok := stream.CachedInfo().Config.Metadata[partitionsKey]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("stream %s: metadata %s is %q, want a number above 0", name, partitionsKey, text)
	}
	return n, nil
}

func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) error {
	_, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) && b.cfg.AutoProvision {
		if _, err = b.js.CreateStream(ctx, want); err == nil {
			b.log.Info("stream created", "stream", want.Name, "replicas", want.Replicas)
		} else if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			err = nil // another program was faster
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", want.Name, err)
	}
	return nil
}

func (b *Bus) ensureBucket(ctx context.Context, want jetstream.KeyValueConfig) error {
	_, err := b.js.KeyValue(ctx, want.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) && b.cfg.AutoProvision {
		if _, err = b.js.CreateKeyValue(ctx, want); err == nil {
			b.log.Info("bucket created", "bucket", want.Bucket, "replicas", want.Replicas)
		} else if errors.Is(err, jetstream.ErrBucketExists) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("bucket %s: %w", want.Bucket, err)
	}
	return nil
}
