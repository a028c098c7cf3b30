package trail_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxbus/wxbus/deployments/wxbus/trail"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const openid = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"

// rig is a bus with a trail and a worker that answers as a test wants.
type rig struct {
	t     *testing.T
	bus   *bus.Bus
	trail *trail.Trail
	heard atomic.Int64
}

func start(t *testing.T, handle worker.HandlerFunc, order worker.Order) *rig {
	t.Helper()
	nats := bustest.Start(t)
	r := &rig{t: t, bus: nats.Bus()}
	r.trail = trail.On(r.bus)
	r.trail.Changed = func(string, string) { r.heard.Add(1) }
	var cfg worker.Config
	cfg.NATS, cfg.Order = nats.Config(), order
	cfg.Settings = worker.Settings{Slots: 4, Attempts: 2, Timeout: time.Minute, Backoff: time.Millisecond, BackoffMax: time.Millisecond}
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, handle)
	log := new(bustest.Logbook)
	ctx, cancel := context.WithCancel(context.Background())
	health := process.NewHealth(ctx)
	ended := make(chan error, 2)
	go func() { ended <- r.trail.Run(ctx) }()
	go func() { ended <- worker.Run(ctx, "shop", cfg, mux, process.NewHost("shop", log.Logger(), health)) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
	bustest.Eventually(t, "the worker is ready", func() bool { return health.Ready(ctx) == nil })
	return r
}

// push stores a text as the ingress does and returns it as WeChat wrote it.
func (r *rig) push(text, id string) []byte {
	r.t.Helper()
	xml := []byte("<xml><ToUserName>gh_1</ToUserName><FromUserName>" + openid + "</FromUserName><CreateTime>1720000000</CreateTime>" +
		"<MsgType>text</MsgType><Content>" + text + "</Content><MsgId>" + id + "</MsgId></xml>")
	m, err := wechat.Decode(xml)
	if err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack("main", m, xml, time.Now())
	header := e.Header()
	if _, err := r.bus.Publish(r.t.Context(), e.Subject(16), header[route.HeaderID][0], header, e.Body); err != nil {
		r.t.Fatal(err)
	}
	return xml
}

// until waits until the trace of a push is as wanted.
func (r *rig) until(push []byte, what string, done func(*wxsim.Trace) bool) *wxsim.Trace {
	r.t.Helper()
	var trace *wxsim.Trace
	bustest.Eventually(r.t, what, func() bool {
		trace = r.trail.Trace("main", push)
		return trace != nil && done(trace)
	})
	return trace
}

func TestTrailOfAnAnswer(t *testing.T) {
	for _, order := range []worker.Order{"", worker.OrderUser} {
		r := start(t, func(context.Context, *wechat.Message) (wechat.Replies, error) { return wechat.TextReplies("好"), nil }, order)
		push := r.push("在吗", "1")
		got := r.until(push, "it is done", func(trace *wxsim.Trace) bool {
			return len(trace.Takers) == 1 && trace.Takers[0].Verdict == "done" && len(trace.Replies) == 1
		})
		if got.ID != "main:"+openid+":1" || !strings.HasPrefix(got.Subject, "wechat.in.main.") || !strings.Contains(string(got.Body), `"Content":"在吗"`) {
			t.Errorf("trace %+v", got)
		}
		if taker := got.Takers[0]; taker.Worker != "shop" || taker.Attempts != 1 {
			t.Errorf("taker %+v", taker)
		}
		if reply := got.Replies[0]; reply.Worker != "shop" || reply.State != "queued" || !strings.Contains(string(reply.Body), "好") {
			t.Errorf("reply %+v", reply)
		}
		outcome := `{"id":"` + got.Replies[0].ID + `","parts":2,"sent":1,"errcode":45015,"reason":"errcode 45015","attempts":3,"latency_ms":40}`
		if err := r.bus.Tell(route.Sent+"main.dead", nil, []byte(outcome)); err != nil {
			t.Fatal(err)
		}
		got = r.until(push, "the outcome", func(trace *wxsim.Trace) bool { return trace.Replies[0].State == "dead" })
		if reply := got.Replies[0]; reply.Errcode != 45015 || reply.Attempts != 3 || reply.Parts != 2 || reply.Sent != 1 || reply.Took != 40*time.Millisecond {
			t.Errorf("reply %+v", reply)
		}
		if r.heard.Load() == 0 {
			t.Error("nobody was told")
		}
	}
}

func TestTrailOfADeadLetterThatIsRetried(t *testing.T) {
	var works atomic.Bool
	r := start(t, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		if works.Load() {
			return nil, nil
		}
		return nil, errors.New("the shop is closed")
	}, "")
	push := r.push("在吗", "1")
	got := r.until(push, "the dead letter", func(trace *wxsim.Trace) bool { return len(trace.Letters) == 1 && trace.Takers[0].Verdict == "dead" })
	letter := got.Letters[0]
	if letter.Worker != "shop" || letter.Attempts != 2 || letter.Detail != "the shop is closed" || letter.Retried {
		t.Errorf("letter %+v", letter)
	}
	works.Store(true)
	if err := r.trail.Retry(t.Context(), letter.Number); err != nil {
		t.Fatal(err)
	}
	r.until(push, "it is done", func(trace *wxsim.Trace) bool { return trace.Letters[0].Retried && trace.Takers[0].Verdict == "done" })
	if err := r.trail.Retry(t.Context(), letter.Number); err == nil {
		t.Error("a letter that is gone can be retried")
	}
	if r.trail.Trace("main", []byte("<xml><MsgType>x</MsgType></xml>")) != nil {
		t.Error("a push that was never stored has a trace")
	}
}
