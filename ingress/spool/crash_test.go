package spool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
)

// Settings of a child in its environment.
const (
	childDir   = "WXBUS_TEST_SPOOL_DIR"
	childURL   = "WXBUS_TEST_SPOOL_NATS"
	childRound = "WXBUS_TEST_SPOOL_ROUND"
)

// children are the processes that this test binary may become.
var children = map[string]func() error{
	"ingress": childIngress,
	"owner":   childOwner,
	"poor":    childPoor,
}

const childUsers = 8

// childIngress spools pushes and says which are kept, and drains all the while,
// until it is killed.
func childIngress() error {
	s, err := spool.Open(os.Getenv(childDir), roomy, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	b, err := bus.Connect("child", config.NATS{URL: os.Getenv(childURL), AutoProvision: true, Replicas: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx, pace := context.Background(), rate.NewLimiter(600, 1)
	var group errgroup.Group
	group.Go(func() error { _ = b.Prepare(ctx); s.Drain(ctx, b); return nil })
	for i := range childUsers {
		user := fmt.Sprintf("round-%s-user-%d", os.Getenv(childRound), i)
		group.Go(func() error {
			for n := 1; ; n++ {
				if err := errors.Join(pace.Wait(ctx), s.Append(ctx, push(user, n))); err != nil {
					return err
				}
				say("kept", user, n)
			}
		})
	}
	return group.Wait()
}

// childOwner has a spool until its input ends.
func childOwner() error {
	s, err := spool.Open(os.Getenv(childDir), roomy, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	say("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// startChild starts a child and returns the lines that it says.
func startChild(t *testing.T, which string, env ...string) (child *exec.Cmd, said *bufio.Scanner) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(append(os.Environ(), asChild+"="+which), env...)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	return child, bufio.NewScanner(stdout)
}

// A process is killed again and again while it spools and drains, while NATS
// comes and goes and has long forgotten what it was given: what was kept is
// stored, all is stored once, and each user's pushes are in order.
func TestKilledAgainAndAgain(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	nats := bustest.Start(t)
	_ = nats.Bus()
	window(t, nats, 2*time.Second)
	dir := t.TempDir()
	kept := make(map[string]int)
	for round := range rounds {
		child, said := startChild(t, "ingress", childDir+"="+dir, childURL+"="+nats.Config().URL, childRound+"="+fmt.Sprint(round))
		switchAt, killAt := 1+rand.N(300), 1+rand.N(1200)
		for n := 0; said.Scan(); n++ {
			var user string
			var number int
			if _, err := fmt.Sscanf(said.Text(), "kept %s %d", &user, &number); err != nil {
				t.Fatalf("child said %q", said.Text())
			}
			kept[user] = number
			if n == switchAt && round%4 == 0 {
				nats.Down()
			}
			if n == switchAt && round%4 == 1 {
				nats.Up()
			}
			if n == killAt {
				_ = child.Process.Kill()
			}
		}
		_ = child.Wait()
	}
	nats.Up()
	s, _ := open(t, dir, roomy)
	drain(t, s, nats.Bus())
	drained(t, s)
	if bad := files(t, dir, ".bad"); len(bad) > 0 {
		t.Errorf("put aside: %v", bad)
	}
	all := 0
	for user, bodies := range storedOf(nats) {
		// those that nobody was told of may be stored, too: they were on the disk
		if want := numbers(len(bodies)); strings.Join(bodies, " ") != strings.Join(want, " ") || len(bodies) < kept[user] {
			t.Errorf("%s: stored %v, want 1 to %d or more", user, bodies, kept[user])
		}
		delete(kept, user)
		all += len(bodies)
	}
	if len(kept) > 0 {
		t.Errorf("nothing is stored of %v", kept)
	}
	t.Logf("%d pushes stored, after the last kill %+v", all, s.Stats())
}

// Only one process may use a folder; the other one learns who does, and may
// when that one is gone.
func TestFolderIsUsed(t *testing.T) {
	dir := t.TempDir()
	owner, said := startChild(t, "owner", childDir+"="+dir)
	if !said.Scan() || said.Text() != "open" {
		t.Fatalf("child said %q", said.Text())
	}
	_, err := spool.Open(dir, roomy, slog.New(slog.DiscardHandler))
	if who := fmt.Sprintf("process %d on ", owner.Process.Pid); err == nil || !strings.Contains(err.Error(), who) || !strings.Contains(err.Error(), dir) {
		t.Errorf("open = %v, want an error with %q and the folder", err, who)
	}
	_ = owner.Process.Kill()
	_ = owner.Wait()
	s, _ := open(t, dir, roomy)
	if _, err := spool.Open(dir, roomy, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("the same process may open a folder twice")
	}
	appendAll(t, s, "u", 1, 1)
}
