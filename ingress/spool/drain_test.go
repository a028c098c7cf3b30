package spool_test

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
)

// A record is stored just as the ingress would have stored it.
func TestDrainedRecordIsAsPublished(t *testing.T) {
	nats := bustest.Start(t)
	s, _ := open(t, t.TempDir(), roomy)
	r := pushOf("oUser", 1, []byte(`{"MsgType":"text"}`))
	r.Header["traceparent"] = []string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	if err := s.Append(within(t), r); err != nil {
		t.Fatal(err)
	}
	drain(t, s, nats.Bus())
	drained(t, s)
	stored := nats.Stored(bus.StreamIn)
	if len(stored) != 1 {
		t.Fatalf("stored %d messages, want 1", len(stored))
	}
	want := fmt.Sprintf("wechat.in.main.%d.text", route.Partition("oUser", 16))
	if got := stored[0]; got.Subject != want || !bytes.Equal(got.Data, r.Body) {
		t.Errorf("stored %s on %s, want %s", got.Data, got.Subject, want)
	}
	got := map[string][]string(stored[0].Header)
	maps.DeleteFunc(got, func(name string, _ []string) bool {
		return strings.HasPrefix(name, "Nats-") && name != route.HeaderMsgID // what the server adds when it is asked
	})
	if diff := cmp.Diff(r.Header, got); diff != "" {
		t.Error(diff)
	}
}

// NATS comes and goes while pushes are kept and drained: all are stored, once,
// and each user's in order. In the end the folder is empty.
func TestServerComesAndGoes(t *testing.T) {
	const users, each = 8, 60
	nats := bustest.Start(t)
	b := nats.Bus()
	dir := t.TempDir()
	s, _ := open(t, dir, roomy)
	drain(t, s, b)
	want := make(map[string][]string)
	for round := range 3 {
		nats.Down()
		var group errgroup.Group
		for i := range users {
			user := fmt.Sprint("u", i)
			want[user] = numbers((round + 1) * each)
			group.Go(func() error {
				for n := round*each + 1; n <= (round+1)*each; n++ {
					if n == round*each+each/2 && i == 0 {
						nats.Up()
					}
					if err := s.Append(t.Context(), push(user, n)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		bustest.Eventually(t, "some are stored", func() bool { return s.Stats().Drained > uint64(round*users*each) })
		nats.HangUp()
	}
	drained(t, s)
	bustest.Eventually(t, "the folder is empty", func() bool { return len(files(t, dir, ".spool")) == 0 })
	if diff := cmp.Diff(want, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
	if stats := s.Stats(); stats.Bytes != 0 || !stats.Oldest.IsZero() || stats.Drained+stats.Duplicates != 3*users*each {
		t.Errorf("stats = %+v, want %d drained", stats, 3*users*each)
	}
}

// NATS was never seen when the push came: its partition is known only later.
func TestServerComesLater(t *testing.T) {
	nats := bustest.Start(t)
	nats.Down()
	s, book := open(t, t.TempDir(), roomy)
	b, err := bus.Connect("test", nats.Config(), book.Logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	go func() { _ = b.Prepare(t.Context()) }()
	drain(t, s, b)
	appendAll(t, s, "u", 1, 3)
	nats.Up()
	drained(t, s)
	if diff := cmp.Diff(numbers(3), storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
}

// A restart amid the drain goes on where it was, and does not begin anew.
func TestRestartGoesOn(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	dir := t.TempDir()
	s, _ := open(t, dir, roomy)
	const all = 1500
	var group errgroup.Group
	group.SetLimit(256)
	for n := range all {
		group.Go(func() error { return s.Append(t.Context(), push("u", n)) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	stop := drain(t, s, b)
	bustest.Eventually(t, "a part is drained", func() bool { return s.Waiting() < all })
	stop()
	left := s.Waiting()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir, roomy)
	if got := s.Waiting(); got != left {
		t.Errorf("%d waiting after the restart, want %d", got, left)
	}
	drain(t, s, b)
	drained(t, s)
	if got := len(storedOf(nats)["u"]); got != all {
		t.Errorf("%d stored, want %d", got, all)
	}
}

// A full stream is an outage like any other.
func TestFullStreamIsWaitedFor(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	change(t, nats, func(c *jetstream.StreamConfig) { c.MaxMsgs = 2 })
	s, book := open(t, t.TempDir(), roomy)
	appendAll(t, s, "u", 1, 5)
	drain(t, s, b)
	bustest.Eventually(t, "it is said", func() bool { return strings.Contains(book.String(), "stream is full") })
	change(t, nats, func(c *jetstream.StreamConfig) { c.MaxMsgs = -1 })
	drained(t, s)
	if diff := cmp.Diff(numbers(5), storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
}

// What NATS cannot hold does not stand in the way of the others.
func TestTooLargeRecordIsPutAside(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	dir := t.TempDir()
	s, book := open(t, dir, roomy)
	appendAll(t, s, "u", 1, 1)
	if err := s.Append(within(t), pushOf("u", 2, make([]byte, 9<<20))); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, "u", 3, 3)
	drain(t, s, b)
	drained(t, s)
	if diff := cmp.Diff([]string{"1", "3"}, storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
	if bad := files(t, dir, ".bad"); len(bad) != 1 || !strings.Contains(book.String(), bus.ErrTooLarge.Error()) {
		t.Errorf("put aside %v, log %s", bad, book)
	}
}

// Segments of a machine that is gone are drained by another one.
func TestSegmentsOfAnotherFolder(t *testing.T) {
	nats := bustest.Start(t)
	name, data, _ := written(t, 5)
	s, _, _ := planted(t, strings.Replace(name, "0000000000000001", "0000000000000000", 1), data)
	appendAll(t, s, "v", 1, 2)
	drain(t, s, nats.Bus())
	drained(t, s)
	if diff := cmp.Diff(map[string][]string{"u": numbers(5), "v": numbers(2)}, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
}

// The leader of the stream dies amid the drain, and the election takes longer
// than the duplicate window: nothing is lost or double.
func TestLeaderIsLost(t *testing.T) {
	cluster := bustest.StartCluster(t)
	s, book := open(t, t.TempDir(), roomy)
	b, err := bus.Connect("test", cluster.Config(), book.Logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	leader := cluster.Leader(bus.StreamIn)
	window(t, leader, time.Second)
	const users, each = 40, 50
	want := appendAtOnce(t, s, users, each, "")
	drain(t, s, b)
	bustest.Eventually(t, "some are drained", func() bool { return s.Stats().Drained > users })
	leader.Down()
	bustest.Eventually(t, "the spool is drained", func() bool { return s.Waiting() == 0 })
	if diff := cmp.Diff(want, storedOf(cluster.Leader(bus.StreamIn))); diff != "" {
		t.Error(diff)
	}
}
