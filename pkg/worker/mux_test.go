package worker_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// What is handled is what is subscribed to.
func TestMuxIsTheSubscription(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kinds []wechat.Kind
		want  []string
	}{
		{"one", []wechat.Kind{"text"}, []string{"wechat.in.*.*.text", "wechat.retry.echo.>"}},
		{"several", []wechat.Kind{"text", "event.subscribe"}, []string{"wechat.in.*.*.text", "wechat.in.*.*.event.subscribe", "wechat.retry.echo.>"}},
		{"covered by a pattern", []wechat.Kind{"event.subscribe", wechat.AnyEvent}, []string{"wechat.in.*.*.event.>", "wechat.retry.echo.>"}},
		{"everything", []wechat.Kind{"text", wechat.AnyKind, wechat.AnyEvent}, []string{"wechat.in.*.*.>", "wechat.retry.echo.>"}},
	} {
		mux := worker.NewMux()
		for _, kind := range tt.kinds {
			mux.Handle(kind, echo)
		}
		if diff := cmp.Diff(tt.want, worker.DurableFor("echo", mux).Filters); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestTheNarrowestHandlerTakesAMessage(t *testing.T) {
	r := newRig(t)
	mux := worker.NewMux()
	var taken journal
	for _, kind := range []wechat.Kind{wechat.AnyKind, wechat.AnyEvent, wechat.EventClick, wechat.KindText} {
		mux.Handle(kind, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
			taken.add(string(m.Kind()) + "<" + string(kind))
			return nil, nil
		})
	}
	r.run(mux, nil)
	for _, message := range []string{
		`{"FromUserName":"u","MsgType":"event","Event":"CLICK"}`,
		`{"FromUserName":"u","MsgType":"event","Event":"VIEW"}`,
		`{"FromUserName":"u","MsgType":"text","MsgId":1}`,
		`{"FromUserName":"u","MsgType":"image","MsgId":2}`,
	} {
		r.push(message)
	}
	r.settled()
	want := "event.click<event.click event.view<event.> text<text image<>"
	if got := joined(taken.all()); got != want {
		t.Errorf("taken: %s, want %s", got, want)
	}
}

func TestMistakesInAProgramPanicAtItsStart(t *testing.T) {
	for name, mistake := range map[string]func(*worker.Mux){
		"nil handler":  func(mux *worker.Mux) { mux.Handle("image", nil) },
		"two handlers": func(mux *worker.Mux) { mux.Handle("text", echo) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			mistake(on(wechat.KindText, echo))
		})
	}
}
