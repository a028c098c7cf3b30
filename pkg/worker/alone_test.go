package worker_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// Messages that may be what ended a process are handled one at a time, so that
// none is ended with another; those of other users are handled meanwhile.
func TestSuspectsAreHandledAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.cutShort("one", "two")
	var handled journal
	other := make(chan struct{})
	handler := func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		handled.add("begin " + m.FromUserName)
		if m.FromUserName == "other" {
			close(other)
			return nil, nil
		}
		select {
		case <-other:
		case <-ctx.Done():
		}
		handled.add("end " + m.FromUserName)
		return nil, ctx.Err()
	}
	r.run(on(wechat.KindText, handler), func(cfg *worker.Config) { cfg.Attempts = 1 })
	first := handled.count(t, 1)[0]
	r.text("other", "hi")
	got := handled.count(t, 5)
	got = slices.DeleteFunc(got, func(entry string) bool { return entry == "begin other" })
	second := map[string]string{"begin one": "two", "begin two": "one"}[first]
	want := []string{first, "end" + first[len("begin"):], "begin " + second, "end " + second}
	if !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
	r.settled()
	if letters := r.dead(0); len(letters) > 0 {
		t.Errorf("%d dead letters, want none", len(letters))
	}
}

// cutShort stores a text of each user and has all of them delivered once, as if
// to a process that ended.
func (r *rig) cutShort(users ...string) {
	r.t.Helper()
	echo := bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text", "wechat.retry.echo.>"}}
	if _, err := r.bus.Apply(r.t.Context(), []bus.Durable{echo}, false); err != nil {
		r.t.Fatal(err)
	}
	durable, err := r.nats.JetStream().Consumer(r.t.Context(), bus.StreamIn, "echo")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, user := range users {
		r.text(user, "hi")
		msg, err := durable.Next(jetstream.FetchMaxWait(20 * time.Second))
		if err != nil {
			r.t.Fatal(err)
		}
		defer func() { _ = msg.Nak() }()
	}
}
