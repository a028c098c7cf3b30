package wxapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// server answers every custom/send in one way, and gives out a token.
func server(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for _, path := range []string{"/cgi-bin/stable_token", "/cgi-bin/token"} {
		mux.HandleFunc(path, body(`{"access_token":"`+accessToken+`","expires_in":7200}`))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body) // a server that has not read all does not see its client go
		answer(w, request)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// stub answers every call in one way, also those for a token.
func stub(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

const accessToken = "92_tokenTOKENtokenTOKEN"

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

// cutOff promises more than it sends.
func cutOff(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// none stands for success where a class is wanted.
const none wxapi.Class = -1

func classOf(err error) wxapi.Class {
	if err == nil {
		return none
	}
	return wxapi.Classify(err)
}

func TestAnswersToSend(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   wxapi.Class
		code   int
	}{
		{"ok", body(`{"errcode":0,"errmsg":"ok"}`), none, 0},
		{"ok with more fields", body(` {"errmsg":"ok","errcode":0,"msgid":1} `), none, 0},
		{"busy", body(`{"errcode":-1,"errmsg":"system error"}`), wxapi.Transient, -1},
		{"refused", body(`{"errcode":45015,"errmsg":"response out of time limit"}`), wxapi.Permanent, 45015},
		{"refused without errmsg", body(`{"errcode":45047}`), wxapi.Permanent, 45047},
		{"no errcode", body(`{"message":"no upstream"}`), wxapi.Transient, 0},
		{"empty object", body(`{}`), wxapi.Transient, 0},
		{"null", body(`null`), wxapi.Transient, 0},
		{"null errcode", body(`{"errcode":null}`), wxapi.Transient, 0},
		{"list", body(`[]`), wxapi.Transient, 0},
		{"text", body(`"ok"`), wxapi.Transient, 0},
		{"errcode in quotes", body(`{"errcode":"0"}`), wxapi.Transient, 0},
		{"nothing", body(""), wxapi.Transient, 0},
		{"HTML", body("<html><body>nginx</body></html>"), wxapi.Transient, 0},
		{"JSON cut off", body(`{"errcode":0,"errm`), wxapi.Transient, 0},
		{"two answers", body(`{"errcode":0}{"errcode":0}`), wxapi.Transient, 0},
		{"HTTP 500", status(500, ""), wxapi.Transient, 0},
		{"HTTP 502", status(502, "<html>Bad Gateway</html>"), wxapi.Transient, 0},
		{"HTTP 503 with errcode", status(503, `{"errcode":0}`), wxapi.Transient, 0},
		{"HTTP 502 cut off", cutOff(502, "<html>"), wxapi.Transient, 0},
		{"HTTP 404", status(404, `{"errcode":45015}`), wxapi.Transient, 0},
		{"HTTP 304", status(304, ""), wxapi.Transient, 0},
		{"connection cut in the answer", cutOff(200, `{"errcode":`), wxapi.Doubtful, 0},
		{"connection cut before the answer", drop, wxapi.Doubtful, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := newClient(server(t, tt.answer), newStore(), new(bustest.Logbook)).Send(patience(t), []byte(message))
			if got := classOf(err); got != tt.want || wxapi.CodeOf(err) != tt.code {
				t.Errorf("Send = %v, class %d and errcode %d; want %d and %d", err, got, wxapi.CodeOf(err), tt.want, tt.code)
			}
		})
	}
}

func TestRequestThatIsNotSentIsTransient(t *testing.T) {
	r := newRig(t)
	send(t, r.replica())
	gone := httptest.NewServer(nil)
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		url  string
	}{
		{"connection refused", patience(t), gone.URL},
		{"plain HTTP where TLS is spoken", patience(t), strings.Replace(r.url, "http:", "https:", 1)},
		{"no URL", patience(t), "http://[::1"},
		{"cancelled before", cancelled, r.url},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := newClient(tt.url, r.store, r.log).Send(tt.ctx, []byte(message))
			if got := classOf(err); got != wxapi.Transient {
				t.Errorf("Send = %v, class %d; want transient", err, got)
			}
		})
	}
	r.wantCounts(1, 1)
}

func TestSilenceIsDoubtful(t *testing.T) {
	asked := make(chan struct{})
	url := server(t, func(_ http.ResponseWriter, request *http.Request) {
		close(asked)
		<-request.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	err := newClient(url, newStore(), new(bustest.Logbook)).Send(ctx, []byte(message))
	if got := classOf(err); got != wxapi.Doubtful {
		t.Errorf("Send = %v, class %d; want doubtful", err, got)
	}
}

// What no end is seen of is read up to a bound, and is no answer.
func TestAnswerIsBounded(t *testing.T) {
	var written atomic.Int64
	bomb := packed(make([]byte, 4<<20))
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"endless", func(w http.ResponseWriter, _ *http.Request) { flood(w, &written) }},
		{"1 GB", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(1<<30))
			flood(w, &written)
		}},
		{"4 MB in 4 kB", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			written.Store(0)
			err := newClient(server(t, tt.answer), newStore(), new(bustest.Logbook)).Send(patience(t), []byte(message))
			if got := classOf(err); got != wxapi.Transient {
				t.Errorf("Send = %v, class %d; want transient", err, got)
			}
			if got := written.Load(); got > 64<<20 {
				t.Errorf("%d bytes were taken", got)
			}
		})
	}
}

func packed(data []byte) []byte {
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	_, _ = writer.Write(data)
	_ = writer.Close()
	return small.Bytes()
}

// flood writes until nobody reads any more.
func flood(w io.Writer, written *atomic.Int64) {
	chunk := make([]byte, 64<<10)
	for {
		n, err := w.Write(chunk)
		written.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// The token stands in the URL and the message in the body: neither may go to
// where an answer points.
func TestRedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		url := server(t, func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, other.URL+request.URL.RequestURI(), code)
		})
		err := newClient(url, newStore(), new(bustest.Logbook)).Send(patience(t), []byte(message))
		if got := classOf(err); got != wxapi.Transient {
			t.Errorf("%d: Send = %v, class %d; want transient", code, err, got)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed")
	}
}

// The callers' patience ends before WeChat's.
func TestSendEndsWithItsContext(t *testing.T) {
	url := server(t, func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	if err := newClient(url, newStore(), new(bustest.Logbook)).Send(ctx, []byte(message)); err == nil {
		t.Error("Send = nil, want an error")
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("Send took %s", took)
	}
}
