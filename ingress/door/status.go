package door

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/callback"
)

var (
	errUnknownAccount = errors.New("unknown account")
	errBodyTooLarge   = errors.New("body exceeds MAX_BODY")
	errBody           = errors.New("body cannot be read")
	errSlowBody       = errors.New("body does not come")
	errBusy           = errors.New("more requests in flight than MAX_IN_FLIGHT")
	errNotAllowed     = errors.New("address is not in ALLOW_FROM; behind a proxy, name that in TRUSTED_PROXIES")
	errNoQuery        = fmt.Errorf("%w: there is no query at all; let the proxy pass it on", callback.ErrSignature)
)

// status turns an error into what WeChat is told. This is the only place that
// does. A 503 asks WeChat to deliver again; a 403 looks the same whatever was
// wrong.
func status(err error) (code int, body string) {
	var http4 *echo.HTTPError
	switch {
	case isRefusal(err):
		return http.StatusForbidden, "fail"
	case errors.Is(err, errUnknownAccount):
		code = http.StatusNotFound
	case errors.Is(err, errBodyTooLarge), errors.Is(err, bus.ErrTooLarge):
		code = http.StatusRequestEntityTooLarge
	case errors.Is(err, errBody):
		code = http.StatusBadRequest
	case errors.Is(err, errSlowBody):
		code = http.StatusRequestTimeout
	case errors.As(err, &http4):
		code = http4.Code
	default: // not stored
		code = http.StatusServiceUnavailable
	}
	return code, http.StatusText(code)
}

// isRefusal reports whether err is the fault of who sent the request.
func isRefusal(err error) bool {
	return errors.Is(err, callback.ErrSignature) || errors.Is(err, callback.ErrMode) ||
		errors.Is(err, callback.ErrCipher) || errors.Is(err, callback.ErrAppID) || errors.Is(err, errNotAllowed)
}

// answerError answers a request that came to nothing, and says why in the log.
func (s *Server) answerError(err error, c echo.Context) {
	code, body := status(err)
	account := s.accountName(c)
	if _, known := s.accounts[account]; !known {
		account = ""
	}
	refusals.WithLabelValues(account, http.StatusText(code)).Inc()
	s.explain(err, c, code, account)
	if c.Response().Committed {
		return
	}
	switch {
	case errors.Is(err, errBusy), errors.Is(err, errPastLimit):
		hangUp(c)
	case code < http.StatusInternalServerError:
		doNotWait(c)
	}
	_ = c.String(code, body)
}

// explain tells the operator what went wrong, and on whose request.
func (s *Server) explain(err error, c echo.Context, code int, account string) {
	switch {
	case errors.Is(err, errPastLimit):
		limited.Inc()
	case code == http.StatusServiceUnavailable && !errors.Is(err, errBusy):
		s.log.Error("push not stored", "account", account, "err", err)
	default:
		s.complain.Do(func() {
			s.log.Warn("request refused", "account", account, "method", c.Request().Method, "path", short(c.Request().URL.Path),
				"status", code, "from", c.RealIP(), "err", err)
		})
	}
}

// short keeps the log short, whatever a stranger asks for.
func short(path string) string {
	const most = 80
	if len(path) > most {
		return path[:most] + "…"
	}
	return path
}

const (
	// grace is how long the rest of a refused body may take. Go's server reads
	// it before it answers, to find the next request behind it; when the rest
	// does not come in time, it answers and hangs up.
	grace = 500 * time.Millisecond
	// lingering is how long the rest of a body is taken off the wire after the
	// answer: who still writes when the connection closes would not read that.
	lingering = time.Second
)

// doNotWait bounds the wait for the rest of a refused body.
func doNotWait(c echo.Context) {
	if request := c.Request(); request.ContentLength != 0 && request.ProtoMajor == 1 {
		readUntil(c, time.Now().Add(grace))
	}
}

// hangUp answers at once, whatever is left of the body, and ends the connection.
func hangUp(c echo.Context) {
	c.Response().Header().Set(echo.HeaderConnection, "close")
	readUntil(c, time.Now().Add(lingering))
}

func readUntil(c echo.Context, deadline time.Time) {
	_ = http.NewResponseController(c.Response()).SetReadDeadline(deadline) // a recorder of tests has none
}
