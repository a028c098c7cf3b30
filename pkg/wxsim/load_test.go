package wxsim_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// loadOn is a load of few pushes on a server.
func loadOn(url string, mode callback.Mode) wxsim.Load {
	account := testAccount()
	account.URL, account.Mode = url+"/wechat/main", mode
	return wxsim.Load{Account: account, Connections: 4, Count: 40, Users: 7}
}

// flood runs a load that must not fail as a whole.
func flood(t *testing.T, l wxsim.Load) wxsim.LoadReport {
	t.Helper()
	report, err := l.Run(patience(t))
	if err != nil {
		t.Fatalf("Run = %v", err)
	}
	return report
}

// counts are what a report counts.
type counts struct {
	Pushes, Accepted, Unsent, Deliveries int64
	Failures                             map[string]int64
}

func checkCounts(t *testing.T, report wxsim.LoadReport, want counts) {
	t.Helper()
	if want.Failures == nil {
		want.Failures = map[string]int64{}
	}
	got := counts{report.Pushes, report.Accepted, report.Unsent, report.Deliveries, report.Failures}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestLoadPushesGenuineMessages(t *testing.T) {
	for _, mode := range modes {
		for _, kind := range []string{wxsim.LoadTexts, wxsim.LoadEvents, wxsim.LoadMix} {
			for _, asJSON := range []bool{false, true} {
				name := string(mode) + " " + kind + map[bool]string{false: " XML", true: " JSON"}[asJSON]
				t.Run(name, func(t *testing.T) {
					server := newServer(t, mode)
					l := loadOn(server.URL, mode)
					l.Kind, l.JSON, l.Size = kind, asJSON, 512
					checkCounts(t, flood(t, l), counts{Pushes: 40, Accepted: 40, Deliveries: 40})
					checkGenuine(t, server.requests(), l)
				})
			}
		}
	}
}

// checkGenuine checks that every push opens, is what was asked for, and is a
// message and a delivery of its own.
func checkGenuine(t *testing.T, got []received, l wxsim.Load) {
	t.Helper()
	messages, nonces, users := map[string]bool{}, map[string]bool{}, map[string]bool{}
	kinds := map[wechat.Kind]int{}
	for _, r := range got {
		if r.err != nil {
			t.Fatalf("cannot be opened: %v: %s", r.err, r.body)
		}
		m := r.message
		if r.openid != m.FromUserName || len(r.openid) != 28 || m.CreateTime == 0 {
			t.Errorf("openid = %q, message = %s", r.openid, m.Body)
		}
		if m.MsgType == "text" && (len(r.opened) != 512 || len(m.MsgId) != 19) {
			t.Errorf("text has %d bytes and MsgId %q", len(r.opened), m.MsgId)
		}
		if m.MsgType == "event" && (m.MsgId != "" || !strings.Contains(string(m.Body), `"ScanCodeInfo":{"ScanType":"qrcode",`)) {
			t.Errorf("event = %s", m.Body)
		}
		if asJSON := strings.HasPrefix(r.body, "{"); asJSON != l.JSON || asJSON != (r.contentType == "application/json") {
			t.Errorf("Content-Type %q of %s", r.contentType, r.body)
		}
		kinds[m.Kind()]++
		messages[m.MsgId+r.opened], nonces[r.query.Nonce], users[r.openid] = true, true, true
	}
	if len(messages) != 40 || len(nonces) != 40 || len(users) != 7 {
		t.Errorf("%d messages, %d nonces, %d users, want 40, 40, 7", len(messages), len(nonces), len(users))
	}
	want := map[string]map[wechat.Kind]int{
		wxsim.LoadTexts:  {wechat.KindText: 40},
		wxsim.LoadEvents: {"event.scancode_push": 40},
		wxsim.LoadMix:    {wechat.KindText: 20, "event.scancode_push": 20},
	}[l.Kind]
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestLoadTriesAgainAsWeChatDoes(t *testing.T) {
	server := newServer(t, callback.Safe)
	server.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n%3 != 0 { // the third delivery of each
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "success")
	}
	l := loadOn(server.URL, callback.Safe)
	l.Connections, l.Count, l.Tries = 1, 5, 3
	checkCounts(t, flood(t, l), counts{Pushes: 5, Accepted: 5, Deliveries: 15, Failures: map[string]int64{"HTTP 503": 10}})
	messages, bodies := map[string]int{}, map[string]bool{}
	for _, r := range server.requests() {
		messages[r.opened]++
		bodies[r.body] = true
	}
	for message, times := range messages {
		if times != 3 {
			t.Errorf("delivered %d times, want 3: %s", times, message)
		}
	}
	if len(messages) != 5 || len(bodies) != 15 {
		t.Errorf("%d messages in %d ciphertexts, want 5 in 15", len(messages), len(bodies))
	}
}

// What is not accepted is counted by its reason; only what no answer came for
// is tried again.
func TestLoadCountsFailures(t *testing.T) {
	stop := make(chan struct{})
	for _, tt := range []struct {
		name, failure string
		answer        func(w http.ResponseWriter)
		tries         int64
	}{
		{"overloaded", "HTTP 503", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, 2},
		{"another answer", `neither "success" nor empty`, func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<xml></xml>") }, 1},
		{"hangs up", "connection lost", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 2},
		{"silent", "no answer within 20ms", func(http.ResponseWriter) { <-stop }, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newServer(t, callback.Plain)
			server.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { tt.answer(w) }
			l := loadOn(server.URL, callback.Plain)
			l.Count, l.Tries = 8, 2
			if strings.HasSuffix(tt.failure, "20ms") {
				l.Timeout = 20 * time.Millisecond
				t.Cleanup(func() { close(stop) })
			}
			want := counts{Pushes: 8, Deliveries: 8 * tt.tries, Failures: map[string]int64{tt.failure: 8 * tt.tries}}
			checkCounts(t, flood(t, l), want)
		})
	}
}

// An answer need not look as the ingress' does.
func TestLoadReadsAnyAnswer(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"empty": func(http.ResponseWriter) {},
		"closed": func(w http.ResponseWriter) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "success")
		},
		"chunked": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "suc")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "cess")
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, callback.Plain)
			server.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { answer(w) }
			checkCounts(t, flood(t, loadOn(server.URL, callback.Plain)), counts{Pushes: 40, Accepted: 40, Deliveries: 40})
		})
	}
}

func TestLoadKeepsItsConnections(t *testing.T) {
	var mu sync.Mutex
	opened := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "success")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if state == http.StateNew {
			opened++
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	l := loadOn(server.URL, callback.Safe)
	l.Count = 400
	checkCounts(t, flood(t, l), counts{Pushes: 400, Accepted: 400, Deliveries: 400})
	mu.Lock()
	defer mu.Unlock()
	if opened != 4 {
		t.Errorf("%d connections, want 4", opened)
	}
}

func TestLoadKeepsTheCountOfItsRate(t *testing.T) {
	server := newServer(t, callback.Plain)
	l := loadOn(server.URL, callback.Plain)
	l.Count, l.Rate, l.Duration = 0, 500, 200*time.Millisecond
	checkCounts(t, flood(t, l), counts{Pushes: 100, Accepted: 100, Deliveries: 100})
	l.Count = 30
	checkCounts(t, flood(t, l), counts{Pushes: 30, Accepted: 30, Deliveries: 30})
}

// A push that had to wait for a connection waited for the server.
func TestLoadCountsLatencyFromWhenAPushWasDue(t *testing.T) {
	const held = 100 * time.Millisecond
	server := newServer(t, callback.Plain)
	server.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			time.Sleep(held) // what is measured
		}
		_, _ = io.WriteString(w, "success")
	}
	l := loadOn(server.URL, callback.Plain)
	l.Connections, l.Count, l.Rate = 1, 10, 1000 // the last is due after 9 ms
	if report := flood(t, l); report.P50 < held-10*time.Millisecond {
		t.Errorf("p50 = %v, though the server held all pushes up for %v", report.P50, held)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	server := newServer(t, callback.Plain)
	ctx, cancel := context.WithCancel(patience(t))
	server.answer = func(_ int, w http.ResponseWriter, _ *http.Request) {
		cancel()
		_, _ = io.WriteString(w, "success")
	}
	l := loadOn(server.URL, callback.Plain)
	l.Count, l.Duration = 0, time.Hour
	report, err := l.Run(ctx)
	if err != nil || report.Pushes == 0 || report.Accepted != report.Pushes {
		t.Errorf("Run = %+v, %v", report, err)
	}
}

func TestLoadExplainsWhyNothingIsTaken(t *testing.T) {
	for status, says := range map[int]string{
		http.StatusForbidden:             "check that AppID, Token and EncodingAESKey",
		http.StatusNotFound:              "check the path of the URL",
		http.StatusMethodNotAllowed:      "check the path of the URL",
		http.StatusRequestEntityTooLarge: "check its limit",
	} {
		server := newServer(t, callback.Safe)
		server.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		report, err := loadOn(server.URL, callback.Safe).Run(patience(t))
		if err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, wxsim.ErrLoad) || report.Accepted > 0 {
			t.Errorf("HTTP %d: Run = %+v, %v", status, report, err)
		}
		server.Close()
		_, err = loadOn(server.URL, callback.Safe).Run(patience(t))
		if err == nil || !strings.Contains(err.Error(), "check that the ingress runs") || errors.Is(err, wxsim.ErrLoad) {
			t.Errorf("server is away: Run = %v", err)
		}
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	if _, err := loadOn(secure.URL, callback.Safe).Run(patience(t)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("https with an unknown certificate: Run = %v", err)
	}
}

func TestLoadNamesItsFaults(t *testing.T) {
	for says, change := range map[string]func(*wxsim.Load){
		"no server URL":       func(l *wxsim.Load) { l.Account.URL = "" },
		"no AppID":            func(l *wxsim.Load) { l.Account.AppID = "" },
		"no token":            func(l *wxsim.Load) { l.Account.Token = "" },
		"43 characters":       func(l *wxsim.Load) { l.Account.AESKey = "short" },
		`mode "open"`:         func(l *wxsim.Load) { l.Account.Mode = "open" },
		"with http://":        func(l *wxsim.Load) { l.Account.URL = "ftp://127.0.0.1/" },
		"when to stop":        func(l *wxsim.Load) { l.Count = 0 },
		"not below 0":         func(l *wxsim.Load) { l.Rate = -1 },
		"1 user":              func(l *wxsim.Load) { l.Users = -1 },
		"size 10: a text":     func(l *wxsim.Load) { l.Size = 10 },
		`kind "image" is not`: func(l *wxsim.Load) { l.Kind = "image" },
	} {
		l := loadOn("http://127.0.0.1:1", callback.Safe)
		change(&l)
		if _, err := l.Run(patience(t)); !errors.Is(err, wxsim.ErrLoad) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
