package bus

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// pullsOpen is how many pulls a puller may have open: while what the one asked
// for comes, the other asks for more, so that nobody waits for the server.
const pullsOpen = 2

// pull is a request for messages: the newest one on its inbox. There is one at a
// time on an inbox, so that it is never in doubt what a message belongs to.
type pull struct {
	sub    *nats.Subscription
	inbox  string
	number int
	asked  int       // messages that are still to come
	heard  time.Time // when the server has sent the last of it
}

// listen opens the inboxes of a session.
func (p *puller) listen() error {
	p.msgs = make(chan *nats.Msg, 2*p.slots+64)
	p.pulls = [pullsOpen]pull{}
	for i := range p.pulls {
		inbox := p.bus.nc.NewInbox()
		sub, err := p.bus.nc.ChanSubscribe(inbox+".*", p.msgs)
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		p.pulls[i].inbox, p.pulls[i].sub = inbox, sub
	}
	return nil
}

// reply is the subject that word about the pull comes to.
func (r *pull) reply() string { return r.inbox + "." + strconv.Itoa(r.number) }

// of returns the pull whose inbox a message came to.
func (p *puller) of(msg *nats.Msg) *pull {
	for i := range p.pulls {
		if p.pulls[i].sub == msg.Sub {
			return &p.pulls[i]
		}
	}
	return nil
}

// next returns the pull to ask with. When another one is open there must be
// enough to ask for: a request for each message would cost more than it brings.
func (p *puller) next() *pull {
	if p.credit <= 0 || p.asked > 0 && p.credit < p.slots/2 {
		return nil
	}
	for i := range p.pulls {
		if p.pulls[i].asked == 0 {
			return &p.pulls[i]
		}
	}
	return nil
}

// ask turns credit into a pull, if there is one to ask with.
func (p *puller) ask() error {
	r := p.next()
	if r == nil || !p.bus.nc.IsConnected() {
		return nil
	}
	request := fmt.Appendf(nil, `{"batch":%d,"expires":%d,"idle_heartbeat":%d}`, p.credit, pullExpiry, pullHeartbeat)
	if p.brief() {
		request = fmt.Appendf(nil, `{"batch":%d,"expires":%d}`, p.credit, briefExpiry)
		p.expires = time.Now().Add(briefExpiry)
	}
	r.number++
	subject := "$JS.API.CONSUMER.MSG.NEXT." + p.durable.Stream + "." + p.durable.Name
	if err := p.bus.nc.PublishRequest(subject, r.reply(), request); err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	r.asked, r.heard = p.credit, time.Now()
	p.asked, p.credit = p.asked+p.credit, 0
	return nil
}

// came takes one message off what is still to come. One that comes after the
// end of its pull is one more than planned.
func (p *puller) came(r *pull) {
	if r == nil || r.asked == 0 {
		p.credit--
		return
	}
	r.asked, r.heard = r.asked-1, time.Now()
	p.asked--
}

// takeBack has what a pull still asks for be asked for again.
func (p *puller) takeBack(r *pull) {
	p.credit, p.asked, r.asked = p.credit+r.asked, p.asked-r.asked, 0
}

// takeAllBack ends all pulls.
func (p *puller) takeAllBack() {
	for i := range p.pulls {
		p.takeBack(&p.pulls[i])
	}
}

// quiet returns for how long the server has been silent about an open pull, the
// longest of them.
func (p *puller) quiet() (longest time.Duration) {
	for i := range p.pulls {
		if p.pulls[i].asked > 0 {
			longest = max(longest, time.Since(p.pulls[i].heard))
		}
	}
	return longest
}
