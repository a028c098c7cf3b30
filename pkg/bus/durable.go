package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/route"
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

	// maxDeliver is reached within two days by a message that ends its worker
	// each time, an AckWait apart: before the stream drops it.
	maxDeliver = 5000
)

// Unlimited is a [Durable.MaxDeliver] without an end.
const Unlimited = -1

// Durables of the partitions of a worker are called <worker>-p00 and so on.
const partitionName = "%s-p%02d"

// Durable is the place of a worker in a stream, shared by all its replicas.
type Durable struct {
	Name    string
	Stream  string
	Filters []string // subjects, which must not overlap
	All     bool     // begin with everything stored, not with what is new

	// KeepFilters has [Bus.Apply] leave the filters of a durable alone that
	// exists already: its worker knows better.
	KeepFilters bool

	// MaxAckPending is how many messages may be held or wait to be tried again,
	// of all replicas together; 0 stands for 1024. While so many do, nobody gets
	// another one.
	MaxAckPending int

	// MaxDeliver is how often a message is delivered at most; 0 stands for 5000.
	// It is the last resort for what ends every process that handles it, or is
	// handed back for ever: the server then delivers it no more and says so in
	// [StreamAdvisory], and the worker processes make a dead letter of it.
	MaxDeliver int

	// Ordered has the worker's place be kept by one durable for each partition,
	// <Name>-p00, <Name>-p01 and so on, each read by one replica at a time. See
	// [Durable.Partition].
	Ordered bool

	whole string // of the durable of a partition: the name without it
}

// Partition returns the durable of one partition of an ordered one: its filters
// are those of d, within that partition.
func (d Durable) Partition(number int) Durable {
	part := d
	part.Name, part.whole, part.Ordered = fmt.Sprintf(partitionName, d.Name, number), d.Name, false
	part.Filters = make([]string, len(d.Filters))
	for i, filter := range d.Filters {
		part.Filters[i] = narrow(filter, number)
	}
	return part
}

// narrow returns the part of a filter that lies within a partition. Filters of
// workers name no partition.
func narrow(filter string, partition int) string {
	tokens := strings.Split(filter, ".")
	open := tokens[len(tokens)-1] == ">"
	if open {
		tokens = tokens[:len(tokens)-1]
	}
	at, replies := partitionToken(filter), strings.HasPrefix(filter, route.Out)
	for len(tokens) <= at {
		tokens = append(tokens, "*")
	}
	if tokens[at] = strconv.Itoa(partition); open && !replies { // nothing follows it in the subject of a reply
		tokens = append(tokens, ">")
	}
	return strings.Join(tokens, ".")
}

// parts are the durables that keep the place of d when there are that many
// partitions.
func (d Durable) parts(partitions int) []Durable {
	if !d.Ordered {
		return []Durable{d}
	}
	all := make([]Durable, partitions)
	for number := range all {
		all[number] = d.Partition(number)
	}
	return all
}

// config is the durable as it is created. One that is created again, after it
// was deleted while it was in use, begins no later than behind the newest
// message that was delivered: what waited must not be skipped.
func (d Durable) config(seen time.Time) jetstream.ConsumerConfig {
	cfg := jetstream.ConsumerConfig{
		Durable: d.Name, FilterSubjects: d.Filters,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait,
		MaxDeliver: cmp.Or(d.MaxDeliver, maxDeliver), MaxAckPending: cmp.Or(d.MaxAckPending, maxAckPending),
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
	if err == nil && !p.bound && b.cfg.AutoProvision {
		err = b.catchUp(ctx, d)
	}
	p.bound = p.bound || err == nil
	return err
}

func (b *Bus) createDurable(ctx context.Context, d Durable, seen time.Time) error {
	from, err := b.heritage(ctx, d)
	if err != nil {
		return fmt.Errorf("create durable %s on %s: %w", d.Name, d.Stream, err)
	}
	cfg := d.config(seen)
	if from > 0 { // the worker has been here, under another durable
		cfg.DeliverPolicy, cfg.OptStartTime, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, nil, from
	}
	_, err = b.js.CreateConsumer(ctx, d.Stream, cfg)
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
