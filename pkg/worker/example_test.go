package worker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// say has a mux deal with a push as a worker does and returns what is answered.
func say(mux *worker.Mux, push string) string {
	m, err := wechat.Decode([]byte(push))
	if err != nil {
		return err.Error()
	}
	replies, err := mux.Handler()(context.Background(), m)
	if err != nil {
		return err.Error()
	}
	body, _ := wechat.Marshal(replies)
	return string(body)
}

func ExampleOn() {
	mux := worker.NewMux()
	worker.On(mux, func(_ context.Context, text *wechat.Text) (wechat.Replies, error) {
		return wechat.TextReplies("你说：" + text.Content), nil
	})
	worker.On(mux, func(_ context.Context, scan *wechat.ScanEvent) (wechat.Replies, error) {
		return wechat.TextReplies("场景 " + scan.EventKey), nil
	})
	fmt.Println(say(mux, `{"MsgType":"text","Content":"你好"}`))
	fmt.Println(say(mux, `{"MsgType":"event","Event":"SCAN","EventKey":"7"}`))
	// Output:
	// [{"msgtype":"text","text":{"content":"你说：你好"}}]
	// [{"msgtype":"text","text":{"content":"场景 7"}}]
}

func ExampleRegexp() {
	mux := worker.NewMux()
	worker.On(mux, func(ctx context.Context, _ *wechat.Text) (wechat.Replies, error) {
		return wechat.TextReplies(worker.Group(ctx, 1) + "：晴"), nil
	}, worker.Regexp(`^(.+)天气$`))
	worker.On(mux, func(context.Context, *wechat.Text) (wechat.Replies, error) {
		return wechat.TextReplies("试试：北京天气"), nil
	})
	fmt.Println(say(mux, `{"MsgType":"text","Content":"上海天气"}`))
	fmt.Println(say(mux, `{"MsgType":"text","Content":"你好"}`))
	// Output:
	// [{"msgtype":"text","text":{"content":"上海：晴"}}]
	// [{"msgtype":"text","text":{"content":"试试：北京天气"}}]
}

func ExampleKey() {
	mux := worker.NewMux()
	worker.On(mux, func(context.Context, *wechat.ClickEvent) (wechat.Replies, error) {
		return wechat.TextReplies("一份 12 元"), nil
	}, worker.Key("MENU_PRICE"))
	fmt.Println(say(mux, `{"MsgType":"event","Event":"CLICK","EventKey":"MENU_PRICE"}`))
	fmt.Println(say(mux, `{"MsgType":"event","Event":"CLICK","EventKey":"MENU_OTHER"}`)) // done, nobody answers
	// Output:
	// [{"msgtype":"text","text":{"content":"一份 12 元"}}]
	// null
}

// One handler counts what comes and leaves it to the others.
func ExampleNext() {
	seen := 0
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		seen++
		return nil, worker.Next()
	})
	mux.Handle(wechat.AnyKind, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return wechat.TextReplies("收到"), nil
	})
	fmt.Println(say(mux, `{"MsgType":"text","Content":"你好"}`))
	fmt.Println(seen)
	// Output:
	// [{"msgtype":"text","text":{"content":"收到"}}]
	// 1
}

func ExampleMux_Use() {
	mux := worker.NewMux()
	mux.Use(func(next worker.HandlerFunc) worker.HandlerFunc {
		return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			replies, err := next(ctx, m)
			fmt.Println(m.Kind(), len(replies), err)
			return replies, err
		}
	})
	worker.On(mux, func(context.Context, *wechat.SubscribeEvent) (wechat.Replies, error) {
		return wechat.TextReplies("欢迎！"), nil
	})
	fmt.Println(say(mux, `{"MsgType":"event","Event":"subscribe"}`))
	// Output:
	// event.subscribe 1 <nil>
	// [{"msgtype":"text","text":{"content":"欢迎！"}}]
}

// A job that somebody else works on is looked at again, without using up attempts.
func ExampleSnooze() {
	finished := func(string) bool { return false }
	mux := worker.NewMux()
	worker.On(mux, func(_ context.Context, text *wechat.Text) (wechat.Replies, error) {
		if !finished(text.ID) {
			return nil, worker.Snooze(10 * time.Second)
		}
		return wechat.TextReplies("做好了"), nil
	})
	fmt.Println(say(mux, `{"MsgType":"text","Content":"画一只猫"}`))
	// Output: snoozed for 10s
}
