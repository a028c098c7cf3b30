package door

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wxbus/wxbus/pkg/callback"
)

// allow keeps out who may not call at all.
func (s *Server) allow(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.peers.may(c.Request()) {
			return s.failed(c, errNotAllowed)
		}
		return next(c)
	}
}

// call is a push on its way in: whose it is, and the query that signs it.
type call struct {
	name    string // of the account
	account *callback.Account
	query   callback.Query
}

// admit lets a push go on to next when its query is signed and there is a slot
// for it. Only then is its body waited for: who cannot sign holds no slot,
// however slowly he writes.
func (s *Server) admit(next func(echo.Context, call) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		name, account, err := s.account(c)
		if err != nil {
			return err
		}
		if c.Request().ContentLength > int64(s.cfg.MaxBody) {
			return errBodyTooLarge
		}
		from := call{name, account, query(c)}
		if !account.Verify(from.query) {
			if done, err := s.hosted(c, &from); done || err != nil {
				return err
			}
		}
		if account.Kind == callback.WeCom {
			if err := s.readAhead(c); err != nil {
				return err
			}
		}
		if !s.take() {
			return errBusy
		}
		defer s.inFlight.free()
		return s.failed(c, next(c, from))
	}
}

// hosted settles a push whose query is not signed. It is refused, or its
// account is in cloud hosting: then it may be the probe, which is answered and
// done, or a push that WeChat's channel vouches for, which goes on.
func (s *Server) hosted(c echo.Context, from *call) (done bool, err error) {
	if s.cfg.Accounts[from.name].CloudHosting {
		if s.probe(c) {
			return true, c.String(http.StatusOK, "success")
		}
		if s.vouched(c) {
			from.query = vouch(from.account)
			return false, nil
		}
	}
	return true, s.stranger(c)
}

// stranger returns what an unsigned push is answered. Size counts before the
// signature; a body that does not tell its size is measured for that, unless
// its sender fails too often. It is not kept.
func (s *Server) stranger(c echo.Context) error {
	err := s.failed(c, unsignedError(c, callback.ErrSignature))
	if errors.Is(err, errPastLimit) || c.Request().ContentLength >= 0 || !s.strangers.take() {
		return err
	}
	defer s.strangers.free()
	size, _ := io.Copy(io.Discard, io.LimitReader(c.Request().Body, int64(s.cfg.MaxBody)+1))
	if size > int64(s.cfg.MaxBody) {
		return errBodyTooLarge
	}
	return err
}

// unsignedError says more of a request without a query: newcomers' proxies lose it.
func unsignedError(c echo.Context, err error) error {
	if c.Request().URL.RawQuery == "" {
		return errNoQuery
	}
	return err
}

// readAhead reads a body whose sender only the body itself can prove: WeCom
// signs nothing else. It has places of its own, so that who writes slowly there
// keeps no other account waiting.
func (s *Server) readAhead(c echo.Context) error {
	if !s.unproven.take() {
		s.overload.shed(time.Now())
		return errBusy
	}
	defer s.unproven.free()
	body, err := s.body(c, nil)
	if err != nil {
		return err
	}
	c.Request().Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// take takes a slot, and notes when there is none.
func (s *Server) take() bool {
	if s.inFlight.take() {
		return true
	}
	s.overload.shed(time.Now())
	return false
}
