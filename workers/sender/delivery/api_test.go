package delivery_test

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

// api stands before the simulator, sees each call of custom/send and may act
// before it is served.
type api struct {
	*httptest.Server
	sim http.Handler

	mu    sync.Mutex
	calls []call
	hook  func(n int, c call) // n counts from 1
}

// call is one call of custom/send as WeChat gets it.
type call struct {
	Time   time.Time
	ToUser string
	Body   string
	token  string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == wxsim.PathSend {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.see(call{Time: time.Now(), Body: string(body), token: r.URL.Query().Get("access_token")})
	}
	a.sim.ServeHTTP(w, r)
}

func (a *api) see(c call) {
	var message struct{ ToUser string }
	_ = json.Unmarshal([]byte(c.Body), &message)
	c.ToUser = message.ToUser
	a.mu.Lock()
	a.calls = append(a.calls, c)
	n, hook := len(a.calls), a.hook
	a.mu.Unlock()
	if hook != nil {
		hook(n, c)
	}
}

// before sets what is done before a call is served.
func (a *api) before(hook func(n int, c call)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook = hook
}

// seen returns the calls for a user, or all for "".
func (a *api) seen(user string) (calls []call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.calls {
		if user == "" || c.ToUser == user {
			calls = append(calls, c)
		}
	}
	return calls
}

// tokens returns every token that was used.
func (a *api) tokens() (tokens []string) {
	for _, c := range a.seen("") {
		tokens = append(tokens, c.token)
	}
	return tokens
}
