package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

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

// answer returns what the handlers of a mux say to a push, each text on its own.
func answer(t *testing.T, mux *worker.Mux, push string) string {
	t.Helper()
	m, err := wechat.Decode([]byte(push))
	if err != nil {
		t.Fatal(err)
	}
	replies, err := mux.Handler()(t.Context(), m)
	if err != nil {
		return err.Error()
	}
	var texts []string
	for _, reply := range replies {
		body, err := json.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		var sent struct{ Text struct{ Content string } }
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, sent.Text.Content)
	}
	return strings.Join(texts, "|")
}

func says(text string, verdict error) worker.HandlerFunc {
	return func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return wechat.TextReplies(text), verdict
	}
}

// The order is that of the documentation, however they are registered.
func TestFirstMatchTakesTheMessage(t *testing.T) {
	byLength := func(m *wechat.Message) ([]string, bool) { return nil, len(m.Field("Content")) > 20 }
	register := []func(*worker.Mux){
		func(mux *worker.Mux) { mux.Handle(wechat.AnyKind, says("anything", nil)) },
		func(mux *worker.Mux) { mux.Handle(wechat.KindText, says("text", nil)) },
		func(mux *worker.Mux) { mux.Handle(wechat.AnyEvent, says("event", nil)) },
		func(mux *worker.Mux) { mux.Handle(wechat.EventScan, says("scan", nil)) },
		func(mux *worker.Mux) { mux.Handle(wechat.AnyEvent, says("event key", nil), worker.Key("HELP")) },
		func(mux *worker.Mux) { mux.Handle(wechat.EventClick, says("price", nil), worker.Key("PRICE", "COST")) },
		func(mux *worker.Mux) { mux.Handle(wechat.KindText, says("entry", nil), worker.Key("101")) },
		func(mux *worker.Mux) {
			mux.Handle(wechat.KindText, says("equal", nil), worker.Equal("价格", "Price"))
		},
		func(mux *worker.Mux) {
			mux.Handle(wechat.KindText, says("both", nil), worker.Regexp("天气"), byLength)
		},
		func(mux *worker.Mux) { mux.Handle(wechat.KindText, says("own", nil), byLength) },
		func(mux *worker.Mux) {
			mux.Handle(wechat.KindText, func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
				return wechat.TextReplies(worker.Group(ctx, 1) + worker.Group(ctx, 2) + "/" + worker.Group(ctx, 0)), nil
			}, worker.Regexp("^查(.+)$"))
		},
		func(mux *worker.Mux) { mux.Handle(wechat.EventSubscribe, says("by code", nil), worker.Key("7")) },
	}
	sent := map[string]string{
		`{"MsgType":"text","Content":" pRiCe "}`:                         "equal",
		`{"MsgType":"text","Content":"价格"}`:                              "equal",
		`{"MsgType":"text","Content":"查 快递"}`:                            " 快递/查 快递",
		`{"MsgType":"text","Content":"x"}`:                               "text",
		`{"MsgType":"text","Content":"上海的天气怎么样"}`:                        "both",
		`{"MsgType":"text","Content":"a text of many letters"}`:          "own",
		`{"MsgType":"text","Content":"Yes","bizmsgmenuid":"101"}`:        "entry",
		`{"MsgType":"image"}`:                                            "anything",
		`{"MsgType":"event","Event":"CLICK","EventKey":"COST"}`:          "price",
		`{"MsgType":"event","Event":"CLICK","EventKey":"HELP"}`:          "event key",
		`{"MsgType":"event","Event":"CLICK","EventKey":"OTHER"}`:         "event",
		`{"MsgType":"event","Event":"SCAN","EventKey":"HELP"}`:           "scan",
		`{"MsgType":"event","Event":"subscribe","EventKey":"qrscene_7"}`: "by code",
		`{"MsgType":"event","Event":"subscribe"}`:                        "event",
		`{"InfoType":"authorized"}`:                                      "anything",
	}
	// Of those with matches on one kind the order of registration counts: the
	// others change places.
	for turn := range register[:7] {
		mux := worker.NewMux()
		for i := range 7 {
			register[(i+turn)%7](mux)
		}
		for _, f := range register[7:] {
			f(mux)
		}
		for push, want := range sent {
			if got := answer(t, mux, push); got != want {
				t.Errorf("turn %d: %s: %s, want %s", turn, push, got, want)
			}
		}
		if diff := cmp.Diff([]string{"wechat.in.*.*.>", "wechat.retry.echo.>"}, worker.DurableFor("echo", mux).Filters); diff != "" {
			t.Error(diff)
		}
	}
}

// Several handlers of one kind make one subscription, and what none of them
// takes is done.
func TestMessageThatNoHandlerTakesIsDone(t *testing.T) {
	r, mux := newRig(t), worker.NewMux()
	mux.Handle(wechat.KindText, says("a", nil), worker.Equal("a"))
	mux.Handle(wechat.KindText, says("b", nil), worker.Equal("b"))
	if diff := cmp.Diff([]string{"wechat.in.*.*.text", "wechat.retry.echo.>"}, worker.DurableFor("echo", mux).Filters); diff != "" {
		t.Error(diff)
	}
	r.run(mux, nil)
	for _, content := range []string{"a", "b", "c"} {
		r.text("oUser", content)
	}
	r.replies(2)
	r.settled()
	if got := len(r.replies(0)) + len(r.dead(0)); got != 2 {
		t.Errorf("%d replies and dead letters, want 2", got)
	}
}

func TestNextLeavesTheMessageToAnother(t *testing.T) {
	const push = `{"MsgType":"text","Content":"x"}`
	for _, tt := range []struct {
		name          string
		first, second worker.HandlerFunc
		want          string
	}{
		{"both take it", says("1", worker.Next()), says("2", nil), "1|2"},
		{"the first keeps it", says("1", nil), says("2", nil), "1"},
		{"nobody is left", says("1", worker.Next()), says("2", worker.Next()), "1|2"},
		{"also when it is wrapped", says("1", fmt.Errorf("not mine: %w", worker.Next())), says("2", nil), "1|2"},
		{"the second fails", says("1", worker.Next()), says("2", errBroken), errBroken.Error()},
	} {
		mux := worker.NewMux()
		mux.Handle(wechat.AnyKind, tt.second)
		mux.Handle(wechat.KindText, tt.first)
		if got := answer(t, mux, push); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Layers are called once for a message, the first one outermost, and may change
// what comes of it.
func TestLayersAreAroundAllHandlers(t *testing.T) {
	var calls journal
	layer := func(name string) func(worker.HandlerFunc) worker.HandlerFunc {
		return func(next worker.HandlerFunc) worker.HandlerFunc {
			return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
				calls.add(name + "(")
				replies, err := next(ctx, m)
				calls.add(")" + name)
				return append(replies, wechat.TextReply(name)), err
			}
		}
	}
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, says("1", worker.Next()))
	mux.Use(layer("a"), layer("b"))
	mux.Use(layer("c"))
	mux.Handle(wechat.AnyKind, says("2", nil))
	outer := worker.NewMux()
	outer.Handle(wechat.AnyKind, mux.Handler())
	if got := answer(t, outer, `{"MsgType":"text","Content":"x"}`); got != "1|2|c|b|a" {
		t.Errorf("answered %s", got)
	}
	if got := joined(calls.all()); got != "a( b( c( )c )b )a" {
		t.Errorf("called %s", got)
	}
}

// A layer is within the worker's own: its panic is a verdict, and its context
// ends in time.
func TestLayersRunWithinTheWorkersOwn(t *testing.T) {
	r, mux := newRig(t), worker.NewMux()
	mux.Handle(wechat.KindText, echo)
	mux.Use(func(worker.HandlerFunc) worker.HandlerFunc {
		return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			if m.Field("Content") == "panic" {
				panic("in a layer")
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	r.run(mux, func(c *worker.Config) { c.Attempts, c.Timeout = 1, 20*time.Millisecond })
	r.text("oOne", "panic")
	r.text("oTwo", "wait")
	details := map[string]bool{}
	for _, letter := range r.dead(2) {
		details[letter.Header.Get(worker.DeadDetail)] = true
	}
	if diff := cmp.Diff(map[string]bool{"panic: in a layer": true, "context deadline exceeded": true}, details); diff != "" {
		t.Error(diff)
	}
	r.settled()
}

// wrongView can be filled from no message.
type wrongView struct{ Content chan int }

func (wrongView) Kind() wechat.Kind { return "image" }

func TestMistakesInAProgramPanicAtItsStart(t *testing.T) {
	for name, mistake := range map[string]func(*worker.Mux){
		"nil handler":         func(mux *worker.Mux) { mux.Handle("image", nil) },
		"two handlers":        func(mux *worker.Mux) { mux.Handle("text", echo) },
		"nil match":           func(mux *worker.Mux) { mux.Handle("image", echo, nil) },
		"no kind":             func(mux *worker.Mux) { mux.Handle("", echo) },
		"a kind as it's sent": func(mux *worker.Mux) { mux.Handle("event.CLICK", echo) },
		"nil layer":           func(mux *worker.Mux) { mux.Use(nil) },
		"no texts":            func(*worker.Mux) { worker.Equal() },
		"empty key":           func(*worker.Mux) { worker.Key("") },
		"no regexp":           func(*worker.Mux) { worker.Regexp("(") },
		"no view": func(mux *worker.Mux) {
			worker.On(mux, func(context.Context, *wrongView) (wechat.Replies, error) { return nil, nil })
		},
		"nil handler of a type": func(mux *worker.Mux) { worker.On[wechat.Image](mux, nil) },
		"two handlers of a type": func(mux *worker.Mux) {
			worker.On(mux, func(context.Context, *wechat.Text) (wechat.Replies, error) { return nil, nil })
		},
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
