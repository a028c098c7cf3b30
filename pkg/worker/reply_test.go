package worker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

func echo(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
	return wechat.TextReplies("你说：" + m.Field("Content")), nil
}

func TestReplyIsStoredForTheSender(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, echo), nil)
	id := r.text("oUser", "你好 <b>")
	got := r.replies(1)[0]
	if want := `{"msgtype":"text","text":{"content":"你说：你好 <b>"},"touser":"oUser"}`; string(got.Data) != want {
		t.Errorf("body = %s, want %s", got.Data, want)
	}
	if want := fmt.Sprintf("wechat.out.main.%d", route.Partition("oUser", 16)); got.Subject != want {
		t.Errorf("subject = %s, want %s", got.Subject, want)
	}
	want := map[string]string{"Nats-Msg-Id": "echo:" + id + ":1", "Wechat-In-Reply-To": id}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s = %q, want %q", name, got.Header.Get(name), value)
		}
	}
	r.settled()
}

// What goes to one user is one message, so that it arrives in order.
func TestRepliesAreBundledByUser(t *testing.T) {
	r := newRig(t)
	to := func(user, text string) wechat.Reply {
		reply := wechat.TextReply(text)
		reply.ToUser = user
		return reply
	}
	r.run(on(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return wechat.Replies{wechat.TextReply("1"), wechat.ImageReply("M"), to("oOther", "3"), to("oUser", "4")}, nil
	}), nil)
	id := r.text("oUser", "x")
	type reply struct{ ID, Body string }
	var got []reply
	for _, m := range r.replies(3) {
		got = append(got, reply{m.Header.Get("Nats-Msg-Id"), string(m.Data)})
	}
	if diff := cmp.Diff([]reply{
		{"echo:" + id + ":1", `{"messages":[{"msgtype":"text","text":{"content":"1"}},{"image":{"media_id":"M"},"msgtype":"image"}],"touser":"oUser"}`},
		{"echo:" + id + ":2", `{"msgtype":"text","text":{"content":"3"},"touser":"oOther"}`},
		{"echo:" + id + ":3", `{"msgtype":"text","text":{"content":"4"},"touser":"oUser"}`},
	}, got); diff != "" {
		t.Error(diff)
	}
}

// What is to be done when too much is sent holds for a whole bundle.
func TestBundleSaysWhatToDoOnOverflow(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		replies := wechat.Replies{wechat.TextReply("1"), wechat.TextReply("2")}.OnOverflow(wechat.Merge)
		return append(replies, wechat.TextReply("3"), wechat.TextReply("4").OnOverflow(wechat.Defer)), nil
	}), nil)
	r.text("oUser", "x")
	var got []string
	for _, m := range r.replies(2) {
		got = append(got, string(m.Data))
	}
	if diff := cmp.Diff([]string{
		`{"messages":[{"msgtype":"text","text":{"content":"1"}},{"msgtype":"text","text":{"content":"2"}}],"overflow":"merge","touser":"oUser"}`,
		`{"messages":[{"msgtype":"text","text":{"content":"3"}},{"msgtype":"text","text":{"content":"4"}}],"touser":"oUser"}`,
	}, got); diff != "" {
		t.Error(diff)
	}
}

// A message that is handled again, as after a crash before its
// acknowledgement, is answered once.
func TestHandledTwiceIsAnsweredOnce(t *testing.T) {
	r := newRig(t)
	var seen journal
	r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		seen.add(m.ID)
		return echo(ctx, m)
	}), nil)
	r.text("oUser", "x")
	r.replies(1)
	r.settled()
	if _, err := r.nats.JetStream().ResetConsumerToSequence(t.Context(), bus.StreamIn, "echo", 1); err != nil {
		t.Fatal(err)
	}
	seen.count(t, 2)
	r.settled()
	if got := len(r.replies(1)); got != 1 {
		t.Errorf("%d replies, want 1", got)
	}
}

// Nobody is there to read an answer to a push without a user.
func TestReplyWithoutReceiverIsADeadLetter(t *testing.T) {
	r := newRig(t)
	r.run(on("info.component_verify_ticket", echo), nil)
	r.push(`{"InfoType":"component_verify_ticket","CreateTime":1}`)
	if got := r.dead(1)[0].Header.Get("Dead-Reason"); got != "malformed reply" {
		t.Errorf("reason = %q", got)
	}
}

func TestUndecodablePushReachesItsHandlerAsItCame(t *testing.T) {
	r := newRig(t)
	var bodies journal
	r.run(on(wechat.Undecodable, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		bodies.add(m.Account + " " + string(m.Body))
		return nil, nil
	}), nil)
	e := route.PackUndecodable("main", []byte("<xml"), time.Now())
	if _, err := r.bus.Publish(t.Context(), e.Subject(16), e.ID, e.Header(), e.Body); err != nil {
		t.Fatal(err)
	}
	if got := bodies.count(t, 1)[0]; got != "main <xml" {
		t.Errorf("handler got %q", got)
	}
	r.settled()
}
