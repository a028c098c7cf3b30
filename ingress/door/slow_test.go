package door_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
)

// hasty is a listener on which every deadline that the server sets passes
// twenty times as soon, so that a test need not wait for it.
type hasty struct {
	net.Listener
	mu      sync.Mutex
	longest time.Duration // that the server wanted to wait for a read
	closed  int           // connections that the server has closed
}

const haste = 20

func (h *hasty) Accept() (net.Conn, error) {
	conn, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &hastyConn{conn, h}, nil
}

// read notes how long a read may take.
func (h *hasty) read(wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.longest = max(h.longest, wait)
}

func (h *hasty) hungUp() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

func (h *hasty) waited() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.longest
}

type hastyConn struct {
	net.Conn
	listener *hasty
}

func (c *hastyConn) Close() error {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.listener.closed++
	return c.Conn.Close()
}

func (c *hastyConn) SetReadDeadline(at time.Time) error {
	c.listener.read(time.Until(at))
	return c.Conn.SetReadDeadline(sooner(at))
}

func (c *hastyConn) SetWriteDeadline(at time.Time) error { return c.Conn.SetWriteDeadline(sooner(at)) }

func (c *hastyConn) SetDeadline(at time.Time) error { return c.Conn.SetDeadline(sooner(at)) }

func sooner(at time.Time) time.Time {
	if wait := time.Until(at); wait > 0 {
		return time.Now().Add(wait / haste)
	}
	return at // none, or long ago
}

// serveHastily starts an ingress in haste.
func serveHastily(t *testing.T, nats *bustest.Server) (*rig, *hasty) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hasty{Listener: listener}
	cfg := door.Config{Accounts: accounts(), PublishTimeout: 4500 * time.Millisecond, MaxBody: 1 << 20, MaxInFlight: 64}
	cfg.NATS, cfg.ShutdownTimeout = nats.Config(), 20*time.Second
	ctx, cancel := context.WithCancel(context.Background())
	host := process.NewHost(door.Name, slog.New(slog.DiscardHandler), process.NewHealth(ctx))
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, cfg, host, h) }()
	r := &rig{t: t, nats: nats, url: "http://" + listener.Addr().String(), host: host, http: &http.Client{Transport: new(http.Transport)}}
	t.Cleanup(func() { r.http.CloseIdleConnections(); cancel(); <-ended })
	return r.ready(), h
}

// drip says a text again and again, until nobody listens.
func (w *wire) drip(text string) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := io.WriteString(w.conn, text); err != nil {
			return
		}
	}
}

// Who goes on saying a little has no more time than who says nothing: the
// time is that of the whole head, and of the whole body.
func TestSlowCallersAreNotWaitedFor(t *testing.T) {
	r, listener := serveHastily(t, bustest.Start(t))
	c := count(t, r.nats)
	head := "POST " + target("/wechat/plain") + " HTTP/1.1\r\nHost: door\r\n"
	late := []answer{{http.StatusRequestTimeout, "Request Timeout"}}
	var group sync.WaitGroup
	for _, tt := range []struct {
		name, say, drip string
		want            []answer
	}{
		{"says nothing", "", "", nil},
		{"stops in the first line", "POST /wech", "", nil},
		{"says a first line without end", "GET /", "a", nil},
		{"says headers without end", head, "X: y\r\n", nil},
		{"says one header without end", head + "X: ", "y", nil},
		{"says no body", head + "Content-Length: 1000\r\n\r\n", "", late},
		{"says a body bit by bit", head + "Content-Length: 100000\r\n\r\n", "x", late},
		{"says chunks bit by bit", head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", late},
		{"says one chunk bit by bit", head + "Transfer-Encoding: chunked\r\n\r\nffff\r\n", "x", late},
		{"says the size of a chunk without end", head + "Transfer-Encoding: chunked\r\n\r\n", "0", nil},
		{"is told to go on, and does not", head + "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", "", append([]answer{goOn}, late...)},
	} {
		w := dial(t, r)
		w.say(tt.say)
		if tt.drip != "" {
			group.Go(func() { w.drip(tt.drip) })
		}
		group.Go(func() {
			var got []answer
			for range tt.want {
				heard, _ := w.hear(http.MethodPost)
				got = append(got, heard)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("who %s: %s", tt.name, diff)
			}
			if _, err := io.Copy(io.Discard, w.reader); isTimeout(err) {
				t.Errorf("who %s is still heard", tt.name)
			}
		})
	}
	bustest.Eventually(t, "a push beside them is a success", func() bool { return r.post("/wechat/main", sealed(t, text, appID)) == success })
	group.Wait()
	if got := c.stored(); got != 1 {
		t.Errorf("stored %d messages, want the one push", got)
	}
	if most := 90 * time.Second; listener.waited() > most {
		t.Errorf("the ingress would have waited %v, want %v at most", listener.waited(), most)
	}
}

// Who goes away in the middle of his push has said nothing.
func TestHalfAPushIsNone(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	for _, whole := range []string{
		request("POST", target("/wechat/plain"), text),
		bare("POST "+target("/wechat/plain")+" HTTP/1.1", chunked(text, 50), "Host: door", "Transfer-Encoding: chunked"),
	} {
		for cut := 1; cut < len(whole); cut += 9 {
			w := dial(t, r)
			w.say(whole[:cut])
			if cut%2 == 0 {
				_ = w.conn.SetLinger(0) // goes away at once, by a reset
				_ = w.conn.Close()
				continue
			}
			_ = w.conn.CloseWrite()
			if said, err := io.ReadAll(w.reader); err != nil || strings.Contains(string(said), "success") || strings.Contains(string(said), "HTTP/1.1 5") {
				t.Errorf("answer to %d bytes of a push = %q, %v", cut, said, err)
			}
		}
	}
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Errorf("answer to a whole push = %+v", got)
	}
	if got := c.stored(); got != 1 {
		t.Errorf("stored %d messages, want the whole one", got)
	}
}

// Whoever does not wait for the answer has his push stored all the same, word
// for word, whether the ingress still waits for JetStream or has given him up.
func TestPushesOfCallersWhoAreGoneAreStored(t *testing.T) {
	for _, patience := range []time.Duration{20 * time.Second, 50 * time.Millisecond} {
		t.Run(patience.String(), func(t *testing.T) {
			nats := bustest.Start(t)
			r := serve(t, nats, func(c *door.Config) { c.PublishTimeout = patience }).ready()
			const callers = 30
			nats.Down()
			var want []string
			for no := range callers {
				content := strings.Repeat(fmt.Sprint(no, "再见"), 10*no+1)
				push := strings.Replace(textNo(no), "你好", content, 1)
				whole := request("POST", target("/wechat/plain"), push)
				if no%2 == 0 {
					whole = bare("POST "+target("/wechat/plain")+" HTTP/1.1", chunked(push, 99), "Host: door", "Transfer-Encoding: chunked")
				}
				w := dial(t, r)
				w.say(whole)
				_ = w.conn.Close()
				want = append(want, content)
			}
			nats.Up()
			bustest.Eventually(t, "all are stored", func() bool { return len(nats.Stored(bus.StreamIn)) == callers })
			if diff := cmp.Diff(want, contents(t, nats), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// contents returns the Content of every message that is stored.
func contents(t *testing.T, nats *bustest.Server) (all []string) {
	t.Helper()
	for _, m := range nats.Stored(bus.StreamIn) {
		var message struct{ Content string }
		if err := json.Unmarshal(m.Data, &message); err != nil {
			t.Error(err)
		}
		all = append(all, message.Content)
	}
	return all
}
