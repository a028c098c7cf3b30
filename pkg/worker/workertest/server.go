package workertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/worker"
)

const (
	patience   = 30 * time.Second
	look       = 10 * time.Millisecond
	partitions = 16 // as the streams have by default
)

// Server is a nats-server in the test's process with a worker on it.
type Server struct {
	Patience time.Duration // the longest that anything is waited for; 30 s unless set

	t      testing.TB
	nats   *bustest.Server
	bus    *bus.Bus
	log    bustest.Logbook
	health *process.Health
	seen   func(stream string) ([]record, error)
}

// Start starts a nats-server that stores in a folder of the test's, makes the
// streams, and runs a worker with the handlers of mux. It returns when the
// worker is ready; all ends with the test. change may set other settings, such
// as the order.
func Start(t testing.TB, mux *worker.Mux, change ...func(*worker.Config)) *Server {
	t.Helper()
	nats := bustest.Start(t)
	s := &Server{Patience: patience, t: t, nats: nats, bus: nats.Bus()}
	s.seen = s.reader()
	cfg := worker.Config{Settings: settings()}
	cfg.NATS, cfg.ShutdownTimeout, cfg.Order = nats.Config(), patience, worker.OrderNone
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.health = process.NewHealth(ctx)
	host, ended := process.NewHost(name, s.log.Logger(), s.health), make(chan error, 1)
	go func() { ended <- worker.Run(ctx, name, cfg, mux, host) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the worker ended: %v", err)
		}
	})
	s.until("the worker is ready", func() (bool, error) {
		err := s.health.Ready(t.Context())
		return err == nil, err
	})
	return s
}

// Push stores a message as the ingress does, and returns its id.
func (s *Server) Push(push Push) (id string) {
	s.t.Helper()
	e := push.pack(s.t)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if _, err := s.bus.Publish(ctx, e.Subject(partitions), e.ID, e.Header(), e.Body); err != nil {
		s.t.Fatalf("push: %v", err)
	}
	return e.ID
}

// Replies waits until n replies are stored for the sender and returns all that
// are, in order. It fails the test when there are not so many within
// Patience, and says what there is instead.
func (s *Server) Replies(n int) (replies []Reply) {
	s.t.Helper()
	for _, r := range s.stored(bus.StreamOut, n) {
		replies = append(replies, Reply{ID: r.id(), Body: r.body})
	}
	return replies
}

// Letter is a dead letter.
type Letter struct {
	Reason, Detail string
	Body           []byte // of the message
}

// Dead waits until n dead letters are stored, as [Server.Replies] does.
func (s *Server) Dead(n int) (letters []Letter) {
	s.t.Helper()
	for _, r := range s.stored(bus.StreamDead, n) {
		letters = append(letters, r.letter())
	}
	return letters
}

func (s *Server) stored(stream string, n int) (found []record) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d messages in %s", n, stream), func() (bool, error) {
		var err error
		found, err = s.seen(stream)
		return len(found) >= n, err
	})
	return found
}

// Settled waits until the worker has dealt with everything that was pushed: then
// there will be no more replies.
func (s *Server) Settled() {
	s.t.Helper()
	s.until("everything is settled", func() (bool, error) {
		left, err := s.left()
		return err == nil && left == 0, err
	})
}

// until waits for a condition. When it does not come true, the test fails with
// what was seen instead.
func (s *Server) until(what string, holds func() (bool, error)) {
	s.t.Helper()
	for deadline := time.Now().Add(s.Patience); ; time.Sleep(look) {
		ok, err := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not within %s: %s (last error: %v)\n%s", s.Patience, what, err, s.report())
		}
	}
}

// report tells what is stored, and what the worker has said.
func (s *Server) report() string {
	var text strings.Builder
	for _, stream := range []string{bus.StreamIn, bus.StreamOut, bus.StreamDead} {
		found, err := s.seen(stream)
		fmt.Fprintf(&text, "%s: %d messages", stream, len(found))
		if err != nil {
			fmt.Fprintf(&text, " (%v)", err)
		}
		text.WriteByte('\n')
		for _, r := range found {
			fmt.Fprintf(&text, "  %s\n", r)
		}
	}
	return text.String() + "log:\n" + s.log.String()
}
