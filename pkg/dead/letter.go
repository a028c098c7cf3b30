package dead

import (
	"cmp"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
)

// Letter is a dead letter. What it says of its message is empty where whoever
// wrote it has left it out; without a stream it is taken to be a push.
type Letter struct {
	Sequence uint64    `json:"sequence"` // its name, in the stream of dead letters
	Time     time.Time `json:"time"`     // when it was stored
	Worker   string    `json:"worker"`   // that gave up
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail,omitempty"`
	Attempts int       `json:"attempts"`

	Account string `json:"account"`
	User    string `json:"user,omitempty"` // OpenID that the message is from, or the reply is for
	Subject string `json:"subject"`        // as the message was stored
	Stream  string `json:"stream"`         // where it was stored
	Origin  uint64 `json:"origin"`         // and as which sequence
	ID      string `json:"id,omitempty"`   // its Nats-Msg-Id
	Size    int    `json:"size"`           // of its body, in bytes

	Header map[string][]string `json:"-"` // all there are
	Body   []byte              `json:"-"` // nil in a list
}

// read makes a letter of what the stream holds.
func read(r *bus.Record) *Letter {
	l := &Letter{
		Sequence: r.Sequence, Time: r.Stored, Worker: cmp.Or(r.Get(worker.DeadWorker), r.Subject[min(len(route.Dead), len(r.Subject)):]),
		Reason: r.Get(worker.DeadReason), Detail: r.Get(worker.DeadDetail),
		User:    route.Decode(cmp.Or(r.Get(worker.DeadUser), r.Get(route.HeaderSubject))),
		Subject: r.Get(worker.DeadSubject), Stream: cmp.Or(r.Get(worker.DeadStream), bus.StreamIn), ID: r.Get(worker.DeadMsgID),
		Size: r.Size, Header: r.Header, Body: r.Body,
	}
	l.Attempts, _ = strconv.Atoi(r.Get(worker.DeadAttempts))
	l.Origin, _ = strconv.ParseUint(r.Get(worker.DeadSequence), 10, 64)
	if address, err := route.ParseIn(l.Subject); err == nil {
		l.Account = address.Account
	} else if account, _, err := route.ParseOut(l.Subject); err == nil {
		l.Account = account
	}
	return l
}

func (l *Letter) get(name string) string {
	if values := l.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// bodyLeft reports whether the body did not fit into the letter.
func (l *Letter) bodyLeft() bool { return l.get(worker.DeadBody) == worker.DeadBodyLeft }
