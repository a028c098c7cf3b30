package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// A server whose limits a client violates closes the connection, and the
// client does not come back: all that runs on it ends, and says what to do.
func TestConnectionThatTheServerClosesForGoodEndsWhatRunsOnIt(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	k := take(t, b, texts, 4)
	publish(t, b, text, 1, 1)
	held := k.next()
	guard := start(func() error { return b.Guard(t.Context()) })
	ctx, cancel := b.Within(t.Context())
	defer cancel()
	if err := b.Err(); err != nil {
		t.Fatalf("Err = %v while all is well", err)
	}
	server.Expel()
	_ = ready(t, b) // says something
	for what, ended := range map[string]<-chan error{"Guard": guard, "Consume": k.ended} {
		err := receive(t, "the end of "+what, ended)
		if !errors.Is(err, bus.ErrClosed) || !strings.Contains(err.Error(), "start the program again") {
			t.Errorf("%s = %v, want %v and what to do", what, err, bus.ErrClosed)
		}
	}
	k.ended = nil
	receive(t, "the end of the context", ctx.Done())
	for what, err := range map[string]error{
		"Ready": ready(t, b), "Prepare": b.Prepare(t.Context()), "Ack": held.Ack(t.Context()),
	} {
		if what != "Prepare" && !errors.Is(err, bus.ErrClosed) {
			t.Errorf("%s = %v, want %v", what, err, bus.ErrClosed)
		}
	}
}

func TestPrepareEndsWhenTheConnectionIsClosedForGood(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	cfg := server.Config()
	cfg.AutoProvision = false // waits
	b, _ := connect(t, cfg)
	preparing := start(func() error { return b.Prepare(t.Context()) })
	bustest.Eventually(t, "it waits", func() bool { return ready(t, b) != nil })
	server.Expel()
	if err := receive(t, "the end of Prepare", preparing); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("Prepare = %v, want %v", err, bus.ErrClosed)
	}
}

// A server that restarts, or hangs up, is no reason to end.
func TestGuardRidesOutARestart(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	guard := start(func() error { return b.Guard(ctx) })
	server.HangUp()
	server.Down()
	bustest.Eventually(t, "the server is missed", func() bool { return ready(t, b) != nil })
	server.Up()
	bustest.Eventually(t, "the bus is back", func() bool { return ready(t, b) == nil })
	cancel()
	if err := receive(t, "the end of Guard", guard); err != nil || b.Err() != nil {
		t.Errorf("Guard = %v, Err = %v, want none", err, b.Err())
	}
}

// Credentials may be renewed while programs run: they wait, and say what for.
func TestRevokedCredentialsAreSaidAndWaitedFor(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, book := connect(t, server.Config())
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	undo := server.Refuse()
	const what = `msg="NATS reports" err="nats: authorization violation"`
	const says = "level=ERROR " + what
	bustest.Eventually(t, "the log says so", func() bool { return book.Count(says) > 0 })
	bustest.Eventually(t, "it is tried again", func() bool { return book.Count(what) > 3 })
	if got := book.Count(says); got != 1 {
		t.Errorf("the log says so %d times, want once in a while: %s", got, book)
	}
	undo()
	bustest.Eventually(t, "the bus is back", func() bool { return ready(t, b) == nil })
}
