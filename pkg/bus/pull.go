package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	pullExpiry    = 30 * time.Second
	pullHeartbeat = 5 * time.Second // the server's sign of life while it has nothing
	pullSilence   = 2 * pullHeartbeat
	rebindPause   = time.Second
)

// Consume takes messages of a durable and calls deliver for each, one after the
// other, holding no more than slots at a time: deliver starts the work and
// returns, and whoever ends it sends to free. It rides out reconnects, leader
// changes, a durable that comes back, and a server that has messages and sends
// none. It returns once ctx is done and all that was under way to it has been
// delivered: what deliver gets then it should give back at once, with
// [Delivery.Retry]. The error is that of a connection that is closed for good.
func (b *Bus) Consume(ctx context.Context, d Durable, slots int, free <-chan struct{}, deliver func(*Delivery)) error {
	p := &puller{bus: b, durable: d, slots: slots, free: free, deliver: deliver, credit: slots}
	for ctx.Err() == nil {
		err := p.run(ctx)
		if closed := b.Err(); closed != nil && ctx.Err() == nil {
			return fmt.Errorf("consume %s: %w", d.Name, closed)
		}
		if err != nil && ctx.Err() == nil {
			b.log.Log(ctx, p.level(err), "waiting for messages", "durable", d.Name, "stream", d.Stream, "err", err)
			pause(ctx, rebindPause)
		}
	}
	return nil
}

// errNoLeader says that nobody takes pulls for the durable.
var errNoLeader = errors.New("is gone or has no leader")

// level is how loud an error is said: a durable that has just been created may
// not answer at once, and the partitions of a worker say the same.
func (p *puller) level(err error) slog.Level {
	if errors.Is(err, errNoLeader) && !p.heard {
		p.heard = true
		return slog.LevelDebug
	}
	if !p.bus.nc.IsConnected() { // which has been said
		return slog.LevelDebug
	}
	return p.bus.hush.level("durable of "+p.durable.worker(), slog.LevelWarn)
}

// puller asks the server for as many messages as there are free slots. Every
// slot is either busy, asked for, or credit. A pull that the server forgets is
// missed by its heartbeats.
type puller struct {
	bus     *Bus
	durable Durable
	slots   int
	free    <-chan struct{}
	deliver func(*Delivery)

	bound   bool      // the durable has been there once
	heard   bool      // the server has said something of a pull
	seen    time.Time // when the newest message that was delivered had been stored
	msgs    chan *nats.Msg
	pulls   [pullsOpen]pull
	credit  int       // free slots that the server does not know of
	asked   int       // free slots that it does
	expires time.Time // of brief pulls: when the last one ends
	over    time.Time // when no pull is left that could get what is given back
	idle    int       // looks since a message came or a slot became free
}

// run binds the durable and pulls until ctx is done, the connection is closed
// for good, or the durable does not answer.
func (p *puller) run(ctx context.Context) error {
	if err := p.bind(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil && !p.bus.nc.IsClosed() {
		if err := p.session(ctx); err != nil {
			return err
		}
	}
	return nil
}

// session pulls until ctx is done or a pull may be lost. Each session has inboxes
// of its own: a server that has only been silent, or that sees the same
// inbox on a new connection, would go on filling the old pull beside the new.
func (p *puller) session(ctx context.Context) error {
	status := p.bus.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer p.bus.nc.RemoveStatusListener(status)
	defer p.end(ctx)
	if err := p.listen(); err != nil {
		return err
	}
	return p.loop(ctx, status)
}

func (p *puller) loop(ctx context.Context, status <-chan nats.Status) error {
	silence := time.NewTimer(pullSilence)
	defer silence.Stop()
	look := time.NewTicker(p.bus.stall / stallLooks)
	defer look.Stop()
	for {
		if err := p.ask(); err != nil {
			return err
		}
		select {
		case msg := <-p.msgs:
			if err := p.take(msg); err != nil {
				return err
			}
		case <-p.free:
			p.credit, p.idle = p.credit+1, 0
			p.collect()
		case <-silence.C:
			quiet := p.quiet()
			silence.Reset(pullSilence - quiet%pullSilence)
			if quiet >= pullSilence && p.bus.nc.IsConnected() {
				p.bus.log.Debug("a pull is lost", "durable", p.durable.Name, "stream", p.durable.Stream)
				p.restarted("silent")
				return nil
			}
		case <-look.C:
			if stalled, err := p.stalled(ctx); stalled || err != nil {
				return err
			}
		case <-status: // a new connection knows nothing of the pull
			return nil
		case <-ctx.Done():
			return nil
		}
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

// take handles what came to the inbox: a message, or word about a pull.
func (p *puller) take(msg *nats.Msg) error {
	if msg.Reply == "" {
		return p.word(msg)
	}
	p.heard, p.idle = true, 0
	p.came(p.of(msg))
	delivery, err := p.bus.newDelivery(msg)
	if err != nil {
		p.bus.log.Error("strange message", "err", err)
		return nil
	}
	delivery.notBefore = p.over
	if delivery.Stored.After(p.seen) {
		p.seen = delivery.Stored
	}
	p.deliver(delivery)
	return nil
}

// word handles a status message. Its error means that the durable is gone, has
// no leader, or takes no such pull.
func (p *puller) word(msg *nats.Msg) error {
	r := p.of(msg)
	if r == nil || msg.Subject != r.reply() || r.asked == 0 { // of a pull that is over
		return nil
	}
	r.heard = time.Now()
	switch code := msg.Header.Get("Status"); code {
	case "100": // heartbeat
		p.heard = true
	case "404", "408": // what is left of the pull may be asked for again
		p.takeBack(r)
	case "503":
		return fmt.Errorf("durable %s on %s %w", p.durable.Name, p.durable.Stream, errNoLeader)
	default:
		return fmt.Errorf("pull ended: %s %s", code, msg.Header.Get("Description"))
	}
	return nil
}
