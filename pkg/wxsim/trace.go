package wxsim

import (
	"context"
	"encoding/json"
	"time"
)

// Server is what the simulator may know of the server under test beyond what
// WeChat sees, so that its page can show the whole way of a message. A server
// in the same process gives it; without one the page shows the deliveries.
// It is called from several goroutines.
type Server interface {
	// Trace returns what became of a push, nil for nothing yet.
	Trace(account string, push []byte) *Trace
	// Retry has a dead letter be handled again, by its number in a [Trace].
	Retry(ctx context.Context, letter uint64) error
}

// Trace is the way of one push behind the server's door.
type Trace struct {
	ID      string          `json:"id"` // ce-id
	Subject string          `json:"subject"`
	Stored  time.Time       `json:"stored"`
	Body    json.RawMessage `json:"body,omitempty"` // JSON, as it is stored
	Takers  []Taker         `json:"takers"`
	Replies []Reply         `json:"replies"`
	Letters []Letter        `json:"letters"`
}

// Taker is a worker that dealt with a push, and its verdict so far.
type Taker struct {
	Worker   string        `json:"worker"`
	Attempts int           `json:"attempts"`
	Verdict  string        `json:"verdict"` // done, retry or dead; empty while it works
	Detail   string        `json:"detail,omitempty"`
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took"` // since the push was stored
}

// Reply is an answer on its way to WeChat.
type Reply struct {
	ID       string          `json:"id"`
	Worker   string          `json:"worker,omitempty"`
	Stored   time.Time       `json:"stored"`
	Body     json.RawMessage `json:"body,omitempty"`
	State    string          `json:"state"` // queued, waiting, held, sent or dead; empty when it was stored before the server began
	Errcode  int             `json:"errcode"`
	Reason   string          `json:"reason,omitempty"`
	Attempts int             `json:"attempts"`
	Parts    int             `json:"parts"`
	Sent     int             `json:"sent"`
	Took     time.Duration   `json:"took"` // since it was stored
}

// Letter is a dead letter.
type Letter struct {
	Number   uint64    `json:"number"`
	Worker   string    `json:"worker"`
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail,omitempty"`
	Attempts int       `json:"attempts"`
	Time     time.Time `json:"time"`
	Retried  bool      `json:"retried"`
}

// Traced tells the pages that are open that there is something new about a
// user's messages: they ask for it if they show it.
func (p *Platform) Traced(account, openid string) {
	p.events.publish(event{Type: "journey", Account: account, OpenID: openid})
}
