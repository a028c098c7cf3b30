package chaos

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// api is WeChat's, with a server for each sender: so it is known who called.
type api struct {
	platform *wxsim.Platform

	mu    sync.Mutex
	calls []call
}

// call is a message that a sender had WeChat deliver.
type call struct {
	sender   string
	key      key // whom it is for, and what it says
	worker   string
	from, to time.Time
}

// answerTime is how long WeChat takes: a kill shall meet calls under way.
const answerTime = 100 * time.Millisecond

func (s *stage) startAPI(sender string) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.api.serve(w, r, sender) }))
	s.atEnd(server.Close)
	return server.URL
}

func (a *api) serve(w http.ResponseWriter, r *http.Request, sender string) {
	if r.URL.Path != wxsim.PathSend {
		a.platform.Handler().ServeHTTP(w, r)
		return
	}
	came := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender has gone before it had said all
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	a.platform.Handler().ServeHTTP(answer, r)
	time.Sleep(answerTime)
	a.note(sender, body, answer.Body.Bytes(), came)
	_, _ = w.Write(answer.Body.Bytes())
}

// note keeps a call that WeChat took.
func (a *api) note(sender string, body, answer []byte, came time.Time) {
	var result struct{ Errcode int }
	var message struct {
		Touser string
		Text   struct{ Content string }
	}
	if json.Unmarshal(answer, &result) != nil || result.Errcode != 0 || json.Unmarshal(body, &message) != nil {
		return
	}
	worker, k := parseReply(message.Touser, message.Text.Content)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, call{sender: sender, key: k, worker: worker, from: came, to: time.Now()})
}

func (a *api) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.calls)
}
