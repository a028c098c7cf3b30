package process

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTimeout bounds one question for readiness; a prober gives up soon after.
const readyTimeout = 2 * time.Second

// Admin answers /healthz (the process lives), /readyz (it can work; 503 and
// what is missing when not), /metrics (Prometheus) and /scale (see [Loads]).
func Admin(health *Health, loads *Loads) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		// The answer is kept for others: a prober that hangs up must not spoil it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), readyTimeout)
		defer cancel()
		if err := health.Ready(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	mux.Handle("GET /metrics", promhttp.Handler())
	mux.Handle("GET /scale", loads)
	return mux
}

// ServeAdmin serves [Admin] on addr until close is called. An empty addr serves
// nothing.
func ServeAdmin(addr string, health *Health, loads *Loads, log *slog.Logger) (closeAdmin func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("ADMIN_ADDR: %w", err)
	}
	server := &http.Server{Handler: Admin(health, loads), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	log.Info("admin port open", "addr", listener.Addr().String())
	return func() { _ = server.Close() }, nil
}
