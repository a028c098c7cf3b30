//go:build unix

package spool_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// poorBytes is how large a file of the poor child may become. The system then
// writes a part of what is to be written, as it does on a full disk.
const poorBytes = 5000

// childPoor spools until the system refuses, and some more.
func childPoor() error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: poorBytes, Max: poorBytes}); err != nil {
		return err
	}
	s, err := spool.Open(os.Getenv(childDir), roomy, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	for n := 1; n <= 20; n++ {
		if err := s.Append(context.Background(), push("u", n)); err != nil {
			say("refused:", err)
			continue
		}
		say("kept", n)
	}
	small := s.Stats()
	if err := s.Append(context.Background(), pushOf("u", 21, make([]byte, poorBytes))); err == nil {
		say("kept what cannot be kept")
	}
	if after := s.Stats(); after != small {
		say("stats changed:", small, after)
	}
	return s.Close()
}

// Where the system writes only a part, the push is refused, and neither what was
// kept before nor what is kept later suffers.
func TestSystemCannotWrite(t *testing.T) {
	dir := t.TempDir()
	_, said := startChild(t, "poor", childDir+"="+dir)
	var kept []string
	refused := 0
	for said.Scan() {
		var n string
		if _, err := fmt.Sscanf(said.Text(), "kept %s", &n); err == nil {
			kept = append(kept, n)
		} else if refused++; refused > 20 {
			t.Fatal(said.Text())
		}
	}
	if len(kept) == 0 || refused == 0 {
		t.Fatalf("kept %v, refused %d", kept, refused)
	}
	nats := bustest.Start(t)
	s, book := open(t, dir, roomy)
	drain(t, s, nats.Bus())
	drained(t, s)
	if diff := cmp.Diff(kept, storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
	if book.Count("not written to its end") > 0 || len(files(t, dir, ".bad")) > 0 {
		t.Errorf("rests were left: %s", book)
	}
}
