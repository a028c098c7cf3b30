package wxsim

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// pace hands out the pushes of a load, numbered from 0. It is safe for
// concurrent use once it has begun.
type pace struct {
	next  atomic.Int64
	most  int64         // numbers there are
	gap   time.Duration // between pushes; 0 means as fast as they are taken
	last  time.Duration // after the beginning no push is handed out any more
	began time.Time
}

// newPace plans a load. With a rate, every push has its time, and one that
// could not begin then begins as soon as there is a connection, but not later
// than a timeout after all should have begun.
func newPace(l Load) *pace {
	p := &pace{most: math.MaxInt64, last: math.MaxInt64}
	if l.Count > 0 {
		p.most = int64(l.Count)
	}
	if l.Duration > 0 {
		p.last = l.Duration
	}
	if l.Rate == 0 {
		return p
	}
	p.gap = time.Duration(float64(time.Second) / l.Rate)
	if l.Duration > 0 {
		p.most = min(p.most, int64(math.Round(l.Rate*l.Duration.Seconds())))
	}
	p.last = time.Duration(p.most)*p.gap + l.Timeout
	return p
}

func (p *pace) begin() { p.began = time.Now() }

// take waits until the next push is due. It returns its number and the time
// from which its latency counts: when it was due, if no connection was free
// then, else the moment it begins, which leaves out how late this process woke.
func (p *pace) take(ctx context.Context) (number int64, from time.Time, ok bool) {
	now := time.Now()
	if ctx.Err() != nil || now.Sub(p.began) >= p.last {
		return 0, now, false
	}
	number = p.next.Add(1) - 1
	if number >= p.most {
		return 0, now, false
	}
	if p.gap == 0 {
		return number, now, true
	}
	due := p.began.Add(time.Duration(number) * p.gap)
	if !due.After(now) {
		return number, due, true
	}
	timer := time.NewTimer(due.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return number, time.Now(), true
	case <-ctx.Done():
		return 0, now, false
	}
}

// left returns how many planned pushes were never due, or never begun.
func (p *pace) left(begun int64) int64 {
	if p.most == math.MaxInt64 {
		return 0
	}
	return p.most - begun
}
