package wxapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// nowhere is a store that is away.
type nowhere struct{}

var errNowhere = errors.New("the store is away")

func (nowhere) Load(context.Context, string) (value []byte, revision uint64, err error) {
	return nil, 0, errNowhere
}

func (nowhere) Save(context.Context, string, []byte, uint64) (uint64, error) { return 0, errNowhere }

func (nowhere) Watch(context.Context, string, func([]byte)) error { return errNowhere }

// far is a server, the connections it has seen, and a client of it.
type far struct {
	*Client
	connections atomic.Int64
	protocol    atomic.Value
}

func newFar(t *testing.T, http2 bool, answer http.HandlerFunc) *far {
	t.Helper()
	f := new(far)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		f.protocol.Store(r.Proto)
		if r.URL.Path == Stable.path() {
			_, _ = io.WriteString(w, `{"access_token":"a","expires_in":7200}`)
			return
		}
		answer(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.connections.Add(1)
		}
	}
	if server.EnableHTTP2 = http2; http2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	f.Client = NewClient(server.URL, Account{Name: "pool"}, nowhere{}, slog.New(slog.DiscardHandler))
	f.http.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	return f
}

// each makes 1000 calls, 64 at a time.
func (f *far) each(t *testing.T, call func(ctx context.Context) error, want Class, fails bool) {
	t.Helper()
	var left atomic.Int64
	left.Store(1000)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				err := call(t.Context())
				if (err != nil) != fails || err != nil && Classify(err) != want {
					t.Errorf("call = %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

// A thousand calls, 64 at a time, take hardly more connections than that,
// whatever is answered: a call may find one free before its own is open. HTTP/2
// takes one.
func TestConnectionsAreUsedAgain(t *testing.T) {
	answers := []struct {
		name  string
		code  int
		text  string
		fails bool
		class Class
	}{
		{"ok", 200, `{"errcode":0,"errmsg":"ok"}`, false, 0},
		{"long", 200, `{"errcode":0,"errmsg":"` + strings.Repeat("a", 8000) + `"}`, false, 0},
		{"refused", 200, `{"errcode":40003,"errmsg":"invalid openid"}`, true, Permanent},
		{"HTML", 200, "<html></html>", true, Transient},
		{"HTTP 502", 502, "<html>Bad Gateway</html>", true, Transient},
	}
	for _, tt := range answers {
		for protocol, most := range map[string]int64{"HTTP/1.1": 2 * 64, "HTTP/2.0": 1} {
			if most == 1 && tt.code != http.StatusOK {
				continue // one connection serves all, however an answer ends
			}
			t.Run(tt.name+" "+protocol, func(t *testing.T) {
				f := newFar(t, most == 1, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(tt.code)
					_, _ = io.WriteString(w, tt.text)
				})
				call := func(ctx context.Context) error { return f.Send(ctx, []byte(`{}`)) }
				f.each(t, call, tt.class, tt.fails)
				if got := f.connections.Load(); got > most || f.protocol.Load() != protocol {
					t.Errorf("%d connections of %s, want at most %d of %s", got, f.protocol.Load(), most, protocol)
				}
			})
		}
	}
}

// An answer that does not come, or does not end, is given up in time. Only a
// call that may have changed something is in doubt.
func TestOperationEndsInItsTime(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	endless := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	refusing := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	tests := []struct {
		name   string
		method string
		answer http.HandlerFunc
		want   Class
	}{
		{"silent", http.MethodPost, silent, Doubtful},
		{"silent", http.MethodGet, silent, Transient},
		{"endless", http.MethodPost, endless, Doubtful},
		{"endless", http.MethodGet, endless, Transient},
		{"endless refusal", http.MethodPost, refusing, Transient},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.method, func(t *testing.T) {
			f := newFar(t, false, tt.answer)
			op := jsonOperation(tt.method, "/cgi-bin/x", nil, []byte(`{}`), nil)
			op.timeout = 100 * time.Millisecond
			if err := f.do(t.Context(), op); err == nil || Classify(err) != tt.want {
				t.Errorf("do = %v, class %d; want %d", err, Classify(err), tt.want)
			}
		})
	}
}

// A call that is refused for its token is made again with its whole body.
func TestBodyIsSentAgain(t *testing.T) {
	var bodies []string
	f := newFar(t, false, nil)
	f.http.Transport = tripper(func(r *http.Request) (*http.Response, error) {
		text := `{"access_token":"` + string(rune('a'+len(bodies))) + `","expires_in":7200}`
		if r.URL.Path != Stable.path() {
			sent, _ := io.ReadAll(r.Body)
			bodies = append(bodies, r.URL.Query().Get("access_token")+" "+string(sent))
			text = `{"errcode":40001}`
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	})
	shared := new(oneValue)
	f.tokens = newTokens(f.Client, shared, slog.New(slog.DiscardHandler))
	if err := f.post(t.Context(), "/cgi-bin/x", nil, map[string]string{"a": "<&>"}, nil); CodeOf(err) != 40001 {
		t.Errorf("post = %v, want 40001", err)
	}
	want := "a {\"a\":\"<&>\"}, b {\"a\":\"<&>\"}"
	if got := strings.ReplaceAll(strings.Join(bodies, ", "), "\n", ""); got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// oneValue is a store of one replica.
type oneValue struct {
	nowhere
	value    []byte
	revision uint64
}

func (s *oneValue) Load(context.Context, string) (value []byte, revision uint64, err error) {
	return s.value, s.revision, nil
}

func (s *oneValue) Save(_ context.Context, _ string, value []byte, revision uint64) (uint64, error) {
	s.value, s.revision = value, revision+1
	return s.revision, nil
}
