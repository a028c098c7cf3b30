package wxsim

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Paths of WeChat's API that a [Fault] can be for.
const (
	PathToken       = "/cgi-bin/token"
	PathStableToken = "/cgi-bin/stable_token"
	PathSend        = "/cgi-bin/message/custom/send"
	PathTyping      = "/cgi-bin/message/custom/typing"
)

// Fault is one thing that goes wrong with a call. The zero Fault is errcode -1,
// WeChat being busy.
type Fault struct {
	Path    string // which call; empty means PathSend
	Errcode int    // answered with HTTP 200
	Status  int    // when set: answered with this HTTP status and a page of HTML
	Body    string // when set: answered as it is, instead of the errcode or the page
	Hang    bool   // never answered: the call ends when the client gives up
	Drop    bool   // the connection is closed instead of an answer

	// Delivered makes the call do its work all the same: the user gets the
	// message, and only the answer goes wrong.
	Delivered bool
}

// Weather is what goes wrong at WeChat: once, with the next calls ([Weather.Next]),
// or until further notice ([Weather.Set]). It is safe for concurrent use.
type Weather struct {
	platform *Platform
	mu       sync.Mutex
	faults   map[string][]Fault

	conditions Conditions
}

// Weather returns the weather of p, fine until it is changed.
func (p *Platform) Weather() *Weather { return &p.weather }

// Fail makes the next calls of custom/send answer an errcode, without looking
// at them. It counts on from what was asked for before.
func (w *Weather) Fail(errcode, times int) { w.Next(times, Fault{Errcode: errcode}) }

// Next makes the next calls of the fault's path go wrong like this, after
// those that were asked for before.
func (w *Weather) Next(times int, fault Fault) {
	if fault.Path == "" {
		fault.Path = PathSend
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults == nil {
		w.faults = make(map[string][]Fault)
	}
	for range times {
		w.faults[fault.Path] = append(w.faults[fault.Path], fault)
	}
}

// Clear takes back every fault that has not happened yet. [Conditions] stay.
func (w *Weather) Clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.faults)
}

// ExpireTokens ends the tokens of an account, as if two hours had passed:
// calls with them answer 42001, and the next fetch gives a new one. An account
// that does not exist has none.
func (w *Weather) ExpireTokens(account string) { w.endTokens(account, errExpired) }

// RevokeTokens ends the tokens of an account, as if another program had forced
// a new one: calls with them answer 40001, and the next fetch gives a new one.
func (w *Weather) RevokeTokens(account string) { w.endTokens(account, errCredential) }

func (w *Weather) endTokens(account string, errcode int) {
	p := w.platform
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, known := p.accounts[account]; known {
		a.tokens.end(errcode)
		p.touch()
	}
}

func (w *Weather) take(path string) (Fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := w.faults[path]
	if len(waiting) == 0 && path == PathSend {
		return w.conditions.fault()
	}
	if len(waiting) == 0 {
		return Fault{}, false
	}
	w.faults[path] = waiting[1:]
	return waiting[0], true
}

// answer does to a call what f says.
func (f Fault) answer(w http.ResponseWriter, r *http.Request, stop <-chan struct{}, now time.Time) {
	const page = "<html><head><title>%d %s</title></head><body>nginx</body></html>\n"
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-stop:
		}
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status == 0 && f.Body == "":
		code := f.Errcode
		if code == 0 {
			code = errBusy
		}
		writeJSON(w, fail(code, now))
		return
	case f.Status == 0:
		f.Status = http.StatusOK
	}
	if f.Body == "" {
		f.Body = fmt.Sprintf(page, f.Status, http.StatusText(f.Status))
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// Counts are the calls that the server has made since [New], refused and
// failed ones included.
type Counts struct {
	Tokens int // of both token endpoints
	Sends  int // of custom/send
	Typing int // of custom/typing
	Sent   int // messages that reached their user
}

// Counts returns the counters of all accounts together.
func (p *Platform) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// WaitCounts waits until enough returns true of the counters, and returns
// them. It returns the error of ctx, or [ErrClosed].
func (p *Platform) WaitCounts(ctx context.Context, enough func(Counts) bool) (Counts, error) {
	var counts Counts
	err := p.until(ctx, func() bool {
		counts = p.counts
		return enough(counts)
	})
	return counts, err
}

func (p *Platform) count(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch path {
	case PathToken, PathStableToken:
		p.counts.Tokens++
	case PathSend:
		p.counts.Sends++
	case PathTyping:
		p.counts.Typing++
	}
	p.touch()
}
