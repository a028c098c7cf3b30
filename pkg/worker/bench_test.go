package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// BenchmarkOrder is the rate at which a replica takes messages of 1000 users,
// has a handler do nothing, and acknowledges them: with order and without.
func BenchmarkOrder(b *testing.B) {
	for _, order := range []worker.Order{worker.OrderNone, worker.OrderUser} {
		for _, slots := range []int{16, 128} {
			b.Run(fmt.Sprintf("%s/%d", order, slots), func(b *testing.B) { benchmarkOrder(b, order, slots) })
		}
	}
}

func benchmarkOrder(b *testing.B, order worker.Order, slots int) {
	server := bustest.Start(b)
	connection, js := server.Bus(), server.JetStream()
	const users = 1000
	for n := range b.N {
		user := fmt.Sprint("oUser", n%users)
		body := fmt.Appendf(nil, `{"FromUserName":%q,"CreateTime":1720000001,"MsgType":"text","Content":"x","MsgId":%d}`, user, n)
		m, err := wechat.Decode(body)
		if err != nil {
			b.Fatal(err)
		}
		e := route.Pack("main", m, body, time.Now())
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: e.Subject(16), Header: e.Header(), Data: e.Body}); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	var handled atomic.Int64
	done := make(chan struct{})
	cfg := worker.Config{Settings: settings()}
	cfg.Order, cfg.Slots, cfg.ShutdownTimeout = order, slots, 20*time.Second
	cfg.Typing = false
	w := worker.Inbound("echo", cfg, on(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		if handled.Add(1) == int64(b.N) {
			close(done)
		}
		return nil, nil
	}), connection, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	b.ResetTimer()
	go func() { ended <- w.Run(ctx, connection) }()
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	cancel()
	<-ended
}
