package door

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/callback"
)

// root is what the path of an account begins with; its name follows, and
// perhaps a slash.
const root = "/wechat/"

// Server answers WeChat's requests. It is safe for concurrent use.
type Server struct {
	cfg       Config
	log       *slog.Logger
	bus       *bus.Bus
	accounts  map[string]*callback.Account
	publisher *publisher
	echo      *echo.Echo
	inFlight  chan struct{}
	complain  rate.Sometimes // strangers must not fill the log
}

// NewServer returns a Server that stores pushes on b.
func NewServer(cfg Config, b *bus.Bus, log *slog.Logger) (*Server, error) {
	s := &Server{
		cfg: cfg, log: log, bus: b, accounts: make(map[string]*callback.Account),
		publisher: newPublisher(b, cfg.PublishTimeout, log),
		inFlight:  make(chan struct{}, cfg.MaxInFlight),
		complain:  rate.Sometimes{First: 5, Interval: time.Second},
	}
	for name, settings := range cfg.Accounts {
		account, err := settings.open()
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		if settings.oddTokens() {
			log.Warn("token is not 3 to 32 letters and digits; WeChat's console would refuse it", "account", name)
		}
		s.accounts[name] = account
	}
	s.route()
	return s, nil
}

func (s *Server) route() {
	s.echo = echo.New()
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.Use(s.shed)
	for _, p := range []string{root + ":account", root + ":account/"} {
		s.echo.GET(p, s.verify)
		s.echo.POST(p, s.push)
		s.echo.RouteNotFound(p, s.otherMethod)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// shed refuses what is more than the ingress can hold.
func (s *Server) shed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		select {
		case s.inFlight <- struct{}{}:
		default:
			return errBusy
		}
		defer func() { <-s.inFlight }()
		return next(c)
	}
}

// account returns the account that a request is for.
func (s *Server) account(c echo.Context) (name string, account *callback.Account, err error) {
	name = accountName(c)
	account, known := s.accounts[name]
	if !known {
		return "", nil, errUnknownAccount
	}
	return name, account, nil
}

// accountName takes the name out of the path. Echo's own parameter is empty
// where no method fits.
func accountName(c echo.Context) string {
	return strings.TrimSuffix(strings.TrimPrefix(c.Request().URL.Path, root), "/")
}

// otherMethod answers what is neither GET nor POST.
func (s *Server) otherMethod(c echo.Context) error {
	if _, _, err := s.account(c); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderAllow, http.MethodGet+", "+http.MethodPost)
	return echo.ErrMethodNotAllowed
}

// verify answers the check that WeChat makes when the server URL is saved: it
// gets back its echostr.
func (s *Server) verify(c echo.Context) error {
	_, account, err := s.account(c)
	if err != nil {
		return err
	}
	echostr := c.QueryParam("echostr")
	if echostr == "" || !account.Verify(query(c)) {
		return callback.ErrSignature
	}
	c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(echostr))
}

func query(c echo.Context) callback.Query {
	return callback.Query{
		Signature: c.QueryParam("signature"), Timestamp: c.QueryParam("timestamp"),
		Nonce: c.QueryParam("nonce"), MsgSignature: c.QueryParam("msg_signature"),
		EncryptType: c.QueryParam("encrypt_type"),
	}
}
