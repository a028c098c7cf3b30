package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// AckWait is how long the server waits for a sign of life from the holder
	// of a message before it gives the message to another one.
	AckWait = 30 * time.Second

	// freshStart is how far back a durable begins that is created for the
	// first time: far enough to cover programs that start in any order, short
	// enough not to answer what users have long forgotten.
	freshStart = time.Minute

	maxAckPending = 1024 // of all replicas together; more than they have slots
)

// Durable is the place of a worker in a stream, shared by all its replicas.
type Durable struct {
	Name    string
	Stream  string
	Filters []string // subjects, which must not overlap
	All     bool     // begin with everything stored, not with what is new

	// KeepFilters has [Bus.Apply] leave the filters of a durable alone that
	// exists already: its worker knows better.
	KeepFilters bool
}

// config is the durable as it is created. One that is created again, after it
// was deleted while it was in use, begins no later than behind the newest
// message that was delivered: what waited must not be skipped.
func (d Durable) config(seen time.Time) jetstream.ConsumerConfig {
	cfg := jetstream.ConsumerConfig{
		Durable: d.Name, FilterSubjects: d.Filters,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait,
		MaxDeliver: -1, MaxAckPending: maxAckPending,
		DeliverPolicy: jetstream.DeliverAllPolicy,
	}
	if !d.All {
		start := time.Now().Add(-freshStart)
		if !seen.IsZero() && seen.Before(start) {
			start = seen.Add(1)
		}
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &start
	}
	return cfg
}

// bind makes sure that the durable exists and, with AUTO_PROVISION, the first
// time that its filters are those wanted: later a newer version of the worker
// may have changed them.
func (p *puller) bind(ctx context.Context) error {
	b, d := p.bus, p.durable
	found, err := b.js.Consumer(ctx, d.Stream, d.Name)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound) && b.cfg.AutoProvision:
		err = b.createDurable(ctx, d, p.seen)
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		err = fmt.Errorf("durable %s on %s is missing", d.Name, d.Stream)
	case err != nil:
		err = fmt.Errorf("durable %s on %s: %w", d.Name, d.Stream, err)
	case p.bound, sameFilters(found.CachedInfo().Config, d.Filters):
	case b.cfg.AutoProvision:
		err = b.updateFilters(ctx, d, found.CachedInfo().Config)
	default:
		b.log.Warn("durable listens to other subjects than the worker handles; wxbus apply changes it",
			"durable", d.Name, "has", filtersOf(found.CachedInfo().Config), "wants", d.Filters)
	}
	p.bound = p.bound || err == nil
	return err
}

func (b *Bus) createDurable(ctx context.Context, d Durable, seen time.Time) error {
	_, err := b.js.CreateConsumer(ctx, d.Stream, d.config(seen))
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return nil // another replica was faster
	}
	if err != nil {
		return fmt.Errorf("create durable %s on %s: %w", d.Name, d.Stream, err)
	}
	b.log.Info("durable created", "durable", d.Name, "stream", d.Stream)
	return nil
}

// updateFilters changes only what a durable listens to; where it began stays.
func (b *Bus) updateFilters(ctx context.Context, d Durable, cfg jetstream.ConsumerConfig) error {
	cfg.FilterSubject, cfg.FilterSubjects = "", d.Filters
	if _, err := b.js.UpdateConsumer(ctx, d.Stream, cfg); err != nil {
		return fmt.Errorf("update durable %s on %s: %w", d.Name, d.Stream, err)
	}
	b.log.Info("durable updated", "durable", d.Name, "stream", d.Stream, "filters", d.Filters)
	return nil
}

func sameFilters(cfg jetstream.ConsumerConfig, want []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(filtersOf(cfg))), slices.Sorted(slices.Values(want)))
}

func filtersOf(cfg jetstream.ConsumerConfig) []string {
	if cfg.FilterSubject != "" {
		return []string{cfg.FilterSubject}
	}
	return cfg.FilterSubjects
}
