package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	pullExpiry    = 30 * time.Second
	pullHeartbeat = 5 * time.Second // the server's sign of life while it has nothing
	rebindPause   = time.Second
)

// errGone says that the durable is not there any more.
var errGone = errors.New("durable is gone")

// Consume takes messages of a durable and calls deliver for each, one after the
// other, holding no more than slots at a time: deliver starts the work and
// returns, and whoever ends it sends to free. It rides out reconnects, leader
// changes and a durable that comes back, and returns once ctx is done and all
// that was under way to it has been given back.
func (b *Bus) Consume(ctx context.Context, d Durable, slots int, free <-chan struct{}, deliver func(*Delivery)) error {
	p := &puller{bus: b, durable: d, free: free, deliver: deliver, credit: slots}
	for ctx.Err() == nil {
		if err := p.run(ctx); err != nil {
			b.log.Warn("waiting for messages", "durable", d.Name, "stream", d.Stream, "err", err)
			pause(ctx, rebindPause)
		}
	}
	return nil
}

// puller asks the server for as many messages as there are free slots. Every
// slot is either busy, asked for, or credit.
type puller struct {
	bus     *Bus
	durable Durable
	free    <-chan struct{}
	deliver func(*Delivery)

	msgs   chan *nats.Msg
	inbox  string
	credit int // free slots that the server does not know of
	asked  int // free slots that it does
}

// run binds the durable and pulls until ctx is done or the durable is gone.
func (p *puller) run(ctx context.Context) error {
	if err := p.bus.bind(ctx, p.durable); err != nil {
		return err
	}
	p.inbox = p.bus.nc.NewInbox()
	p.msgs = make(chan *nats.Msg, 2*(p.credit+p.asked)+64)
	p.reset()
	sub, err := p.bus.nc.ChanSubscribe(p.inbox, p.msgs)
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	defer p.giveBack(sub)
	status := p.bus.nc.StatusChanged(nats.CONNECTED)
	defer p.bus.nc.RemoveStatusListener(status)
	return p.loop(ctx, status)
}

func (p *puller) loop(ctx context.Context, status <-chan nats.Status) error {
	silence := time.NewTimer(2 * pullHeartbeat)
	defer silence.Stop()
	for {
		if err := p.ask(); err != nil {
			return err
		}
		select {
		case msg := <-p.msgs:
			if err := p.take(ctx, msg); err != nil {
				return err
			}
		case <-p.free:
			p.credit++
			p.collect()
		case <-silence.C: // the pulls are lost, or the server is
			p.reset()
		case <-status: // a new connection knows nothing of old pulls
			p.reset()
		case <-ctx.Done():
			return nil
		}
		silence.Reset(2 * pullHeartbeat)
	}
}

// collect takes all slots that are free by now, to ask for them in one go.
func (p *puller) collect() {
	for {
		select {
		case <-p.free:
			p.credit++
		default:
			return
		}
	}
}

// ask turns credit into a pull request.
func (p *puller) ask() error {
	if p.credit <= 0 || !p.bus.nc.IsConnected() {
		return nil
	}
	request, err := json.Marshal(map[string]any{
		"batch": p.credit, "expires": pullExpiry, "idle_heartbeat": pullHeartbeat,
	})
	if err != nil {
		return err
	}
	subject := "$JS.API.CONSUMER.MSG.NEXT." + p.durable.Stream + "." + p.durable.Name
	if err := p.bus.nc.PublishRequest(subject, p.inbox, request); err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	p.asked, p.credit = p.asked+p.credit, 0
	return nil
}

// reset takes back what was asked for.
func (p *puller) reset() { p.credit, p.asked = p.credit+p.asked, 0 }

// take handles what came to the inbox: a message, or word about a pull.
func (p *puller) take(ctx context.Context, msg *nats.Msg) error {
	if code := msg.Header.Get("Status"); code != "" && len(msg.Data) == 0 && msg.Reply == "" {
		return p.word(ctx, code, msg)
	} else if code == "100" { // flow control; nothing to do
		return nil
	}
	delivery, err := newDelivery(p.bus.nc, msg)
	if err != nil {
		p.bus.log.Error("strange message", "err", err)
		return nil
	}
	if p.asked > 0 {
		p.asked--
	} else { // of a pull that was thought lost: one more is held than planned
		p.credit--
	}
	p.deliver(delivery)
	return nil
}

// word handles a status message. What it says is left of a pull may be asked
// for again.
func (p *puller) word(ctx context.Context, code string, msg *nats.Msg) error {
	text := msg.Header.Get("Description")
	switch {
	case code == "100": // heartbeat
	case code == "409" && text == "Consumer Deleted":
		return errGone
	case code == "503": // no leader, no durable or no stream
		p.reset()
		pause(ctx, rebindPause/2)
		return fmt.Errorf("%w, or has no leader", errGone)
	default:
		p.handBack(msg.Header.Get("Nats-Pending-Messages"))
	}
	return nil
}

// handBack takes back the rest of one pull, or of all when the server does not
// say how many.
func (p *puller) handBack(pending string) {
	n, err := strconv.Atoi(pending)
	if err != nil {
		p.reset()
		return
	}
	n = min(n, p.asked)
	p.credit, p.asked = p.credit+n, p.asked-n
}

// giveBack ends the subscription without losing sight of a message that the
// server has sent already: each would wait for AckWait.
func (p *puller) giveBack(sub *nats.Subscription) {
	drained := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(drained) })
	if err := sub.Drain(); err == nil {
		select {
		case <-drained:
		case <-time.After(drainTimeout):
		}
	}
	for {
		select {
		case msg := <-p.msgs:
			if delivery, err := newDelivery(p.bus.nc, msg); err == nil {
				_ = delivery.Retry(0)
			}
		default:
			_ = p.bus.nc.FlushTimeout(drainTimeout)
			return
		}
	}
}
