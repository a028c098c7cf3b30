// Package door is the program ingress: it answers WeChat's requests. A push
// goes one way through it: request, verify and decrypt, decode, publish,
// "success".
package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
)

// Name is the program's name.
const Name = "ingress"

const (
	headTimeout = 5 * time.Second // WeChat gives up on us after that
	bodyTimeout = 10 * time.Second
	idleTimeout = 90 * time.Second
	maxHead     = 64 << 10
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
	host.Health.Add(Name, b.Ready)
	s, err := NewServer(cfg, b, host.Log)
	if err != nil {
		return err
	}
	return s.serve(ctx, listener, cfg.ShutdownTimeout)
}

// serve answers requests on listener until ctx is done, then drains.
func (s *Server) serve(ctx context.Context, listener net.Listener, drain time.Duration) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headTimeout, ReadTimeout: bodyTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHead,
	}
	s.log.Info("serving", "addr", listener.Addr().String())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error { _ = s.bus.Prepare(s.publisher.stopped); return nil }) // what is drained needs it, too
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
