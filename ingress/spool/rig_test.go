package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// asChild in the environment makes this test binary a process that uses a
// spool; its value says which one. A child never starts another one.
const asChild = "WXBUS_TEST_SPOOL_CHILD"

func TestMain(m *testing.M) {
	if child := os.Getenv(asChild); child != "" {
		if err := children[child](); err != nil {
			say("child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	const nats = "github.com/nats-io/nats-server/v2/server"
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(nats+".(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction(nats+"/ats.Register.func1"))
}

// say writes a line of a child, at once and as a whole.
func say(words ...any) { _, _ = fmt.Fprintln(os.Stdout, words...) }

const (
	patience = time.Minute
	roomy    = 1 << 30
)

// open opens a spool that is closed with the test at the latest.
func open(t testing.TB, dir string, maxBytes int64) (*spool.Spool, *bustest.Logbook) {
	t.Helper()
	book := new(bustest.Logbook)
	s, err := spool.Open(dir, maxBytes, book.Logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, book
}

// push returns the n-th push of a user, with n for a body.
func push(user string, n int) *spool.Record {
	return pushOf(user, n, []byte(strconv.Itoa(n)))
}

func pushOf(user string, n int, body []byte) *spool.Record {
	now := time.Now()
	e := &route.Envelope{
		Account: "main", OpenID: user, Kind: wechat.KindText, ID: fmt.Sprintf("main:%s:%d", user, n),
		Time: now, Type: "application/json", Body: body,
	}
	return spool.NewRecord(e, e.Header(), now)
}

// appendAll keeps pushes of a user, numbered from and to.
func appendAll(t testing.TB, s *spool.Spool, user string, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if err := s.Append(within(t), push(user, n)); err != nil {
			t.Fatal(err)
		}
	}
}

// drain drains a spool until stop is called, or the test ends.
func drain(t testing.TB, s *spool.Spool, b *bus.Bus) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Drain(ctx, b) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

func drained(t testing.TB, s *spool.Spool) {
	t.Helper()
	bustest.Eventually(t, "the spool is drained", func() bool { return s.Waiting() == 0 })
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// storedOf returns the bodies that are stored for each user, in order.
func storedOf(nats *bustest.Server) map[string][]string {
	stored := make(map[string][]string)
	for _, msg := range nats.Stored(bus.StreamIn) {
		user := msg.Header.Get(route.HeaderSubject)
		stored[user] = append(stored[user], string(msg.Data))
	}
	return stored
}

// numbers returns the bodies of a user's pushes up to one.
func numbers(to int) (texts []string) {
	for n := 1; n <= to; n++ {
		texts = append(texts, strconv.Itoa(n))
	}
	return texts
}

// files returns the names of a folder's files that end in suffix.
func files(t testing.TB, dir, suffix string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), suffix) {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names
}

// change changes the configuration of the stream of pushes.
func change(t testing.TB, nats *bustest.Server, how func(*jetstream.StreamConfig)) {
	t.Helper()
	js := nats.JetStream()
	stream, err := js.Stream(within(t), bus.StreamIn)
	if err != nil {
		t.Fatal(err)
	}
	cfg := stream.CachedInfo().Config
	how(&cfg)
	if _, err := js.UpdateStream(within(t), cfg); err != nil {
		t.Fatal(err)
	}
}

func window(t testing.TB, nats *bustest.Server, d time.Duration) {
	t.Helper()
	change(t, nats, func(c *jetstream.StreamConfig) { c.Duplicates = d })
}

// appendAtOnce appends records of many users, each user's one after the other,
// and returns what must be stored. A spool that is full is waited for.
func appendAtOnce(t testing.TB, s *spool.Spool, users, each int, padding string) map[string][]string {
	t.Helper()
	want := make(map[string][]string)
	var group errgroup.Group
	for i := range users {
		user := fmt.Sprint("u", i)
		want[user] = numbers(each)
		group.Go(func() error {
			for n := 1; n <= each; n++ {
				r := push(user, n)
				r.Header["padding"] = []string{padding}
				if err := appendWhenItFits(t.Context(), s, r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return want
}

func appendWhenItFits(ctx context.Context, s *spool.Spool, r *spool.Record) error {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		if err := s.Append(ctx, r); !errors.Is(err, spool.ErrFull) {
			return err
		}
		<-again.C
	}
}
