package worker

import (
	"errors"
	"slices"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	doneMax         = 8192 // settled messages that are handed over, so that a claim stays small
	checkpointEvery = 3 * time.Second
)

// close gives the partition to whoever shall have it next. A replica that is
// fenced has none to give.
func (p *partition) close() {
	for p.term.held() && p.w.bus.Err() == nil {
		if err := p.write(claim{Done: p.doneBeyond()}); err == nil {
			leaseMoves.WithLabelValues(p.name, "handed over").Inc()
			return
		}
		sleep(p.term.ctx, renewPause)
	}
	leaseMoves.WithLabelValues(p.name, "lost").Inc()
}

// checkpoint writes down what is done behind a message that is not, when there
// is much of it: should the replica die, most of that is not done again. As long
// as no user waits for a message that fails, there is nothing to write.
func (p *partition) checkpoint() {
	var written []uint64
	for sleep(p.stopping, checkpointEvery) {
		done := p.doneBeyond()
		if len(done) < aheadMax && len(written) == 0 || slices.Equal(done, written) {
			continue
		}
		if err := p.write(claim{Owner: p.term.id, Done: done}); err != nil {
			p.w.Log.Debug("what is done is not written down", "durable", p.durable.Name, "err", err)
			continue
		}
		written = done
	}
}

// write changes the claim.
func (p *partition) write(next claim) error {
	next.revision = p.claim.revision
	saved, err := p.save(p.term.ctx, p.number, next)
	if err != nil {
		if errors.Is(err, bus.ErrConflict) {
			p.lookUp()
		}
		return err
	}
	p.claim = saved
	return nil
}

// lookUp finds out why the claim is not what it was: a write was stored that
// seemed to fail, or the claim is another replica's.
func (p *partition) lookUp() {
	found, err := p.load(p.term.ctx, p.number)
	switch {
	case err != nil: // the next write comes here again
	case found.Owner == p.term.id:
		p.claim.revision = found.revision
	default:
		p.w.Log.Error("a claim to a partition was changed; everything is given up", "durable", p.durable.Name, "owner", found.Owner)
		p.term.fence()
	}
}

// doneBeyond are the messages that the next owner is given and need not handle.
func (p *partition) doneBeyond() []uint64 {
	p.lock.Lock()
	defer p.lock.Unlock()
	low := p.low()
	var beyond []uint64
	for sequence := range p.done {
		if sequence >= low {
			beyond = append(beyond, sequence)
		}
	}
	slices.Sort(beyond)
	return beyond[:min(len(beyond), doneMax)]
}
