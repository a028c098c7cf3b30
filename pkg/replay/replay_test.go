package replay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/replay"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// rig is a bus on which two workers have been.
func rig(t *testing.T) (*bustest.Server, *bus.Bus) {
	t.Helper()
	nats := bustest.Start(t)
	b := nats.Bus()
	kinds := []wechat.Kind{wechat.KindText, wechat.AnyEvent}
	durables := []bus.Durable{
		{Name: "echo", Stream: bus.StreamIn, Filters: route.Filters("echo", kinds)},
		{Name: "ordered", Stream: bus.StreamIn, Filters: route.Filters("ordered", kinds), Ordered: true},
		{Name: "all", Stream: bus.StreamIn, Filters: []string{"wechat.in.>", "wechat.retry.all.>"}},
		{Name: "bare", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}},
		{Name: "idle", Stream: bus.StreamIn, Filters: []string{"wechat.retry.idle.>"}},
	}
	if _, err := b.Apply(t.Context(), durables, false); err != nil {
		t.Fatal(err)
	}
	return nats, b
}

func push(t *testing.T, b *bus.Bus, account, user string, kind wechat.Kind) {
	t.Helper()
	e := route.Envelope{
		Account: account, OpenID: user, Kind: kind, ID: fmt.Sprint(account, user, kind),
		Time: time.Now(), Type: "application/json", Body: []byte(`{"MsgType":"` + string(kind) + `"}`),
	}
	if _, err := b.Publish(t.Context(), e.Subject(16), e.ID, e.Header(), e.Body); err != nil {
		t.Fatal(err)
	}
}

func sequences(t *testing.T, b *bus.Bus, r replay.Replay) (found []uint64) {
	t.Helper()
	for p, err := range r.Pushes(t.Context(), b) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, p.Sequence)
	}
	return found
}

func TestPushes(t *testing.T) {
	nats, b := rig(t)
	if got := sequences(t, b, replay.Replay{Worker: "echo"}); len(got) > 0 {
		t.Errorf("pushes of an empty stream: %v", got)
	}
	push(t, b, "main", "oA", wechat.KindText)
	push(t, b, "main", "oA", wechat.KindImage)
	push(t, b, "shop", "oA", wechat.EventClick)
	push(t, b, "shop", "oB", wechat.KindText)
	push(t, b, "main", "oB", wechat.EventSubscribe)
	if _, err := b.Publish(t.Context(), "wechat.retry.echo.main.1.text", "1", nil, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	stored := nats.Stored(bus.StreamIn)
	for _, tt := range []struct {
		name string
		r    replay.Replay
		want []uint64
	}{
		{"all that it listens to", replay.Replay{Worker: "echo"}, []uint64{1, 3, 4, 5}},
		{"of an ordered worker", replay.Replay{Worker: "ordered"}, []uint64{1, 3, 4, 5}},
		{"of one that listens to everything", replay.Replay{Worker: "all"}, []uint64{1, 2, 3, 4, 5}},
		{"since", replay.Replay{Worker: "echo", Since: stored[2].Time}, []uint64{3, 4, 5}},
		{"until", replay.Replay{Worker: "echo", Until: stored[3].Time}, []uint64{1, 3}},
		{"kind", replay.Replay{Worker: "echo", Kinds: []wechat.Kind{wechat.KindText}}, []uint64{1, 4}},
		{"kinds", replay.Replay{Worker: "echo", Kinds: []wechat.Kind{wechat.EventClick, wechat.KindText}}, []uint64{1, 3, 4}},
		{"pattern", replay.Replay{Worker: "echo", Kinds: []wechat.Kind{wechat.AnyEvent}}, []uint64{3, 5}},
		{"kind that it does not listen to", replay.Replay{Worker: "echo", Kinds: []wechat.Kind{wechat.KindImage}}, nil},
		{"account", replay.Replay{Worker: "echo", Account: "shop"}, []uint64{3, 4}},
		{"user", replay.Replay{Worker: "echo", User: "oB"}, []uint64{4, 5}},
		{"several", replay.Replay{Worker: "echo", User: "oA", Account: "main"}, []uint64{1}},
	} {
		if diff := cmp.Diff(tt.want, sequences(t, b, tt.r)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestReplayNeedsAWorkerThatListens(t *testing.T) {
	_, b := rig(t)
	for worker, says := range map[string]string{
		"nobody": "no such worker", "sender": "no such worker",
		"bare": "does not listen to wechat.retry.bare.>", "idle": "listens to no pushes",
	} {
		r := replay.Replay{Worker: worker}
		var err error
		for _, err = range r.Pushes(t.Context(), b) {
			break
		}
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(says, "no such") != errors.Is(err, replay.ErrNoWorker) {
			t.Errorf("%s: %v, want %q", worker, err, says)
		}
	}
}

func TestPut(t *testing.T) {
	nats, b := rig(t)
	push(t, b, "main", "oUser", wechat.KindText)
	put := func(r replay.Replay, sequence uint64) (string, error) { return r.Put(t.Context(), b, sequence) }
	for n, r := range []replay.Replay{{Worker: "echo", ID: "a"}, {Worker: "echo", ID: "b", Live: true}, {Worker: "ordered", ID: "b"}} {
		subject, err := put(r, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := put(r, 1); err != nil { // the same replay once more
			t.Fatal(err)
		}
		stored := nats.Stored(bus.StreamIn)
		if len(stored) != n+2 {
			t.Fatalf("%d messages after %d replays", len(stored), n+1)
		}
		first, again := stored[0], stored[n+1]
		if want := strings.Replace(first.Subject, "wechat.in.", "wechat.retry."+r.Worker+".", 1); again.Subject != want || subject != want {
			t.Errorf("stored as %s, told %s, want %s", again.Subject, subject, want)
		}
		mode := map[bool]string{false: "dry", true: "live"}[r.Live]
		want := map[string]string{
			"Nats-Msg-Id": "replay:" + r.ID + ":" + r.Worker + ":1", "Wechat-Replay": mode, "Wechat-Replay-Id": r.ID,
			"ce-id": first.Header.Get("ce-id"), "ce-type": "wechat.text", "ce-subject": "oUser",
		}
		for name, value := range want {
			if got := again.Header.Get(name); got != value {
				t.Errorf("%s = %q, want %q", name, got, value)
			}
		}
		if string(again.Data) != string(first.Data) {
			t.Errorf("body = %s", again.Data)
		}
	}
	if _, err := put(replay.Replay{Worker: "echo"}, 99); !errors.Is(err, bus.ErrNoRecord) {
		t.Errorf("put what is not there: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&replay.Replay{Worker: "echo", ID: "c"}).Put(cancelled, b, 1); err == nil {
		t.Error("put, though it was to stop")
	}
}
