package bus

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Lag is what a worker has to do yet, of all its replicas together.
type Lag struct {
	Pending   uint64 // messages that were delivered to no replica yet
	Unsettled uint64 // messages that a replica holds, or that wait to be tried again

	Oldest  time.Time // when the oldest of all these was stored; zero when there is none
	Waiting time.Time // when the oldest pending one was stored; zero when there is none

	Partitions int // whose durables are summed up; 0 when the worker has one durable
}

// backlog is a durable that has messages under its filters behind a sequence.
type backlog struct {
	filters []string
	after   uint64
}

// Lag asks the server what is left for a durable, and for all its partitions
// when it is an ordered one. Its error says at once that there is no connection,
// and names a durable that does not exist.
func (b *Bus) Lag(ctx context.Context, d Durable) (lag Lag, err error) {
	if !b.nc.IsConnected() {
		return lag, cmp.Or(b.Err(), errNotConnected)
	}
	partitions, err := b.Partitions(ctx)
	if err != nil {
		return lag, errNotPrepared
	}
	var unsettled, pending []backlog
	if lag, unsettled, pending, err = b.sum(ctx, d, partitions); err != nil {
		return lag, err
	}
	if lag.Oldest, err = b.oldest(ctx, d.Stream, unsettled); err != nil {
		return lag, err
	}
	lag.Waiting, err = b.oldest(ctx, d.Stream, pending)
	return lag, err
}

// sum counts what is left, and returns where to look for the oldest of it.
func (b *Bus) sum(ctx context.Context, d Durable, partitions int) (lag Lag, unsettled, pending []backlog, err error) {
	places, filters, err := b.places(ctx, d.parts(partitions))
	for i, at := range places {
		lag.Pending, lag.Unsettled = lag.Pending+at.Waiting, lag.Unsettled+uint64(max(0, at.Unsettled))
		if at.Waiting > 0 || at.Unsettled > 0 {
			unsettled = append(unsettled, backlog{filters[i], at.Floor})
		}
		if at.Waiting > 0 {
			pending = append(pending, backlog{filters[i], at.Delivered})
		}
	}
	if d.Ordered {
		lag.Partitions = partitions
	}
	return lag, unsettled, pending, err
}

// places asks about several durables at once. Filters are those of the server:
// another version of the worker may have changed them.
func (b *Bus) places(ctx context.Context, durables []Durable) (places []Place, filters [][]string, err error) {
	places, filters = make([]Place, len(durables)), make([][]string, len(durables))
	group, ctx := errgroup.WithContext(ctx)
	for i, d := range durables {
		group.Go(func() error {
			info, err := b.info(ctx, d)
			if err != nil {
				return err
			}
			places[i], filters[i] = placeOf(info), filtersOf(info.Config)
			return nil
		})
	}
	return places, filters, group.Wait()
}

// oldest returns when the first message of several backlogs was stored, zero
// when none is left. A backlog that begins behind what was found is not looked
// at.
func (b *Bus) oldest(ctx context.Context, stream string, backlogs []backlog) (time.Time, error) {
	slices.SortFunc(backlogs, func(x, y backlog) int { return cmp.Compare(x.after, y.after) })
	var first stored
	for _, left := range backlogs {
		if first.Sequence > 0 && left.after >= first.Sequence {
			break
		}
		found, err := b.firstAfter(ctx, stream, left.filters, left.after)
		if err != nil {
			return time.Time{}, err
		}
		if found.Sequence > 0 && (first.Sequence == 0 || found.Sequence < first.Sequence) {
			first = found
		}
	}
	return first.Time, nil
}
