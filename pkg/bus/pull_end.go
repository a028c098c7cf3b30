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
// sent already: each would wait for AckWait. They are delivered, or given back
// when ctx is done.
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
			p.last(ctx, msg)
		default:
			p.takeAllBack()
			if ctx.Err() != nil && p.bus.nc.IsConnected() {
				_ = p.bus.nc.FlushTimeout(drainTimeout)
			}
			return
		}
	}
}

// expire waits until brief pulls have ended. What comes is given back so that it
// is delivered when no pull can get it once more: each time costs it one of
// its attempts.
func (p *puller) expire() {
	late := time.NewTimer(time.Until(p.expires) + briefWord)
	defer late.Stop()
	for p.asked > 0 && p.bus.nc.IsConnected() {
		select {
		case msg := <-p.msgs:
			if msg.Reply != "" {
				p.came(p.of(msg))
				p.giveBack(msg, time.Until(p.expires)+briefExpiry/10)
			} else if p.word(msg) != nil {
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

// last handles what came while the session ended.
func (p *puller) last(ctx context.Context, msg *nats.Msg) {
	if ctx.Err() == nil {
		_ = p.take(msg)
		return
	}
	p.giveBack(msg, 0)
}

func (p *puller) giveBack(msg *nats.Msg, delay time.Duration) {
	if delivery, err := p.bus.newDelivery(msg); err == nil {
		_ = delivery.Retry(max(0, delay))
	}
}
