package pace

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

// finding is what a call says of the account and of the way to WeChat.
type finding int

const (
	answered  finding = iota // WeChat has answered: yes, or that it is the message's fault
	busy                     // WeChat cannot at the moment
	minute                   // called too often in this minute
	throttled                // called too often: the day's quota
	unreached                // WeChat was not reached, or did not answer
	nothing                  // the call says nothing: it was not made, or given up by us
)

// busyCodes are WeChat's words for it.
var busyCodes = map[int]bool{-1: true, 61450: true, 9001002: true, 268487001: true, 268487002: true}

const codeMinute = 45011

func find(err error) finding {
	if code := wxapi.CodeOf(err); code != 0 {
		return findCode(err, code)
	}
	switch {
	case err == nil:
		return answered
	case errors.Is(err, context.Canceled), errors.Is(err, wxapi.ErrTokenPending), ofToken(err):
		return nothing
	case wxapi.Classify(err) == wxapi.Doubtful, unconnected(err):
		return unreached
	default: // HTTP 5xx, or what is no answer of WeChat's
		return busy
	}
}

func findCode(err error, code int) finding {
	switch {
	case busyCodes[code]:
		return busy
	case code == codeMinute:
		return minute
	case wxapi.Classify(err) == wxapi.Throttled:
		return throttled
	default:
		return answered
	}
}

// ofToken reports whether a call failed for want of a token, whose API has
// limits and a breaker of its own.
func ofToken(err error) bool {
	refused, ok := errors.AsType[*wxapi.TokenError](err)
	return ok && refused.Code > 0
}

// unconnected reports whether an error is one of the network: a name without an
// address, a connection refused, cut or not in time, a certificate that is not
// WeChat's.
func unconnected(err error) bool {
	if is[net.Error](err) || is[syscall.Errno](err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) {
		return true
	}
	if is[*tls.CertificateVerificationError](err) || is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) {
		return true
	}
	return errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
