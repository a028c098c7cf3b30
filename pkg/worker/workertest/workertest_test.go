package workertest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/worker/workertest"
)

func on(kind wechat.Kind, handler worker.HandlerFunc) *worker.Mux {
	mux := worker.NewMux()
	mux.Handle(kind, handler)
	return mux
}

func returns(replies wechat.Replies, err error) worker.HandlerFunc {
	return func(context.Context, *wechat.Message) (wechat.Replies, error) { return replies, err }
}

func TestTryJudgesAsAWorker(t *testing.T) {
	t.Parallel()
	broken := errors.New("database is away")
	last := func(s *worker.Settings) { s.Attempts = 1 }
	for _, tt := range []struct {
		name    string
		handler worker.HandlerFunc
		change  func(*worker.Settings)
		dead    string
		detail  string
		again   time.Duration
	}{
		{"done", returns(nil, nil), nil, "", "", 0},
		{"error", returns(nil, broken), nil, "", "", 20 * time.Millisecond},
		{"last error", returns(nil, broken), last, "attempts used up", "database is away", 0},
		{"retry after", returns(nil, worker.RetryAfter(time.Hour, broken)), nil, "", "", time.Hour},
		{"snooze", returns(nil, worker.Snooze(time.Hour)), last, "", "", time.Hour},
		{"drop", returns(nil, worker.Drop("no such menu", broken)), nil, "no such menu", "database is away", 0},
		{"panic", func(context.Context, *wechat.Message) (wechat.Replies, error) { panic("oops") }, last, "attempts used up", "panic: oops", 0},
		{"too slow", func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, func(s *worker.Settings) { s.Attempts, s.Timeout = 1, time.Millisecond }, "attempts used up", "context deadline exceeded", 0},
		{"reply that is no JSON", returns(wechat.Replies{{MsgType: "text", Content: func() {}}}, nil), nil, "malformed reply", "*", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			change := tt.change
			if change == nil {
				change = func(*worker.Settings) {}
			}
			got := workertest.Try(t, on(wechat.KindText, tt.handler), workertest.Text("oUser", "你好"), change)
			if got.Dead != tt.dead || got.Again != tt.again || tt.detail != "*" && got.Detail != tt.detail {
				t.Errorf("dead %q, detail %q, again %s", got.Dead, got.Detail, got.Again)
			}
			if done := got.Dead == "" && got.Again == 0; done != (got.Verdict == nil) {
				t.Errorf("verdict %v", got.Verdict)
			}
		})
	}
}

func TestTryDecodesWhatWeChatWrites(t *testing.T) {
	t.Parallel()
	var m *wechat.Message
	mux := on(wechat.EventClick, func(_ context.Context, got *wechat.Message) (wechat.Replies, error) {
		m = got
		return wechat.TextReplies("价格"), nil
	})
	got := workertest.Try(t, mux, `<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName>
		<CreateTime>1720000107</CreateTime><MsgType>event</MsgType><Event>CLICK</Event><EventKey>price</EventKey></xml>`)
	if got.Verdict != nil || m.Field("EventKey") != "price" || m.Account != "main" || m.ID == "" {
		t.Errorf("verdict %v, message %+v", got.Verdict, m)
	}
	if len(got.Replies) != 1 || got.Replies[0].ID != "test:"+m.ID+":1" {
		t.Errorf("replies %v", got.Replies)
	}
	if want := `{"msgtype":"text","text":{"content":"价格"},"touser":"oUser"}`; string(got.Replies[0].Body) != want {
		t.Errorf("reply %s, want %s", got.Replies[0].Body, want)
	}
}

func TestTryKnowsNoAllowance(t *testing.T) {
	t.Parallel()
	mux := on(wechat.KindText, func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
		allowance, err := worker.Allowance(ctx)
		return wechat.TextReplies(fmt.Sprint(allowance.Known)), err
	})
	if got := workertest.Try(t, mux, workertest.Text("oUser", "?")); got.Text() != "false" || got.Verdict != nil {
		t.Errorf("known %s, verdict %v", got.Text(), got.Verdict)
	}
}

func TestServerKeepsOrder(t *testing.T) {
	t.Parallel()
	mux := on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		return wechat.TextReplies(m.Field("Content")), nil
	})
	s := workertest.Start(t, mux, func(cfg *worker.Config) { cfg.Order = worker.OrderUser })
	for _, text := range []string{"一", "二", "三"} {
		s.Push(workertest.Text("oUser", text))
	}
	s.Settled()
	var said []string
	for _, reply := range s.Replies(3) {
		said = append(said, reply.Text())
	}
	if got := strings.Join(said, " "); got != "一 二 三" {
		t.Errorf("replies %s", got)
	}
}

// patient is a test that is told of a failure instead of failing.
type patient struct {
	testing.TB

	mu   sync.Mutex
	said string
}

func (p *patient) Fatalf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestServerSaysWhatItSawInstead(t *testing.T) {
	t.Parallel()
	p := &patient{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := workertest.Start(p, on(wechat.KindText, returns(nil, worker.Drop("no such menu", nil))))
		s.Patience = 50 * time.Millisecond
		s.Push(workertest.Text("oUser", "菜单"))
		s.Replies(1)
	}()
	<-done
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, want := range []string{"1 messages in WECHAT_OUT", "WECHAT_OUT: 0 messages", "WECHAT_IN: 1 messages", "菜单"} {
		if !strings.Contains(p.said, want) {
			t.Errorf("it does not say %q:\n%s", want, p.said)
		}
	}
}
