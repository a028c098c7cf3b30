package dead_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/dead"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

const partitions = 16

// rig is a bus with dead letters, written by workers.
type rig struct {
	t       *testing.T
	nats    *bustest.Server
	bus     *bus.Bus
	letters *dead.Letters
}

func newRig(t *testing.T) *rig {
	t.Helper()
	nats := bustest.Start(t)
	b := nats.Bus()
	return &rig{t: t, nats: nats, bus: b, letters: dead.On(b)}
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	r.t.Cleanup(cancel)
	return ctx
}

// push stores a push of a user.
func (r *rig) push(account, body string) {
	r.t.Helper()
	m, err := wechat.Decode([]byte(body))
	if err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack(account, m, []byte(body), time.Now())
	if _, err := r.bus.Publish(r.ctx(), e.Subject(partitions), route.Encode(e.ID), e.Header(), e.Body); err != nil {
		r.t.Fatal(err)
	}
}

func text(user, content, id string) string {
	return `{"FromUserName":"` + user + `","MsgType":"text","Content":"` + content + `","MsgId":"` + id + `"}`
}

// reply stores a reply.
func (r *rig) reply(account, user, id, body string, header map[string][]string) {
	r.t.Helper()
	if _, err := r.bus.Publish(r.ctx(), route.OutSubject(account, user, partitions), id, header, []byte(body)); err != nil {
		r.t.Fatal(err)
	}
}

// work has a worker deal with all that is stored, and ends it once nothing is
// left to it.
func (r *rig) work(d bus.Durable, handle func(d *bus.Delivery) error) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d.All = true
	w := &worker.Worker{
		Durable: d, Log: slog.New(slog.DiscardHandler), Drain: time.Second, Key: (*bus.Delivery).String,
		Settings: worker.Settings{Slots: 4, Attempts: 1, Timeout: time.Minute, Backoff: time.Millisecond, BackoffMax: time.Millisecond},
		Handle:   func(_ context.Context, d *bus.Delivery) error { return handle(d) },
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, r.bus) }()
	bustest.Eventually(r.t, "all is dealt with", func() bool {
		found, err := r.nats.JetStream().Consumer(r.ctx(), d.Stream, d.Name)
		if err != nil {
			return false
		}
		stream, err := r.nats.JetStream().Stream(r.ctx(), d.Stream)
		if err != nil {
			return false
		}
		at := found.CachedInfo()
		return at.NumPending == 0 && at.NumAckPending == 0 &&
			(at.AckFloor.Stream == stream.CachedInfo().State.LastSeq || len(d.Filters) > 0 && at.AckFloor.Stream > 0)
	})
	cancel()
	if err := <-ended; err != nil {
		r.t.Fatal(err)
	}
}

func durable(name string) bus.Durable {
	return bus.Durable{Name: name, Stream: bus.StreamIn, Filters: route.Filters(name, []wechat.Kind{wechat.KindText})}
}

func sender() bus.Durable {
	return bus.Durable{Name: "sender", Stream: bus.StreamOut, Filters: []string{"wechat.out.>"}}
}

func drop(reason string) func(*bus.Delivery) error {
	return func(*bus.Delivery) error { return worker.Drop(reason, nil) }
}

// list returns the letters that a filter takes.
func (r *rig) list(f dead.Filter) (found []*dead.Letter) {
	r.t.Helper()
	for l, err := range r.letters.List(r.ctx(), f) {
		if err != nil {
			r.t.Fatal(err)
		}
		found = append(found, l)
	}
	return found
}

// left waits until n letters are there and returns them: what a worker writes
// is there before it lets the message go.
func (r *rig) left(n int) []*dead.Letter {
	r.t.Helper()
	found := r.list(dead.Filter{})
	if len(found) != n {
		r.t.Fatalf("%d letters, want %d", len(found), n)
	}
	return found
}
