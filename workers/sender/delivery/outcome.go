package delivery

import (
	"context"
	"maps"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

// outcome is what became of a reply, for whoever listens: it is published on
// wechat.sent.<account>.<ok|dead> and stored by nobody.
type outcome struct {
	ID        string `json:"id"`                    // Nats-Msg-Id of the reply
	InReplyTo string `json:"in_reply_to,omitempty"` // ce-id of the message that it answers
	ToUser    string `json:"touser,omitempty"`
	Parts     int    `json:"parts"`      // that it takes
	Sent      int    `json:"sent"`       // that were sent
	Code      int    `json:"errcode"`    // of the call that ended it
	Reason    string `json:"reason"`     // of the dead letter
	Attempts  int    `json:"attempts"`   // times that its sending was begun
	LatencyMS int64  `json:"latency_ms"` // since the reply was stored
}

// tellSent tells that all of a reply was sent.
func (j *job) tellSent() {
	o := newOutcome(j.d)
	o.ToUser, o.Parts, o.Sent = j.reply.toUser, j.done.parts, j.done.Sent
	j.tell(j.d, j.name, "ok", o)
}

// buried tells that a reply became a dead letter.
func (s *sender) buried(ctx context.Context, d *bus.Delivery, reason string, verdict error) {
	account, _, err := route.ParseOut(d.Subject)
	if err != nil {
		return
	}
	o := newOutcome(d)
	o.Reason, o.Code = reason, wxapi.CodeOf(verdict)
	if user, ok := wechat.Lookup(d.Body, "touser"); ok {
		o.ToUser = string(user)
	}
	if err := s.held.Done(ctx, d, o.ToUser); err != nil {
		s.host.Log.Warn("held reply not forgotten", "message", d, "err", err)
	}
	if r, err := parseReply(d.Body); err == nil {
		o.Parts = len(r.parts)
	}
	if p, err := s.ledger.open(ctx, d); err == nil {
		o.Sent = p.Sent
	}
	s.tell(d, account, "dead", o)
}

func newOutcome(d *bus.Delivery) outcome {
	origin := hold.OriginOf(d)
	return outcome{
		ID: origin.ID, InReplyTo: d.Get(route.HeaderInReplyTo), Attempts: d.Attempt,
		LatencyMS: time.Since(origin.Stored).Milliseconds(),
	}
}

// tell publishes an outcome. It is news, not a promise: nothing waits for it.
func (s *sender) tell(d *bus.Delivery, account, end string, o outcome) {
	header := maps.Clone(d.Header)
	delete(header, route.HeaderMsgID) // that of the reply
	body, err := wechat.Marshal(o)
	if err == nil {
		err = s.bus.Tell(route.Sent+account+"."+end, header, body)
	}
	if err != nil {
		s.host.Log.Debug("outcome not told", "message", d, "err", err)
	}
}
