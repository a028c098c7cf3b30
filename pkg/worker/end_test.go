package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// A worker whose connection is closed for good ends, whatever its handlers do,
// and what they did is another replica's to do again.
func TestRunEndsWhenTheConnectionIsClosedForGood(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		order worker.Order
		drain time.Duration
		deaf  bool
	}{
		"handler that hears":             {order: worker.OrderNone, drain: time.Hour},
		"handler that hears, in order":   {order: worker.OrderUser, drain: time.Hour},
		"handler that is deaf":           {order: worker.OrderNone, drain: 50 * time.Millisecond, deaf: true},
		"handler that is deaf, in order": {order: worker.OrderUser, drain: 50 * time.Millisecond, deaf: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t)
			begun, open := make(chan struct{}, 1), make(chan struct{})
			defer close(open)
			handler := func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
				begun <- struct{}{}
				if tt.deaf {
					<-open
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			cfg := worker.Config{Settings: settings()}
			cfg.Order = tt.order
			b, err := bus.Connect("echo", c.url, c.book.Logger())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			w := worker.Inbound("echo", cfg, on(wechat.KindText, handler), b, c.book.Logger())
			w.Drain = tt.drain
			ended := make(chan error, 1)
			go func() { ended <- w.Run(t.Context(), b) }()
			c.text("oUser", "x")
			receive(t, "the handler runs", begun)
			c.nats.Expel()
			bustest.Eventually(t, "the connection is closed", func() bool { _ = w.Ready(t.Context(), b); return b.Err() != nil })
			if err := receive(t, "the end of Run", ended); !errors.Is(err, bus.ErrClosed) {
				t.Errorf("Run = %v, want %v", err, bus.ErrClosed)
			}
		})
	}
}
