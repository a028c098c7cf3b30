package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	followBatch     = 1000
	followWait      = 20 * time.Second // of a request that is not filled
	followForgotten = time.Minute      // when the server forgets a reader that went away
)

// Follower reads a stream without taking anything off it: what is stored since
// a time, then what comes. Every replica of a program that follows sees every
// message.
type Follower struct {
	Stream   string
	Subjects []string
	Since    time.Time // when what is wanted was stored
	// Seen is called with each message, once and in the order of the stream, by
	// one goroutine.
	Seen func(*Record)
	// CaughtUp, if set, is called once: when all has been seen that was stored
	// at the beginning.
	CaughtUp func()

	bus     *Bus
	born    time.Time // when the stream was made that last is a sequence of
	last    uint64    // seen
	left    uint64    // messages until CaughtUp
	began   bool      // left is known
	reached bool
}

// Follow runs a follower until ctx is done. It rides out reconnects, leader
// changes and a stream that is made anew. The error is that of a connection
// that is closed for good.
func (b *Bus) Follow(ctx context.Context, f *Follower) error {
	f.bus = b
	_, _ = b.Partitions(ctx) // before it there may be no stream
	for ctx.Err() == nil {
		err := f.session(ctx)
		if b.nc.IsClosed() && ctx.Err() == nil {
			return fmt.Errorf("follow %s: %w", f.Stream, nats.ErrConnectionClosed)
		}
		if err != nil && ctx.Err() == nil {
			b.log.Debug("stream is not followed", "stream", f.Stream, "err", err)
			pause(ctx, rebindPause/2+rand.N(rebindPause)) //nolint:gosec // spreads load, hides nothing
		}
	}
	return nil
}

// session reads until the connection is a new one, on which the server may have
// forgotten the reader, or until a message is missing.
func (f *Follower) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	status := f.bus.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer f.bus.nc.RemoveStatusListener(status)
	go func() {
		select {
		case <-status:
			cancel()
		case <-ctx.Done():
		}
	}()
	reader, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer f.leave(ctx, reader)
	for delivered := uint64(0); ctx.Err() == nil; {
		if delivered, err = f.fetch(ctx, reader, delivered); err != nil {
			return err
		}
	}
	return nil
}

// open makes a reader that goes on behind the last message that was seen.
func (f *Follower) open(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	stream, err := f.bus.js.Stream(ctx, f.Stream)
	if err != nil {
		return nil, err
	}
	cfg := jetstream.ConsumerConfig{
		FilterSubjects: f.Subjects, AckPolicy: jetstream.AckNonePolicy,
		Replicas: 1, MemoryStorage: true, InactiveThreshold: followForgotten,
	}
	if born := stream.CachedInfo().Created; f.last == 0 || !born.Equal(f.born) {
		f.born, f.last = born, 0
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &f.Since
	} else {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, f.last+1
	}
	reader, err := stream.CreateConsumer(ctx, cfg)
	if err == nil && !f.began {
		f.began = true
		f.reach(reader.CachedInfo().NumPending)
	}
	return reader, err
}

// leave has the server forget a reader, if it is there to hear it.
func (f *Follower) leave(ctx context.Context, reader jetstream.Consumer) {
	if !f.bus.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = f.bus.js.DeleteConsumer(ctx, f.Stream, reader.CachedInfo().Name)
}

// fetch reads the next messages as they come. delivered is how many the reader
// has had.
func (f *Follower) fetch(ctx context.Context, reader jetstream.Consumer, delivered uint64) (uint64, error) {
	waiting, cancel := context.WithTimeout(ctx, followWait)
	defer cancel()
	batch, err := reader.Fetch(followBatch, jetstream.FetchContext(waiting), jetstream.FetchHeartbeat(pullHeartbeat))
	if err != nil {
		return delivered, err
	}
	before := delivered
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return delivered, err
		}
		if delivered++; meta.Sequence.Consumer != delivered {
			return delivered, errGap
		}
		f.see(msg, meta)
	}
	if err := batch.Error(); err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		return delivered, err
	}
	if delivered > before || ctx.Err() != nil {
		return delivered, nil
	}
	return delivered, f.silent(ctx, reader, delivered)
}

func (f *Follower) see(msg jetstream.Msg, meta *jetstream.MsgMetadata) {
	f.last = meta.Sequence.Stream
	f.Seen(&Record{
		Subject: msg.Subject(), Header: msg.Headers(), Body: msg.Data(), Size: len(msg.Data()),
		Sequence: meta.Sequence.Stream, Stored: meta.Timestamp,
	})
	if !f.reached {
		f.reach(min(f.left-1, meta.NumPending))
	}
}

// reach takes note of how many messages are left that were there when the
// follower began.
func (f *Follower) reach(left uint64) {
	if f.left = left; left == 0 && !f.reached {
		f.reached = true
		if f.CaughtUp != nil {
			f.CaughtUp()
		}
	}
}

// silent tells a stream in which nothing happens from a reader that has lost
// messages on their way. What was there at the beginning may have expired.
func (f *Follower) silent(ctx context.Context, reader jetstream.Consumer, delivered uint64) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	info, err := reader.Info(ctx)
	if err != nil {
		return err
	}
	if info.Delivered.Consumer != delivered {
		return errGap
	}
	if info.NumPending == 0 {
		f.reach(0)
	}
	return nil
}
