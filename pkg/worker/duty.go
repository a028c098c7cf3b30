package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// checkEvery is how often the partitions are looked through without a reason.
const checkEvery = 2 * time.Second

// duty is the work of a replica for a term: the partitions that it has.
type duty struct {
	*crew

	term  *term
	has   map[int]*partition
	ended chan *partition
	err   error
}

// serve takes part in the work until ctx is done, then hands everything over;
// or until the replica is fenced, then nothing is its own any more. The error is
// that of a connection that is closed for good.
func (c *crew) serve(ctx context.Context) error {
	t := c.join(ctx)
	if t == nil {
		return nil
	}
	var keeping sync.WaitGroup
	keeping.Go(t.keep)
	c.w.joined.Store(true)
	defer c.w.joined.Store(false)
	d := &duty{crew: c, term: t, has: make(map[int]*partition), ended: make(chan *partition)}
	d.run(ctx)
	if ctx.Err() == nil && d.err == nil {
		c.w.Log.Warn("fenced: could not say in time that this replica lives, others may have its partitions; it joins them again", "worker", c.name)
	}
	t.end()
	keeping.Wait()
	return d.err
}

func (d *duty) run(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	stop, over := ctx.Done(), d.term.ctx.Done()
	for stop != nil && over != nil || len(d.has) > 0 {
		if stop != nil && over != nil {
			d.arrange()
		}
		select {
		case <-d.changed:
		case <-tick.C:
		case p := <-d.ended:
			d.gone(p)
		case <-over:
			over = nil
			d.w.joined.Store(false)
			d.stopAll()
		case <-stop:
			stop = nil
			d.term.leave()
			d.stopAll()
		}
	}
}

func (d *duty) stopAll() {
	for _, p := range d.has {
		p.stop()
	}
}

// gone takes a partition off the list. One that ended by itself has no
// connection: then nothing can be handed over.
func (d *duty) gone(p *partition) {
	delete(d.has, p.number)
	partitionsHeld.WithLabelValues(d.name).Set(float64(len(d.has)))
	if p.err != nil {
		d.err = p.err
		d.term.fence()
	}
}

// arrange gives up the partitions that shall be others' and takes those that
// shall be this replica's and are nobody's.
func (d *duty) arrange() {
	owners, known := d.owners(d.term.id)
	if !known {
		return
	}
	for number, owner := range owners {
		p, mine := d.has[number], owner == d.term.id
		switch {
		case p != nil && !mine:
			p.stop()
		case p == nil && mine:
			if err := d.take(number); err != nil {
				d.w.Log.Debug("partition not taken", "worker", d.name, "partition", number, "err", err)
				return // tried again with the next tick
			}
		}
	}
}

func (d *duty) take(number int) error {
	found, free, died := d.vacant(number, d.term.id)
	if !free || !d.term.held() {
		return nil
	}
	found.Owner = d.term.id
	mine, err := d.save(d.term.ctx, number, found)
	if errors.Is(err, bus.ErrConflict) {
		return nil // what has changed is about to be told
	}
	if err != nil {
		return err
	}
	move := "taken"
	if died {
		move = "taken over"
	}
	leaseMoves.WithLabelValues(d.name, move).Inc()
	p := newPartition(d, number, mine, died)
	d.has[number] = p
	partitionsHeld.WithLabelValues(d.name).Set(float64(len(d.has)))
	go func() {
		p.run()
		d.ended <- p
	}()
	return nil
}
