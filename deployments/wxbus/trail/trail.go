// Package trail follows messages through wxbus: what was stored, which workers
// took it and how it ended, the replies and what became of them, dead letters.
// It is what the simulator's page shows beside a chat. It only listens: workers
// in any language and process are seen, and none knows of it.
package trail

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/dead"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const (
	mostPushes = 2000           // that are remembered
	lookBack   = 72 * time.Hour // what was stored before the start
	groupName  = "wxbus-trail"  // no other program listens as this one
)

// Trail is what is known of the last pushes. Changed is told of whose message
// something is new. It is safe for concurrent use.
type Trail struct {
	Changed func(account, openid string)

	bus     *bus.Bus
	letters *dead.Letters
	began   time.Time

	mu      sync.Mutex
	pushes  map[string]*push      // by ce-id
	order   []string              // of pushes, oldest first
	stored  map[place]*push       // by where a push is
	replies map[place]*reply      // by where a reply is
	byID    map[string]*reply     // by the reply's id
	early   map[any][]func() bool // what was said of a message that was not seen yet, by its place or id
}

var _ wxsim.Server = (*Trail)(nil)

// streamHeld is where the notes of held replies are.
const streamHeld = "KV_" + bus.BucketHeld

// place is a message of a stream.
type place struct {
	stream   string
	sequence uint64
}

// push is a push and its trace.
type push struct {
	wxsim.Trace

	account, openid string
	places          []place
	ids             []string // of its replies
}

// reply is an answer, and which push it belongs to.
type reply struct {
	push *push
	at   int // in push.Replies
}

// On returns the trail of a bus, on which it listens once Run is called.
func On(b *bus.Bus) *Trail {
	return &Trail{
		Changed: func(string, string) {},
		bus:     b, letters: dead.On(b), began: time.Now(),
		pushes: make(map[string]*push), stored: make(map[place]*push), replies: make(map[place]*reply),
		byID: make(map[string]*reply), early: make(map[any][]func() bool),
	}
}

// Run listens until ctx is done.
func (t *Trail) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for stream, seen := range map[string]func(*bus.Record){
		bus.StreamIn: t.seePush, bus.StreamOut: t.seeReply, bus.StreamDead: t.seeLetter, streamHeld: t.seeHeld,
	} {
		follower := &bus.Follower{Stream: stream, Subjects: roots(stream), Since: t.began.Add(-lookBack), Seen: seen}
		group.Go(func() error { return t.bus.Follow(ctx, follower) })
	}
	group.Go(func() error { return t.bus.Listen(ctx, route.Sent+">", groupName, t.hearOutcome) })
	group.Go(func() error { return t.bus.Listen(ctx, "$JS.ACK.>", groupName, t.hearWord) })
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func roots(stream string) []string {
	switch stream {
	case bus.StreamIn:
		return []string{route.In + ">", route.Retry + ">"}
	case bus.StreamOut:
		return []string{route.Out + ">"}
	case streamHeld:
		return []string{"$KV." + bus.BucketHeld + ".>"}
	}
	return []string{route.Dead + ">"}
}

// Trace implements [wxsim.Server].
func (t *Trail) Trace(account string, text []byte) *wxsim.Trace {
	id := idOf(account, text)
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known := t.pushes[id]
	if !known {
		return nil
	}
	trace := p.Trace
	trace.Takers = append([]wxsim.Taker{}, p.Takers...)
	trace.Replies = append([]wxsim.Reply{}, p.Replies...)
	trace.Letters = append([]wxsim.Letter{}, p.Letters...)
	return &trace
}

// idOf returns the ce-id that the ingress gives to a push.
func idOf(account string, text []byte) string {
	now := time.Now()
	envelope := route.PackUndecodable(account, text, now)
	if m, err := wechat.Decode(text); err == nil {
		envelope = route.Pack(account, m, text, now)
	}
	return envelope.Header()[route.HeaderID][0]
}

// Retry implements [wxsim.Server]: a dead letter goes back to its worker.
func (t *Trail) Retry(ctx context.Context, letter uint64) error {
	_, err := t.letters.Retry(ctx, letter)
	if err != nil && !errors.Is(err, dead.ErrGone) {
		return err
	}
	t.gone(letter)
	return err
}

// gone notes that a letter is put back or dropped.
func (t *Trail) gone(letter uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.pushes {
		for i := range p.Letters {
			if p.Letters[i].Number == letter && !p.Letters[i].Retried {
				p.Letters[i].Retried = true
				t.changed(p)
			}
		}
	}
}

// changed tells of a push. The caller holds mu.
func (t *Trail) changed(p *push) { t.Changed(p.account, p.openid) }

// remember adds a push, in the place of the oldest when there are too many. The
// caller holds mu.
func (t *Trail) remember(id string, p *push) {
	for len(t.order) >= mostPushes {
		t.forget(t.order[0])
		t.order = t.order[1:]
	}
	t.pushes[id] = p
	t.order = append(t.order, id)
}

func (t *Trail) forget(id string) {
	p, known := t.pushes[id]
	if !known {
		return
	}
	delete(t.pushes, id)
	for _, where := range p.places {
		delete(t.stored, where)
		delete(t.replies, where)
	}
	for _, reply := range p.ids {
		delete(t.byID, reply)
	}
}
