// Package door is the program ingress: it answers WeChat's requests. A push
// goes one way through it: request, verify and decrypt, decode, publish,
// "success".
package door

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
)

// Name is the program's name.
const Name = "ingress"

const (
	headTimeout   = 5 * time.Second // WeChat gives up on us after that
	bodyTimeout   = 10 * time.Second
	idleTimeout   = 90 * time.Second
	answerTimeout = 5 * time.Second // who does not listen to his answer is hung up on
	maxHead       = 64 << 10
)

// Run is [Serve] on HTTP_ADDR. A port that is taken is an error at once.
func Run(ctx context.Context, cfg Config, host *process.Host) error {
	listener, err := net.Listen("tcp", string(cfg.HTTPAddr))
	if err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	return Serve(ctx, cfg, host, listener)
}

// Serve answers WeChat's requests on listener until ctx is done. Requests under
// way are then answered, and pushes that JetStream has not acknowledged are
// published on, within SHUTDOWN_TIMEOUT.
func Serve(ctx context.Context, cfg Config, host *process.Host, listener net.Listener) error {
	b, err := bus.Connect(Name, cfg.NATS, host.Log)
	if err != nil {
		return err
	}
	defer b.Close()
	s, err := NewServer(cfg, b, host.Log)
	if err != nil {
		return err
	}
	if cfg.SpoolDir != "" {
		if err := s.openSpool(); err != nil {
			return err
		}
		defer s.closeSpool()
	}
	host.Health.Add(Name, s.ready)
	return s.serve(ctx, listener, cfg.ShutdownTimeout)
}

// openSpool opens the folder for pushes that JetStream does not take. Metrics
// of a second server in one process are left out.
func (s *Server) openSpool() (err error) {
	if s.publisher.spool, err = spool.Open(s.cfg.SpoolDir, int64(s.cfg.SpoolMaxBytes), s.log); err != nil {
		return fmt.Errorf("SPOOL_DIR: %w", err)
	}
	_ = prometheus.Register(spoolMetrics{s.publisher.spool})
	return nil
}

func (s *Server) closeSpool() {
	prometheus.Unregister(spoolMetrics{s.publisher.spool})
	if err := s.publisher.spool.Close(); err != nil {
		s.log.Error("spool cannot be closed", "err", err)
	}
}

// ready returns nil when pushes can be stored and there is room for them.
func (s *Server) ready(ctx context.Context) error {
	if err := s.publisher.ready(ctx); err != nil {
		return err
	}
	return s.overload.ready(time.Now())
}

// listen returns the server for pushes, and what runs it: with TLS when there
// is a certificate.
func (s *Server) listen(tcp net.Listener) (server *http.Server, run func() error) {
	server = &http.Server{
		Handler: s, ReadHeaderTimeout: headTimeout, ReadTimeout: bodyTimeout,
		WriteTimeout: bodyTimeout + s.cfg.PublishTimeout + answerTimeout,
		IdleTimeout:  idleTimeout, MaxHeaderBytes: maxHead,
		DisableGeneralOptionsHandler: true, // OPTIONS * is a path like any other
		ErrorLog:                     log.New(complaints{s.log}, "", 0), ConnContext: withConn,
	}
	if s.certificate == nil {
		return server, func() error { return server.Serve(listener{tcp}) }
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate.get}
	return server, func() error { return server.ServeTLS(tcp, "", "") }
}

// complaints are what Go's server has to say: panics, which somebody must see,
// and handshakes that strangers break off, which nobody has to.
type complaints struct{ log *slog.Logger }

// Write implements io.Writer.
func (c complaints) Write(line []byte) (int, error) {
	level := slog.LevelError
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		level = slog.LevelDebug
	}
	c.log.Log(context.Background(), level, "HTTP server", "err", string(bytes.TrimSpace(line)))
	return len(line), nil
}

// serve answers requests on listener until ctx is done, then drains.
func (s *Server) serve(ctx context.Context, listener net.Listener, drain time.Duration) error {
	server, run := s.listen(listener)
	s.log.Info("serving", "addr", listener.Addr().String(), "tls", s.certificate != nil)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := run(); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error { return s.bus.Guard(ctx) })
	group.Go(func() error { _ = s.bus.Prepare(s.publisher.stopped); return nil }) // what is drained needs it, too
	if spooled := s.publisher.spool; spooled != nil {
		group.Go(func() error { spooled.Drain(s.publisher.stopped, s.bus); return nil })
	}
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		err := server.Shutdown(stop)
		s.publisher.drain(stop)
		return err
	})
	return group.Wait()
}
