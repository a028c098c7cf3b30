package worker

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// Ordering are the settings of a worker that say in which order it works.
//
// With WORKER_ORDER=user the messages of a user are handled in the order they
// were stored in, one at a time, by any number of replicas up to the number of
// partitions; others are handled meanwhile. Instead of one durable the worker
// has one for each partition, <name>-p00 and so on, and each is read by one
// replica at a time. Which one is agreed on by what the replicas write into the
// bucket wechat_lease: a replica that comes, goes or dies has the partitions
// divided anew, without an operator.
//
// A message that fails is tried again before those behind it: its user waits,
// nobody else does, and it holds none of WORKER_SLOTS meanwhile. When it is
// given up, the user's next message is handled, or, with WORKER_PARK=true and
// when its attempts were used up, becomes a dead letter too, in order, until an
// operator puts one of them back: then the user's messages are handled again.
//
// Up to 64 messages of a partition are fetched ahead. Those that wait behind
// four others of their user do not count, so that one user with many does not
// keep the rest of the partition waiting, up to 1024 in all: when that many wait
// behind users who fail, the partition waits with them until one goes on.
//
// What a replica had begun when it was killed is begun again by another one 15
// seconds later, in order, and so is what it had settled behind that. A replica
// that is frozen and wakes may still be within a handler when another one calls
// it for the same message: the handler's context is cancelled at once, and what
// it returns counts for nothing. So it is when a replica cannot reach NATS for 13
// seconds: the loss of a server that leads takes 4 to 10. Order needs nats-server 2.14.
//
// A worker that is switched goes on where it was. Stop all its replicas first:
// while there are some with order and some without, both handle everything. The
// durables of partitions begin behind what the one had settled, and the other
// way round. Without AUTO_PROVISION, wxbus apply has them begin there when it
// creates them. Those that are left can be removed; before a worker is switched
// back without AUTO_PROVISION they must be.
type Ordering struct {
	Order Order `envconfig:"WORKER_ORDER" default:"none" desc:"user handles the messages of each user in order, one at a time, also with several replicas; none does so within a replica"`
	Park  bool  `envconfig:"WORKER_PARK" default:"false" desc:"with order, the messages of a user become dead letters after one that failed, until one is put back"`
}

// Order is what is kept in order. The zero value is [OrderNone].
type Order string

// The choices of WORKER_ORDER.
const (
	OrderNone Order = "none"
	OrderUser Order = "user"
)

// Decode implements envconfig.Decoder.
func (o *Order) Decode(text string) error {
	switch choice := Order(text); choice {
	case OrderNone, OrderUser:
		*o = choice
		return nil
	}
	return errors.New("want none or user")
}

// again is the pause after something that NATS did not do.
const again = time.Second

// runOrdered is Run for a worker that keeps order.
func (w *Worker) runOrdered(ctx context.Context) error {
	partitions, err := w.prepareParts(ctx)
	if err != nil {
		return nil //nolint:nilerr // asked to stop before there was anything to do
	}
	c := newCrew(w, partitions)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx)) // until all is handed over
	var group errgroup.Group
	group.Go(func() error { c.watch(watching); return nil })
	for err == nil && ctx.Err() == nil {
		err = c.serve(ctx)
	}
	stop()
	_ = group.Wait()
	return err
}

// prepareParts waits until the durables of all partitions are there.
func (w *Worker) prepareParts(ctx context.Context) (partitions int, err error) {
	for {
		if partitions, err = w.bus.Partitions(ctx); err != nil {
			return 0, err
		}
		if err = w.bus.Ensure(ctx, w.Durable); err == nil {
			break
		}
		if !sleep(ctx, again) {
			return 0, ctx.Err()
		}
		w.said.complain(w.Log, "not ready", "err", err)
	}
	w.Log.Info("subscribed in order", "durables", w.Durable.Partition(0).Name+" …",
		"partitions", partitions, "filters", w.Durable.Filters)
	return partitions, nil
}

// sleep waits for d and reports whether ctx is not done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
