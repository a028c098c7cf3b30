package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// lanes is how many users' records are published at the same time: a stream
// with replicas takes many at once in the time of one.
const lanes = 64

// errStale says that it has to be looked up anew what is in the stream.
var errStale = errors.New("the duplicate window has passed meanwhile")

// deliver stores what of the batch is not yet. All records of a user are in one
// lane, which ends where one fails, so that order is kept.
func (d *drain) deliver(ctx context.Context) error {
	ctx, cancel := d.hurry(ctx)
	defer cancel()
	if err := d.recall(ctx); err != nil {
		return err
	}
	var users [lanes][]*item
	for _, it := range d.batch {
		if it.record == nil {
			if err := d.putAside(it, "bytes are damaged"); err != nil {
				return err
			}
		} else if !it.done {
			lane := route.Partition(it.record.OpenID, lanes)
			users[lane] = append(users[lane], it)
		}
	}
	var group errgroup.Group
	for _, items := range users {
		if len(items) > 0 {
			group.Go(func() error { return d.publish(ctx, items) })
		}
	}
	return group.Wait()
}

// publish stores records, one after the other.
func (d *drain) publish(ctx context.Context, items []*item) error {
	for _, it := range items {
		if err := d.publishOne(ctx, it); err != nil {
			return fmt.Errorf("publish %s: %w", it.record.ID(), err)
		}
	}
	return nil
}

func (d *drain) publishOne(ctx context.Context, it *item) error {
	if d.memory.has(it) {
		d.stored(it, true)
		return nil
	}
	until := d.memory.until(it)
	if time.Now().After(until) {
		return errStale
	}
	r := it.record
	duplicate, err := d.bus.PublishUntil(ctx, until, r.subject(d.partitions), r.ID(), r.Header, r.Body)
	switch {
	case errors.Is(err, bus.ErrTooLarge):
		return d.putAside(it, err.Error())
	case err != nil:
		return err
	}
	d.stored(it, duplicate)
	return nil
}

func (d *drain) stored(it *item, duplicate bool) {
	it.done = true
	d.spool.mu.Lock()
	if duplicate {
		d.spool.stats.Duplicates++
	} else {
		d.spool.stats.Drained++
	}
	d.spool.mu.Unlock()
	d.spool.log.Info("published from the spool", "account", it.record.Account, "kind", string(it.record.Kind),
		"id", it.record.ID(), "duplicate", duplicate, "waited", time.Since(it.record.Arrived).Round(time.Millisecond))
}

// putAside keeps what cannot be published in a file of its own, and says so.
// The rest of a record that was being written when the process died is nothing
// that anybody was promised: it is left behind.
func (d *drain) putAside(it *item, why string) error {
	s := d.spool
	if it.done = it.done || it.torn; it.torn {
		s.log.Warn("end of a segment of the spool was not written to its end", "segment", it.seg.name, "bytes", len(it.data))
	}
	if it.done {
		return nil
	}
	name, err := setAside(s.dir, it.seg, it.piece)
	if err != nil {
		return fmt.Errorf("put aside %s: %w", name, err)
	}
	it.done = true
	s.mu.Lock()
	s.stats.Bad++
	s.mu.Unlock()
	s.log.Error("part of the spool cannot be published and was put aside",
		"dir", s.dir, "file", name, "bytes", len(it.data), "why", why)
	return nil
}

// recall makes sure that of all records of the batch it is known whether they
// are stored, as far as the duplicate window does not see to it.
func (d *drain) recall(ctx context.Context) error {
	if d.memory.window == 0 {
		window, err := d.bus.DuplicateWindow(ctx)
		if err != nil {
			return err
		}
		d.memory.window = window
	}
	unsure := func(it *item) bool {
		return it.record != nil && !it.done && !time.Now().Before(d.memory.until(it))
	}
	if !slices.ContainsFunc(d.batch, unsure) {
		return nil
	}
	return d.look(ctx)
}
