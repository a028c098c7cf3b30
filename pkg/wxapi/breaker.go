package wxapi

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Pauses after a call for a token that failed. They double each time.
const (
	refusedPause    = 10 * time.Second // WeChat has said no: someone must change something
	refusedPauseMax = 5 * time.Minute
	failedPause     = time.Second // WeChat was busy or did not answer
	failedPauseMax  = 30 * time.Second
)

// fault is the last call for a token, if it failed. While it lasts no replica
// makes another one: the account's breaker is open.
type fault struct {
	Code     int       `json:"code"` // errcode; 0 when no proper answer came
	Msg      string    `json:"msg"`  // errmsg
	Times    int       `json:"times"`
	Until    time.Time `json:"until"`
	Settings string    `json:"settings"` // a stamp of those that were refused
}

// next is the fault after one more call has failed; f may be nil.
func (f *fault) next(err error, path, settings string) *fault {
	after := &fault{Code: CodeOf(err), Msg: errmsg(err, path), Times: 1, Settings: settings}
	if f != nil && f.Settings == settings {
		after.Times = max(0, f.Times) + 1
	}
	after.Until = time.Now().Add(after.pause())
	return after
}

// errmsg is what is told to the other replicas about an error.
func errmsg(err error, path string) string {
	text := strings.TrimPrefix(err.Error(), path+": ")
	if refusal, ok := err.(*Error); ok { //nolint:errorlint // an answer is returned as it is
		text = refusal.Msg
	}
	return strings.ToValidUTF8(text[:min(len(text), 300)], "")
}

func (f *fault) pause() time.Duration {
	pause, most := failedPause, failedPauseMax
	if f.refused() {
		pause, most = refusedPause, refusedPauseMax
	}
	return min(most, pause<<min(f.Times-1, 10))
}

// refused reports whether WeChat has said no, other than that it is busy.
func (f *fault) refused() bool { return f.Code > 0 }

// breaker is the fault in memory; its end is one of the monotonic clock.
type breaker struct {
	fault *fault
	until time.Time
}

// adopt takes what is stored. The pause of a fault that is known already goes
// on, whatever the clock does.
func (b *breaker) adopt(f *fault, settings string) {
	switch {
	case f == nil || f.Settings != settings:
		*b = breaker{}
	case b.fault == nil || b.fault.Times != f.Times || !b.fault.Until.Equal(f.Until):
		left := clamp(time.Until(f.Until), f.pause())
		*b = breaker{f, time.Now().Add(left)}
	}
}

// refused reports whether WeChat refuses the account a token.
func (b *breaker) refused() bool { return b.fault != nil && b.fault.refused() }

// open returns how long no call may be made.
func (b *breaker) open() time.Duration {
	if b.fault == nil {
		return 0
	}
	return max(0, time.Until(b.until))
}

// err says why there is no token.
func (b *breaker) err(path string) *TokenError {
	var cause error = &Error{Op: path, Code: b.fault.Code, Msg: b.fault.Msg}
	if b.fault.Code == 0 {
		cause = fmt.Errorf("%s: %s", path, b.fault.Msg)
	}
	return newTokenError(cause, b.fault, b.open())
}

// TokenError says that WeChat gives no token. It concerns the settings or
// WeChat, not the message that was to be sent, which is why [CodeOf] finds no
// errcode in it and [Classify] says that it may work later.
type TokenError struct {
	Cause  error         // WeChat's answer, or what came instead
	Code   int           // errcode, 0 when no proper answer came
	Advice string        // what the account's owner can do
	After  time.Duration // no replica asks for a token before that
}

func newTokenError(cause error, f *fault, after time.Duration) *TokenError {
	return &TokenError{Cause: cause, Code: f.Code, Advice: advice(f.Code, f.Msg), After: after}
}

// Error names the cause and what to do about it.
func (e *TokenError) Error() string {
	if e.Advice == "" {
		return "access token: " + e.Cause.Error()
	}
	return "access token: " + e.Cause.Error() + ": " + e.Advice
}

// advice says what the account's owner can do about a refusal of the token API.
func advice(code int, msg string) string {
	switch code {
	case 40001, 40125:
		return "compare WECHAT_<ACCOUNT>_SECRET with the console; it may have been reset"
	case 40013:
		return "compare WECHAT_<ACCOUNT>_APPID with the console"
	case 40164:
		return "add " + address(msg) + " to the IP whitelist in WeChat's console"
	case 40243:
		return "the secret is frozen; unfreeze it in WeChat's console"
	case 45009:
		return "wait for 00:00 China time, or clear the quota in WeChat's console"
	case 50004, 50007:
		return "the account is restricted or frozen; see its notices in WeChat's console"
	case 61024:
		return "the account is run by a third-party platform, which has a token API of its own"
	case 89501, 89502, 89503, 89504, 89505:
		return "the account's administrator must confirm this server's address, in WeChat"
	case 89506, 89507:
		return "the account's administrator refused this server's address; ask again when WeChat allows it"
	}
	if code > 0 && code != 45011 {
		return "look the errcode up on WeChat's page of return codes"
	}
	return "it is asked for again soon"
}

// address returns the address that WeChat saw, which errmsg names as in
// "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist".
func address(msg string) string {
	for word := range strings.FieldsSeq(msg) {
		if addr, err := netip.ParseAddr(strings.Trim(word, ",;.[]()")); err == nil {
			return addr.Unmap().String()
		}
	}
	return "the address that errmsg names"
}
