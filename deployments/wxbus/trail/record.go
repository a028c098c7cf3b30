package trail

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

// seePush learns of a push: for the first time, or because it was put back for
// a worker.
func (t *Trail) seePush(r *bus.Record) {
	address, err := route.ParseIn(r.Subject)
	openid, _ := wechat.Lookup(r.Body, "FromUserName")
	id := r.Get(route.HeaderID)
	if err != nil || id == "" || wxsim.InCrowd(string(openid)) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known := t.pushes[id]
	if !known {
		p = &push{account: address.Account, openid: string(openid)}
		p.ID, p.Subject, p.Stored = id, r.Subject, r.Stored
		if json.Valid(r.Body) {
			p.Body = append(json.RawMessage{}, r.Body...)
		}
		t.remember(id, p)
	} else if name, back := strings.CutPrefix(r.Subject, route.Retry); back {
		p.returned(name[:strings.IndexByte(name, '.')])
	}
	where := place{bus.StreamIn, r.Sequence}
	p.places = append(p.places, where)
	t.stored[where] = p
	t.catchUp(where)
	t.changed(p)
}

// returned notes that the letters of a worker were put back.
func (p *push) returned(name string) {
	for i := range p.Letters {
		if p.Letters[i].Worker == name {
			p.Letters[i].Retried = true
		}
	}
}

// seeReply learns of an answer. One that was put back has been here before,
// under another id.
func (t *Trail) seeReply(r *bus.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known := t.pushes[r.Get(route.HeaderInReplyTo)]
	if !known {
		return
	}
	id := r.Get(route.HeaderMsgID)
	where := place{bus.StreamOut, r.Sequence}
	p.places, p.ids = append(p.places, where), append(p.ids, id)
	answer := t.answer(p, id, r)
	t.replies[where], t.byID[id] = answer, answer
	t.catchUp(where)
	t.catchUp(id)
	t.changed(p)
}

// answer returns what a record is of: a reply that was held and is released is
// still the one that it was. What became of those that were stored before the
// trail began was told to nobody: they have no state.
func (t *Trail) answer(p *push, id string, r *bus.Record) *reply {
	known, released := t.byID[r.Get(hold.HeaderID)]
	if !released || known.push != p {
		known = &reply{p, len(p.Replies)}
		p.Replies = append(p.Replies, wxsim.Reply{ID: id, Worker: workerOf(id), Stored: r.Stored, Body: append(json.RawMessage{}, r.Body...)})
	}
	if !r.Stored.Before(t.began) {
		p.Replies[known.at].State = "queued"
	}
	return known
}

// seeHeld learns that the sender holds a reply until it may be sent.
func (t *Trail) seeHeld(r *bus.Record) {
	var note struct {
		ID       string
		Released bool
	}
	if json.Unmarshal(r.Body, &note) != nil || note.Released {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learn(note.ID, func() bool {
		r, known := t.byID[note.ID]
		if known {
			r.push.Replies[r.at].State = "held"
			t.changed(r.push)
		}
		return known
	})
}

// workerOf returns the worker's name that the SDK begins ids of replies with.
func workerOf(id string) string {
	name, _, found := strings.Cut(id, ":")
	if !found || strings.ContainsAny(name, " /") {
		return ""
	}
	return name
}

// seeLetter learns of a dead letter, of a push or of an answer to one.
func (t *Trail) seeLetter(r *bus.Record) {
	id := r.Get(route.HeaderID)
	if r.Get(worker.DeadStream) == bus.StreamOut {
		id = r.Get(route.HeaderInReplyTo)
	}
	attempts, _ := strconv.Atoi(r.Get(worker.DeadAttempts)) // 0 when it does not say
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known := t.pushes[id]
	if !known {
		return
	}
	p.Letters = append(p.Letters, wxsim.Letter{
		Number: r.Sequence, Worker: r.Get(worker.DeadWorker), Reason: r.Get(worker.DeadReason),
		Detail: r.Get(worker.DeadDetail), Attempts: attempts, Time: r.Stored,
	})
	t.changed(p)
}
