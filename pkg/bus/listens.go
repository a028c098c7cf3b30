package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/route"
)

// Listens returns the subjects that a worker is given the messages of, by what
// its durable says, or those of its partitions. It returns [ErrNoDurable] when
// there is none: nobody of that name has ever worked on the stream.
func (b *Bus) Listens(ctx context.Context, stream, worker string) ([]string, error) {
	for _, name := range []string{worker, fmt.Sprintf(partitionName, worker, 0)} {
		found, err := b.js.Consumer(ctx, stream, name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("durable %s on %s: %w", name, stream, err)
		}
		filters := filtersOf(found.CachedInfo().Config)
		if len(filters) == 0 {
			return []string{">"}, nil
		}
		if name != worker {
			return widened(filters), nil
		}
		return filters, nil
	}
	return nil, fmt.Errorf("durable %s on %s: %w", worker, stream, ErrNoDurable)
}

// widened returns filters as they were before they were narrowed to a partition.
func widened(filters []string) []string {
	wide := make([]string, len(filters))
	for i, filter := range filters {
		tokens := strings.Split(filter, ".")
		if at := partitionToken(filter); at < len(tokens) {
			tokens[at] = "*"
		}
		wide[i] = strings.Join(tokens, ".")
	}
	return wide
}

// partitionToken is where subjects like a filter have their partition.
func partitionToken(filter string) int {
	if strings.HasPrefix(filter, route.Retry) {
		return 4
	}
	return 3 // wechat.in.<account>.<partition>
}

var ofPartition = regexp.MustCompile(`^(.+)-p\d\d+$`)

// WorkerOf returns the name of the worker that a durable belongs to, which may
// be that of a partition.
func WorkerOf(durable string) string {
	if found := ofPartition.FindStringSubmatch(durable); found != nil {
		return found[1]
	}
	return durable
}
