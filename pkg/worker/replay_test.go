package worker_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// replay stores a text once more for the worker echo, as wxbus replay does.
func (r *rig) replay(mode, id, kind string) {
	r.t.Helper()
	m, err := wechat.Decode([]byte(`{"FromUserName":"oUser","MsgType":"text","Content":"hi","MsgId":1}`))
	if err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack("main", m, nil, time.Now())
	header := maps.Clone(e.Header())
	header[route.HeaderReplay], header[route.HeaderReplayID] = []string{mode}, []string{id}
	if _, err := r.bus.Publish(r.t.Context(), "wechat.retry.echo.main.7."+kind, "replay:"+id+kind, header, e.Body); err != nil {
		r.t.Fatal(err)
	}
}

// replyIDs returns the ids of the replies that are stored.
func (r *rig) replyIDs() (ids []string) {
	r.t.Helper()
	for _, reply := range r.nats.Stored(bus.StreamOut) {
		ids = append(ids, reply.Header.Get("Nats-Msg-Id"))
	}
	return ids
}

func TestRepliesToWhatIsReplayed(t *testing.T) {
	r := newRig(t)
	var calls journal
	r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		if worker.Replayed(ctx) {
			calls.add("replayed")
		} else {
			calls.add("first")
		}
		return echo(ctx, m)
	}), nil)
	r.text("oUser", "hi")
	r.replies(1)
	r.replay(route.ReplayDry, "a", "text")
	r.replay("anything else", "b", "text")
	calls.count(t, 3)
	r.settled()
	if diff := cmp.Diff([]string{"echo:main:oUser:1:1"}, r.replyIDs()); diff != "" {
		t.Errorf("replies without --live: %s", diff)
	}
	r.replay(route.ReplayLive, "c", "text")
	r.replies(2)
	r.settled()
	want := []string{"echo:main:oUser:1:1", "echo:main:oUser:1:replay:c:1"}
	if diff := cmp.Diff(want, r.replyIDs()); diff != "" {
		t.Errorf("replies with --live: %s", diff)
	}
	if diff := cmp.Diff([]string{"first", "replayed", "replayed", "replayed"}, calls.all()); diff != "" {
		t.Error(diff)
	}
}

// A worker that does not handle the kind of a replayed message is done with it.
func TestReplayOfAKindThatIsNotHandled(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, echo), nil)
	r.replay(route.ReplayLive, "a", "image")
	bustest.Eventually(t, "it is acknowledged", func() bool { return r.durable().AckFloor.Stream == 1 })
	if info := r.durable(); info.Delivered.Consumer != 1 {
		t.Errorf("delivered %d times, want once", info.Delivered.Consumer)
	}
	if letters := r.nats.Stored(bus.StreamDead); len(letters) > 0 {
		t.Errorf("dead letters: %v", letters[0].Header)
	}
}

// What ended as a dead letter within a live replay and is put back has the same
// ids for its replies.
func TestReplyOfALiveReplayThatIsTriedAgain(t *testing.T) {
	r := newRig(t)
	tries := 0
	r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		if tries++; tries == 1 {
			return nil, worker.RetryAfter(time.Millisecond, context.Canceled)
		}
		return echo(ctx, m)
	}), nil)
	r.replay(route.ReplayLive, "a", "text")
	r.replies(1)
	if diff := cmp.Diff([]string{"echo:main:oUser:1:replay:a:1"}, r.replyIDs()); diff != "" {
		t.Error(diff)
	}
}
