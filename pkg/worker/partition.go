package worker

import (
	"context"
	"sync"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	aheadMax = 64   // messages of a partition that are fetched ahead
	deepLane = 4    // a message that waits for so many others counts no more
	heldMax  = 1024 // that a partition may hold, deep ones included: the durable's MaxAckPending
)

// partition is one that the replica has: a durable that nobody else reads, and
// the lanes of its users. Its order rests on this: messages are delivered in the
// order of the stream, and one that is lost on the way is missed at the next
// one, by the number of the delivery; then the durable is reset and delivers
// again from the first message that is not settled. Those that are held or done
// by then are passed over.
type partition struct {
	*duty

	hands    *Worker // handles the messages of this partition
	number   int
	durable  bus.Durable
	claim    claim
	stopping context.Context // done when the partition is to be given up
	stop     context.CancelFunc
	err      error

	died      bool   // the last owner did
	delivered uint64 // up to here, it may have been given messages that are not settled

	lock   sync.Mutex
	held   map[uint64]struct{} // by sequence: in a lane
	done   map[uint64]struct{} // settled, beyond one that is not or may not be
	sweep  int                 // how many are done when it is worth to look which can be forgotten
	counts int                 // messages held that count as fetched ahead
	free   chan struct{}
	next   uint64 // number of the next delivery
	at     uint64 // sequence of the newest one
	lost   bool   // one is missing: what comes now will come again
	reset  context.CancelFunc
}

func newPartition(d *duty, number int, mine claim, died bool) *partition {
	p := &partition{
		duty: d, number: number, durable: d.w.Durable.Partition(number), claim: mine, died: died,
		held: make(map[uint64]struct{}), done: make(map[uint64]struct{}), free: make(chan struct{}, heldMax+aheadMax),
	}
	p.stopping, p.stop = context.WithCancel(d.term.ctx)
	p.hands = d.w.within(p.stopping, d.term.ctx)
	return p
}

// run works until the partition is given up, and hands it over.
func (p *partition) run() {
	defer p.hands.cancel()
	defer p.hands.beat()()
	var writing sync.WaitGroup
	lost := p.open()
	writing.Go(p.checkpoint)
	for p.stopping.Err() == nil && p.err == nil {
		if lost && !p.reread(0) {
			break
		}
		p.err = p.consume()
		lost = true
	}
	p.stop()
	p.hands.lanes.wait()
	writing.Wait()
	p.close()
}

// open finds out where the durable stands, and has it begin again with what the
// last owner did not settle. Its result says that this is still to be done.
func (p *partition) open() (lost bool) {
	var at bus.Place
	asked := p.insist("partition not opened", func(ctx context.Context) (err error) {
		at, err = p.w.bus.Place(ctx, p.durable)
		return err
	})
	if !asked {
		return false
	}
	for _, sequence := range p.claim.Done {
		p.done[sequence] = struct{}{}
	}
	p.at, p.next = at.Floor, at.Deliveries+1
	if at.Unsettled > 0 {
		p.delivered = at.Delivered
	}
	moved := false
	p.insist("partition not opened", func(ctx context.Context) (err error) {
		moved, err = p.w.bus.CatchUp(ctx, p.durable, at)
		return err
	})
	if moved {
		p.next = 1
		return false
	}
	return at.Unsettled > 0
}

// insist does something until it is done, and reports whether it is: it is not
// when the partition is given up.
func (p *partition) insist(what string, do func(ctx context.Context) error) bool {
	for p.stopping.Err() == nil {
		err := do(p.stopping)
		if err == nil {
			return true
		}
		if p.stopping.Err() == nil {
			p.w.said.complain(p.w.Log, what, "durable", p.durable.Name, "err", err)
		}
		sleep(p.stopping, again)
	}
	return false
}

// reread has the durable deliver again from the first message that is not
// settled.
func (p *partition) reread(sequence uint64) bool {
	orderResets.WithLabelValues(p.name).Inc()
	if !p.insist("partition not read again", func(ctx context.Context) error {
		return p.w.bus.Reset(ctx, p.durable, sequence)
	}) {
		return false
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.next, p.at = 1, 0
	return true
}

// consume reads the durable until the partition is given up or a message is
// missing.
func (p *partition) consume() error {
	ctx, cancel := context.WithCancel(p.stopping)
	defer cancel()
	p.lock.Lock()
	p.lost, p.reset = false, cancel
	credit := max(1, aheadMax-p.counts-len(p.free))
	p.lock.Unlock()
	return p.w.bus.Consume(ctx, p.durable, credit, p.free, p.take)
}

// take puts a message into its lane. Once the partition is given up, or is to be
// read again, all that comes will be delivered again anyway.
func (p *partition) take(d *bus.Delivery) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.lost || p.stopping.Err() != nil {
		return
	}
	if d.Number() != p.next {
		p.lost = true
		p.reset()
		return
	}
	p.next, p.at = p.next+1, d.Sequence
	_, held := p.held[d.Sequence]
	_, done := p.done[d.Sequence]
	switch {
	case held:
		p.free <- struct{}{}
	case done:
		p.free <- struct{}{}
		_ = d.AckAgain() // else it comes again
		p.forget()
	default:
		p.enter(d)
	}
}

// enter adds a message to those that are held.
func (p *partition) enter(d *bus.Delivery) {
	p.held[d.Sequence] = struct{}{}
	p.hands.hold(d)
	t := &turn{partition: p, d: d, key: p.w.Key(d)}
	ahead := p.hands.lanes.add(t.key, t.run)
	if ahead >= deepLane {
		p.free <- struct{}{}
		return
	}
	t.counts = true // it cannot end before the lock is open
	p.counts++
}

// leave takes a message off those that are held.
func (p *partition) leave(t *turn, settled bool) {
	p.hands.drop(t.d)
	p.lock.Lock()
	defer p.lock.Unlock()
	if settled {
		delete(p.held, t.d.Sequence)
		p.done[t.d.Sequence] = struct{}{}
		p.forget()
	} // else it stays: it is not settled, and its lane has ended
	if t.counts {
		p.counts--
		p.free <- struct{}{}
	}
}

// forget drops those that are done and will not come again: nothing before them
// is left to do, and they are not ahead of what comes next.
func (p *partition) forget() {
	if len(p.done) < p.sweep {
		return
	}
	low := p.low()
	defer func() { p.sweep = max(aheadMax, 2*len(p.done)) }()
	for sequence := range p.done {
		if sequence < low {
			delete(p.done, sequence)
		}
	}
}

// low is a sequence before which all is settled.
func (p *partition) low() uint64 {
	low := p.at + 1
	for sequence := range p.held {
		low = min(low, sequence)
	}
	return low
}
