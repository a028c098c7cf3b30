package workertest_test

import (
	"context"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/worker/workertest"
)

// greeter is the worker that the examples test.
func greeter() *worker.Mux {
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, repeat)
	mux.Handle(wechat.EventSubscribe, welcome)
	return mux
}

func repeat(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
	if m.Field("Content") == "" {
		return nil, worker.Drop("nothing was said", nil)
	}
	return wechat.TextReplies("你说：" + m.Field("Content")), nil
}

func welcome(context.Context, *wechat.Message) (wechat.Replies, error) {
	return wechat.Replies{wechat.TextReply("欢迎！"), wechat.TextReply("说点什么吧。")}, nil
}

// A handler, without a server.
func TestRepeat(t *testing.T) {
	if got := workertest.Try(t, greeter(), workertest.Text("oUser", "你好")); got.Text() != "你说：你好" {
		t.Errorf("replies %q, verdict %v", got.Text(), got.Verdict)
	}
}

// The whole worker, on a real nats-server.
func TestGreeter(t *testing.T) {
	s := workertest.Start(t, greeter())
	s.Push(workertest.Event("oUser", "subscribe", ""))
	if got := s.Replies(1)[0].Text(); got != "欢迎！\n说点什么吧。" {
		t.Errorf("who follows is told %q", got)
	}
	s.Push(workertest.Text("oUser", ""))
	if got := s.Dead(1)[0].Reason; got != "nothing was said" {
		t.Errorf("the dead letter says %q", got)
	}
	s.Settled()
	if n := len(s.Replies(1)); n != 1 {
		t.Errorf("%d replies, want 1", n)
	}
}
