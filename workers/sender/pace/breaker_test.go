package pace_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/pace"
)

// wechat answers calls as its mode says, over real connections.
type wechat struct {
	*httptest.Server

	mode  atomic.Value // func(http.ResponseWriter)
	calls atomic.Int64 // of custom/send
}

func newWeChat(t *testing.T, mode func(http.ResponseWriter)) *wechat {
	t.Helper()
	w := new(wechat)
	w.mode.Store(mode)
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/cgi-bin/message/custom/send" {
			_, _ = rw.Write([]byte(`{"access_token":"token-of-the-test","expires_in":7200}`))
			return
		}
		w.calls.Add(1)
		w.mode.Load().(func(http.ResponseWriter))(rw)
	}))
	t.Cleanup(w.Close)
	return w
}

func says(body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = w.Write([]byte(body)) }
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

// cut ends the connection instead of answering.
func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func client(base string, b *bus.Bus) *wxapi.Client {
	known := wxapi.Account{Name: account, AppID: "wx0123456789abcdef", Secret: "0123456789abcdef0123456789abcdef"}
	return wxapi.NewClient(base, known, b.Bucket(bus.BucketToken), slog.New(slog.DiscardHandler))
}

// call sends a message if it may, and reports whether it was allowed to.
func call(ctx context.Context, p *pace.Pacer, c *wxapi.Client) bool {
	wait, err := p.Wait(ctx)
	if wait > 0 || err != nil {
		return false
	}
	p.Report(ctx, c.Send(ctx, []byte(`{}`)), 1)
	return true
}

// A replica that cannot reach WeChat stops trying, one call sees whether it can
// again, and then all go.
func TestBreakerOpensAndCloses(t *testing.T) {
	r := newRig(t)
	b := r.nats.Bus()
	api := newWeChat(t, says(`{"errcode":0}`))
	p, sick := r.of(account, pace.Config{}, b), client(api.URL, b)
	if !call(t.Context(), p, sick) || p.Paused() > 0 {
		t.Fatal("cannot call")
	}
	api.mode.Store(cut)
	tries := 0
	for p.Paused() == 0 && tries < 50 {
		call(t.Context(), p, sick)
		tries++
	}
	if tries != 5 {
		t.Errorf("opened after %d failures, want 5", tries)
	}
	if got := r.metric("wxbus_sender_breaker_open", account); got != 1 {
		t.Errorf("the metric says %v", got)
	}
	before := api.calls.Load()
	bustest.Eventually(t, "a call is tried", func() bool { return call(t.Context(), p, sick) })
	if got := api.calls.Load() - before; got != 1 || p.Paused() == 0 {
		t.Errorf("%d calls tried, want 1, and the breaker open again", got)
	}
	api.mode.Store(says(`{"errcode":40003,"errmsg":"invalid openid"}`))
	bustest.Eventually(t, "a call is tried", func() bool { return call(t.Context(), p, sick) })
	for range 20 {
		if !call(t.Context(), p, sick) {
			t.Fatal("the breaker is open though WeChat answers")
		}
	}
	if got := r.metric("wxbus_sender_breaker_open", account); got != 0 {
		t.Errorf("the metric says %v", got)
	}
}

// While one call sees whether WeChat can be reached, no other goes.
func TestBreakerTriesOneCall(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{Waiters: 100})
	r.report(p, 5, context.DeadlineExceeded)
	r.pauses(p)
	var gone, sentAway atomic.Int64
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 16 {
		running.Go(func() {
			for ctx.Err() == nil {
				wait, err := p.Wait(ctx)
				if wait == 0 && err == nil {
					gone.Add(1)
					return
				}
				sentAway.Add(1)
			}
		})
	}
	bustest.Eventually(t, "a call goes", func() bool { return gone.Load() > 0 })
	before := sentAway.Load()
	bustest.Eventually(t, "all others have tried", func() bool { return sentAway.Load() > before+30 })
	if got := gone.Load(); got != 1 {
		t.Errorf("%d calls went first", got)
	}
	p.Report(t.Context(), nil, 1)
	running.Wait()
	if got := gone.Load(); got != 16 {
		t.Errorf("%d calls went, want all", got)
	}
}

// The breaker is this account's and this replica's.
func TestBreakerHoldsUpNobodyElse(t *testing.T) {
	r := newRig(t)
	b := r.nats.Bus()
	sick, other := r.of(account, pace.Config{}, b), r.of("shop", pace.Config{}, b)
	replica := r.replica(pace.Config{})
	r.report(sick, 5, context.DeadlineExceeded)
	r.pauses(sick)
	if other.Paused() > 0 || replica.Paused() > 0 {
		t.Errorf("another account pauses %s, another replica %s", other.Paused(), replica.Paused())
	}
}

// What the breaker, and what the pause of the account learns from.
func TestWhatFailuresMean(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + listener.Addr().String()
	_ = listener.Close()
	tests := []struct {
		name    string
		base    string                    // of an API that is not there, or
		mode    func(http.ResponseWriter) // what one does that is
		breaker bool
		pause   bool
	}{
		{name: "refused", base: refused, breaker: true},
		{name: "no such name", base: "http://wechat.invalid", breaker: true},
		{name: "no TLS", base: "tls", breaker: true},
		{name: "cut off", mode: cut, breaker: true},
		{name: "half an answer", mode: func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"err`))
		}, breaker: true},
		{name: "502", mode: status(http.StatusBadGateway), pause: true},
		{name: "a page", mode: says("<html>"), pause: true},
		{name: "busy", mode: says(`{"errcode":-1}`), pause: true},
		{name: "day", mode: says(`{"errcode":45009}`), pause: true},
		{name: "minute", mode: says(`{"errcode":45011}`), pause: true},
		{name: "user", mode: says(`{"errcode":43004}`)},
		{name: "window", mode: says(`{"errcode":45047}`)},
		{name: "unknown code", mode: says(`{"errcode":7}`)},
		{name: "taken", mode: says(`{"errcode":0}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			b := r.nats.Bus()
			api := newWeChat(t, says(`{"errcode":0}`))
			p := r.of(account, pace.Config{}, b)
			c := client(api.URL, b)
			call(t.Context(), p, c) // has a token now
			switch {
			case tt.base == "tls":
				c = client("https"+api.URL[len("http"):], b)
			case tt.base != "":
				c = client(tt.base, b)
			default:
				api.mode.Store(tt.mode)
			}
			for range 15 {
				call(t.Context(), p, c)
				if p.Paused() > 0 {
					break
				}
			}
			breaker, pause := r.log.Count("breaker opens") > 0, r.log.Count("account pauses") > 0
			if breaker != tt.breaker || pause != tt.pause {
				t.Errorf("breaker %t, pause %t, want %t, %t", breaker, pause, tt.breaker, tt.pause)
			}
		})
	}
}

// A reply that is given up by a sender that stops says nothing of WeChat.
func TestStoppedCallsSayNothing(t *testing.T) {
	r := newRig(t)
	b := r.nats.Bus()
	hang := make(chan struct{})
	api := newWeChat(t, func(http.ResponseWriter) { <-hang })
	defer close(hang)
	p, c := r.of(account, pace.Config{}, b), client(api.URL, b)
	for n := range int64(10) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			bustest.Eventually(t, "the call is there", func() bool { return api.calls.Load() > n })
			cancel()
		}()
		call(ctx, p, c)
	}
	if got := p.Paused(); got > 0 {
		t.Errorf("pauses for %s", got)
	}
}
