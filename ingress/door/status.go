package door

import (
	"errors"
	"net/http"

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
)

// status turns an error into what WeChat is told. This is the only place that
// does. A 503 asks WeChat to deliver again; a 403 looks the same whatever was
// wrong.
func status(err error) (code int, body string) {
	var http4 *echo.HTTPError
	switch {
	case errors.Is(err, callback.ErrSignature), errors.Is(err, callback.ErrMode),
		errors.Is(err, callback.ErrCipher), errors.Is(err, callback.ErrAppID):
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

// answerError answers a request that came to nothing, and says why in the log.
func (s *Server) answerError(err error, c echo.Context) {
	code, body := status(err)
	account := accountName(c)
	if _, known := s.accounts[account]; !known {
		account = ""
	}
	refusals.WithLabelValues(account, http.StatusText(code)).Inc()
	if code == http.StatusServiceUnavailable {
		s.log.Error("push not stored", "account", account, "err", err)
	} else {
		s.complain.Do(func() {
			s.log.Warn("request refused", "account", account, "method", c.Request().Method,
				"status", code, "from", c.RealIP(), "err", err)
		})
	}
	if !c.Response().Committed {
		_ = c.String(code, body)
	}
}
