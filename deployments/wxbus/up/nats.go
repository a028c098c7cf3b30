package up

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	natsDefault = "127.0.0.1:4222"
	natsStart   = 15 * time.Second
	maxPayload  = 8 << 20 // no push of MAX_BODY outgrows it
)

// startNATS starts a nats-server in the process. JetStream syncs every write
// to disk before it acknowledges, so that what WeChat was told is stored
// survives power loss. addr may be empty for the default; a default port that
// is taken is replaced by a free one.
func startNATS(data, addr string, log *slog.Logger) (*server.Server, error) {
	host, port, err := natsPort(addr)
	if err != nil {
		return nil, err
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "wxbus", Host: host, Port: port, NoSigs: true, MaxPayload: maxPayload,
		JetStream: true, StoreDir: filepath.Join(data, "nats"), SyncAlways: true,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	complaints := &natsLog{log: log}
	srv.SetLoggerV2(complaints, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(natsStart) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		return nil, errors.New("embedded NATS does not start: " + complaints.last())
	}
	return srv, nil
}

// natsPort returns where to listen.
func natsPort(addr string) (host string, port int, err error) {
	wanted := addr
	if addr == "" {
		wanted = natsDefault
	}
	host, text, err := net.SplitHostPort(wanted)
	if err != nil {
		return "", 0, fmt.Errorf("NATS_ADDR: %w", err)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	probe, err := net.Listen("tcp", wanted)
	switch {
	case err == nil:
		_ = probe.Close()
	case addr == "":
		return host, server.RANDOM_PORT, nil
	default:
		return "", 0, fmt.Errorf("NATS_ADDR: %w", err)
	}
	if port, err = strconv.Atoi(text); err != nil {
		return "", 0, fmt.Errorf("NATS_ADDR: %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// natsLog passes on what the server complains about; its notices are of no
// interest to someone who just runs wxbus.
type natsLog struct {
	log   *slog.Logger
	mu    sync.Mutex
	fault string
}

func (l *natsLog) keep(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = text
}

func (l *natsLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == "" {
		return "it is not ready after " + natsStart.String()
	}
	return l.fault
}

// Noticef implements server.Logger.
func (l *natsLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

// Warnf implements server.Logger. That every write is synced is what we want.
func (l *natsLog) Warnf(format string, v ...any) {
	if text := fmt.Sprintf(format, v...); !strings.Contains(text, "sync") {
		l.log.Warn(text)
	}
}

// Errorf implements server.Logger.
func (l *natsLog) Errorf(format string, v ...any) {
	l.keep(fmt.Sprintf(format, v...))
	l.log.Error(fmt.Sprintf(format, v...))
}

// Fatalf implements server.Logger. The server does not end the process: up does,
// in order.
func (l *natsLog) Fatalf(format string, v ...any) { l.keep(fmt.Sprintf(format, v...)) }

// Debugf implements server.Logger.
func (l *natsLog) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (l *natsLog) Tracef(string, ...any) {}
