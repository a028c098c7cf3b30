// Package bustest starts a real nats-server in the test's process.
package bustest

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
)

const startTimeout = 20 * time.Second

// Server is a nats-server with JetStream in a folder of the test's. It can be
// stopped and started again at the same address, with what it has stored.
type Server struct {
	t    testing.TB
	opts *server.Options
	srv  *server.Server
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := newServer(t)
	s.Up()
	return s
}

// newServer returns a server that is down, and ends with the test.
func newServer(t testing.TB) *Server {
	s := &Server{t: t, opts: &server.Options{
		Host: "127.0.0.1", Port: freePort(), NoLog: true, NoSigs: true,
		JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
	}}
	t.Cleanup(s.Down)
	return s
}

// FreeAddr returns an address that nobody listens on, with a port below those
// that outgoing connections come from: one that dials a server that is down must
// not be given the port itself.
func FreeAddr() string {
	for {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.N(20000))) //nolint:gosec // any will do
		if listener, err := net.Listen("tcp", addr); err == nil {
			_ = listener.Close()
			return addr
		}
	}
}

func freePort() int {
	_, port, _ := net.SplitHostPort(FreeAddr())
	n, _ := strconv.Atoi(port)
	return n
}

// Up starts the server if it is down.
func (s *Server) Up() {
	s.t.Helper()
	if s.srv != nil {
		return
	}
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) start() (err error) {
	if s.srv, err = server.NewServer(s.opts); err != nil {
		return err
	}
	s.srv.Start()
	if !s.srv.ReadyForConnections(startTimeout) {
		return errors.New("nats-server does not start")
	}
	return nil
}

// Down stops the server; what it has stored stays.
func (s *Server) Down() {
	if s.srv == nil {
		return
	}
	s.srv.Shutdown()
	s.srv.WaitForShutdown()
	s.srv = nil
}

// HangUp closes the connections of programs while the server stays up.
func (s *Server) HangUp() {
	s.t.Helper()
	conns, err := s.srv.Connz(&server.ConnzOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, conn := range conns.Conns {
		if !strings.HasPrefix(conn.Name, "wxbus ") {
			continue
		}
		_ = s.srv.DisconnectClientByID(conn.Cid) // it may be gone by now
	}
}

// Config returns the settings of a program that uses the server.
func (s *Server) Config() config.NATS {
	addr := net.JoinHostPort(s.opts.Host, strconv.Itoa(s.opts.Port))
	return config.NATS{URL: "nats://" + addr, AutoProvision: true, Replicas: 1}
}

// Bus returns a connection with all streams ready, closed with the test.
func (s *Server) Bus() *bus.Bus {
	s.t.Helper()
	b, err := bus.Connect("test", s.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	if err := b.Prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return b
}

// JetStream returns a bare client, to look at what is stored.
func (s *Server) JetStream() jetstream.JetStream {
	s.t.Helper()
	nc, err := nats.Connect(s.Config().URL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	return js
}

// Stored returns the messages of a stream, in order.
func (s *Server) Stored(stream string) []*jetstream.RawStreamMsg {
	s.t.Helper()
	ctx := s.t.Context()
	str, err := s.JetStream().Stream(ctx, stream)
	if err != nil {
		s.t.Fatal(err)
	}
	info, err := str.Info(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	var stored []*jetstream.RawStreamMsg
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq && info.State.Msgs > 0; seq++ {
		if msg, err := str.GetMsg(ctx, seq); err == nil {
			stored = append(stored, msg)
		}
	}
	return stored
}

// Eventually waits until check returns true and fails the test when it does not
// within half a minute.
func Eventually(t testing.TB, what string, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
