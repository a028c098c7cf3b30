package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const pathSend = "/cgi-bin/message/custom/send"

// wechatAPI is as much of WeChat as the sender needs: it takes every message
// after a delay, and knows when each came. It does no more, or the benchmark
// would measure it.
type wechatAPI struct {
	server *http.Server
	url    string
	delay  time.Duration

	mu      sync.Mutex
	calls   int
	at      map[string]time.Time // when the message to a user came first, if that is wanted
	reached map[int]func()       // what is done at a number of calls
}

func startAPI() (*wechatAPI, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &wechatAPI{url: "http://" + listener.Addr().String()}
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: startTimeout}
	go func() { _ = a.server.Serve(listener) }()
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *wechatAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	came := time.Now()
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path != pathSend {
		_, _ = io.WriteString(w, `{"access_token":"benchmark","expires_in":7200}`)
		return
	}
	time.Sleep(a.take(body, came))
	_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
}

// take notes a call and returns how long WeChat takes for it.
func (a *wechatAPI) take(body []byte, came time.Time) (delay time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at != nil {
		_, user, _ := strings.Cut(string(body), `"touser":"`)
		user, _, _ = strings.Cut(user, `"`)
		if _, again := a.at[user]; !again {
			a.at[user] = came
		}
	}
	a.calls++
	if done := a.reached[a.calls]; done != nil {
		done()
	}
	return a.delay
}

// expect begins anew: calls are answered after delay, and each func is called
// when there have been so many.
func (a *wechatAPI) expect(delay time.Duration, reached map[int]func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.delay, a.calls, a.at, a.reached = delay, 0, nil, reached
}

// note has the API note when the message to each user comes.
func (a *wechatAPI) note() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = make(map[string]time.Time)
}

func (a *wechatAPI) stop() { _ = a.server.Close() }
