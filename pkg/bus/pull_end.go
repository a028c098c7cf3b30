package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// briefExpiry is how long pulls last whose end is waited for.
	briefExpiry = time.Second
	// briefWord is how much later the word that they ended may come.
	briefWord = time.Second
)

// brief reports whether pulls are short, and their end is waited for when the
// puller stops. In a cluster the server that fills a pull may not know yet that
// its inbox is gone: what it sends meanwhile is lost, and comes again after
// AckWait. The word that the pull has ended is the last that it sends. The
// partitions of an ordered worker need no such thing: who takes one over has all
// delivered again.
func (p *puller) brief() bool {
	return p.durable.whole == "" && p.bus.nc.ConnectedClusterName() != ""
}

// end ends a session without losing sight of a message that the server has
// sent already: each would wait for AckWait.
func (p *puller) end(ctx context.Context) {
	if ctx.Err() != nil && p.brief() {
		p.expire()
	}
	for i := range p.pulls {
		p.unsubscribe(p.pulls[i].sub)
	}
	for {
		select {
		case msg := <-p.msgs:
			_ = p.take(msg)
		default:
			p.takeAllBack()
			if ctx.Err() != nil && p.bus.nc.IsConnected() {
				_ = p.bus.nc.FlushTimeout(drainTimeout)
			}
			return
		}
	}
}

// expire waits until brief pulls have ended. What is given back meanwhile is
// delivered again when none of them can get it once more.
func (p *puller) expire() {
	p.over = p.expires.Add(briefExpiry / 10)
	late := time.NewTimer(time.Until(p.expires) + briefWord)
	defer late.Stop()
	for p.asked > 0 && p.bus.nc.IsConnected() {
		select {
		case msg := <-p.msgs:
			if p.take(msg) != nil {
				return
			}
		case <-late.C:
			return
		}
	}
}

// unsubscribe returns when nothing more comes to the inbox.
func (p *puller) unsubscribe(sub *nats.Subscription) {
	if sub == nil {
		return
	}
	if !p.bus.nc.IsConnected() {
		_ = sub.Unsubscribe()
		return
	}
	drained := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(drained) })
	if err := sub.Drain(); err != nil {
		return
	}
	select {
	case <-drained:
	case <-time.After(drainTimeout):
	}
}
