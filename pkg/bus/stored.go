package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/route"
)

const (
	lookBatch     = 500              // headers that are asked for at a time
	lookWait      = 3 * time.Second  // longest silence of a server that has more
	lookFilters   = 32               // with more subjects it is cheaper to read them all
	lookForgotten = 30 * time.Second // when the server forgets a reader that went away
)

var errGap = errors.New("some messages did not arrive")

// DuplicateWindow returns for how long the stream of pushes remembers an id:
// within it, a second message with the same id is not stored.
func (b *Bus) DuplicateWindow(ctx context.Context) (time.Duration, error) {
	stream, err := b.js.Stream(ctx, StreamIn)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", StreamIn, err)
	}
	return stream.CachedInfo().Config.Duplicates, nil
}

// StoredIDs yields the ids of the pushes under some subjects that the stream
// has taken since a time, oldest first, and perhaps those of other pushes. It
// is for those who publish what the duplicate window may have forgotten. Bodies
// stay where they are. What is stored while it reads may be left out. An error
// ends it: then nothing is known of the ids that it has not yielded.
func (b *Bus) StoredIDs(ctx context.Context, subjects []string, since time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if len(subjects) > lookFilters {
			subjects = []string{route.In + ">"}
		}
		for r, err := range b.Headers(ctx, StreamIn, subjects, since) {
			id := ""
			if err == nil {
				id = r.Get(route.HeaderMsgID)
			}
			if !yield(id, err) {
				return
			}
		}
	}
}

// Headers yields the messages that a stream holds under some subjects, which
// must not overlap, and has taken since a time, oldest first, without their
// bodies. What is stored while it reads may be left out. An error ends it. Who
// takes longer than half a minute for a message must not go on.
func (b *Bus) Headers(ctx context.Context, stream string, subjects []string, since time.Time) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		visit := func(r *Record) bool { return yield(r, nil) }
		if err := b.lookThrough(ctx, stream, subjects, since, visit); err != nil {
			yield(nil, fmt.Errorf("look through stream %s: %w", stream, err))
		}
	}
}

// lookThrough calls visit with the messages until it returns false.
func (b *Bus) lookThrough(ctx context.Context, stream string, subjects []string, since time.Time, visit func(*Record) bool) error {
	cfg := jetstream.ConsumerConfig{
		FilterSubjects: subjects, HeadersOnly: true, AckPolicy: jetstream.AckNonePolicy,
		Replicas: 1, MemoryStorage: true, InactiveThreshold: lookForgotten,
	}
	if !since.IsZero() {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &since
	}
	reader, err := b.js.CreateConsumer(ctx, stream, cfg)
	if err != nil {
		return err
	}
	info := reader.CachedInfo()
	defer func() { _ = b.js.DeleteConsumer(context.WithoutCancel(ctx), stream, info.Name) }()
	look := look{left: info.NumPending, visit: visit}
	for look.left > 0 {
		if err := look.fetch(ctx, reader); err != nil {
			return err
		}
	}
	return nil
}

// look is how far a reader has come.
type look struct {
	delivered uint64
	left      uint64 // messages that are still to come
	visit     func(*Record) bool
}

// fetch reads the next messages. Each has a number of its delivery, so that one
// that was lost on the way is noticed.
func (l *look) fetch(ctx context.Context, reader jetstream.Consumer) error {
	waiting, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	batch, err := reader.Fetch(int(min(l.left, lookBatch)), jetstream.FetchContext(waiting))
	if err != nil {
		return err
	}
	before := l.delivered
	for msg := range batch.Messages() {
		if err := l.read(msg); err != nil || l.left == 0 {
			return err
		}
	}
	if l.delivered > before {
		return nil // a batch that was cut short goes on with the next one
	}
	return l.silent(ctx, reader, batch.Error())
}

func (l *look) read(msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	if l.delivered++; meta.Sequence.Consumer != l.delivered {
		return errGap
	}
	l.left = min(l.left-1, meta.NumPending)
	if !l.visit(bodiless(msg, meta)) {
		l.left = 0
	}
	return nil
}

// headerSize is where the server says how large a body is that it leaves out.
const headerSize = "Nats-Msg-Size"

func bodiless(msg jetstream.Msg, meta *jetstream.MsgMetadata) *Record {
	r := &Record{Subject: msg.Subject(), Header: msg.Headers(), Sequence: meta.Sequence.Stream, Stored: meta.Timestamp}
	r.Size, _ = strconv.Atoi(r.Get(headerSize))
	delete(r.Header, headerSize)
	return r
}

// silent tells a server that has no more, since the last messages have expired
// meanwhile, from one that does not answer.
func (l *look) silent(ctx context.Context, reader jetstream.Consumer, cause error) error {
	info, err := reader.Info(ctx)
	if err != nil {
		return errors.Join(cause, err)
	}
	if info.Delivered.Consumer != l.delivered || info.NumPending > 0 {
		return errors.Join(cause, errGap)
	}
	l.left = 0
	return nil
}
