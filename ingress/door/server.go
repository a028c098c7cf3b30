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
	cfg         Config
	log         *slog.Logger
	bus         *bus.Bus
	accounts    map[string]*callback.Account
	metrics     map[string]*accountMetrics
	publisher   *publisher
	echo        *echo.Echo
	peers       peers
	failures    *failures
	certificate *certificate   // nil when the ingress serves plain HTTP
	complain    rate.Sometimes // strangers must not fill the log

	inFlight  slots // of requests that are signed
	unproven  slots // of bodies that have to be read to see whether they are signed
	strangers slots // of unsigned bodies
	overload  overload
}

// unsigned is how many bodies of strangers are read at the same time. No push
// waits for them.
const unsigned = 64

// NewServer returns a Server that stores pushes on b.
func NewServer(cfg Config, b *bus.Bus, log *slog.Logger) (*Server, error) {
	s := &Server{
		cfg: cfg, log: log, bus: b, accounts: make(map[string]*callback.Account), metrics: make(map[string]*accountMetrics),
		publisher: newPublisher(b, cfg.PublishTimeout, log),
		peers:     peers{cfg.AllowFrom, cfg.TrustedProxies},
		failures:  newFailures(cfg.FailureLimit),
		complain:  rate.Sometimes{First: 5, Interval: time.Second},
		inFlight:  slots{most: int64(cfg.MaxInFlight)},
		unproven:  slots{most: int64(cfg.MaxInFlight)},
		strangers: slots{most: unsigned},
	}
	for name, settings := range cfg.Accounts {
		account, err := settings.open()
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		if settings.oddTokens() {
			log.Warn("token is not 3 to 32 letters and digits; WeChat's console would refuse it", "account", name)
		}
		account.Old = oldSecret(name)
		s.accounts[name], s.metrics[name] = account, metricsOf(name)
	}
	if cfg.TLSCert != "" {
		var err error
		if s.certificate, err = openCertificate(string(cfg.TLSCert), string(cfg.TLSKey), log); err != nil {
			return nil, err
		}
	}
	s.route()
	return s, nil
}

func (s *Server) route() {
	s.echo = echo.New()
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.IPExtractor = func(r *http.Request) string { return s.peers.client(r).String() }
	if len(s.cfg.AllowFrom) > 0 {
		s.echo.Use(s.allow)
	}
	paths := []string{root + ":account", root + ":account/"}
	if s.cfg.HTTPPrefix != "" {
		paths = append(paths, s.cfg.HTTPPrefix+paths[0], s.cfg.HTTPPrefix+paths[1])
	}
	for _, p := range paths {
		s.echo.GET(p, s.verify)
		s.echo.POST(p, s.admit(s.push))
		s.echo.RouteNotFound(p, s.otherMethod)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// account returns the account that a request is for.
func (s *Server) account(c echo.Context) (name string, account *callback.Account, err error) {
	name = s.accountName(c)
	account, known := s.accounts[name]
	if !known {
		return "", nil, errUnknownAccount
	}
	return name, account, nil
}

// accountName takes the name out of the path. Echo's own parameter is empty
// where no method fits.
func (s *Server) accountName(c echo.Context) string {
	path := c.Request().URL.Path
	if prefix := s.cfg.HTTPPrefix; prefix != "" && strings.HasPrefix(path, prefix+root) {
		path = path[len(prefix):]
	}
	return strings.TrimSuffix(strings.TrimPrefix(path, root), "/")
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
// gets back its echostr, and WeCom what is sealed in it.
func (s *Server) verify(c echo.Context) error {
	_, account, err := s.account(c)
	if err != nil {
		return err
	}
	text, err := account.Echo(query(c), c.QueryParam("echostr"))
	if err != nil {
		return s.failed(c, unsignedError(c, err))
	}
	if !s.take() {
		return errBusy
	}
	defer s.inFlight.free()
	c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", text)
}
