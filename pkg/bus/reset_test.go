package bus_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestDurableOfAPartition(t *testing.T) {
	d := bus.Durable{Name: "echo", Stream: bus.StreamIn, Ordered: true, Filters: []string{
		"wechat.in.*.*.text", "wechat.in.*.*.event.>", "wechat.in.*.*.>", "wechat.in.>", "wechat.in.shop.*.image", "wechat.retry.echo.>",
	}}
	part := d.Partition(7)
	want := []string{
		"wechat.in.*.7.text", "wechat.in.*.7.event.>", "wechat.in.*.7.>", "wechat.in.*.7.>", "wechat.in.shop.7.image", "wechat.retry.echo.*.7.>",
	}
	if diff := cmp.Diff(want, part.Filters); diff != "" || part.Name != "echo-p07" || part.Ordered {
		t.Errorf("%+v: %s", part, diff)
	}
	d.Filters = []string{"wechat.out.>"}
	if diff := cmp.Diff([]string{"wechat.out.*.15"}, d.Partition(15).Filters); diff != "" {
		t.Error(diff)
	}
}

func TestResetDeliversAgainInOrder(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	locked(t, server, texts)
	publish(t, b, text, 1, 5)
	k := take(t, b, texts, 4)
	for n := 1; n <= 4; n++ {
		d := k.next()
		if got := d.Number(); got != uint64(n) {
			t.Errorf("delivery %d has the number %d", n, got)
		}
		if n == 2 {
			k.ack(d) // the fifth one takes its place
		}
	}
	k.next()
	k.end()
	at := must[bus.Place](t)(b.Place(within(t), texts))
	if at.Floor != 0 || at.Unsettled != 4 || at.Delivered != 5 {
		t.Errorf("place is %+v", at)
	}
	if err := b.Reset(within(t), texts, 0); err != nil {
		t.Fatal(err)
	}
	k = take(t, b, texts, 8)
	for n := 1; n <= 5; n++ {
		d := k.next()
		if string(d.Body) != strconv.Itoa(n) || d.Number() != uint64(n) || d.Attempt != 1 {
			t.Errorf("%d. delivery is number %d, message %s, attempt %d", n, d.Number(), d.Body, d.Attempt)
		}
		if err := d.AckAgain(); err != nil {
			t.Error(err)
		}
	}
	bustest.Eventually(t, "all are settled", func() bool {
		at, err := b.Place(within(t), texts)
		return err == nil && at.Floor == 5
	})
	missing := texts
	missing.Name = "nobody"
	if _, err := b.Place(within(t), missing); !errors.Is(err, bus.ErrNoDurable) {
		t.Errorf("place of a durable that is missing: %v", err)
	}
	if err := b.Reset(within(t), missing, 0); err == nil {
		t.Error("a durable that is missing was reset")
	}
}

func TestSettledIsWhereAnotherDurableMayBegin(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	want := func(want uint64) {
		t.Helper()
		bustest.Eventually(t, "settled up to "+strconv.FormatUint(want, 10), func() bool {
			got, err := b.Settled(within(t), texts)
			return err == nil && got == want
		})
	}
	want(0)
	locked(t, server, texts)
	want(1)
	publish(t, b, "wechat.in.main.7.image", 1, 3) // not its own
	want(4)
	publish(t, b, text, 1, 2) // 4 and 5
	want(4)
	k := take(t, b, texts, 4)
	k.ackAll(1)
	want(5)
	publish(t, b, "wechat.in.main.7.image", 4, 4)
	k.ackAll(1)
	want(7)
	k.end()
}

func TestApplyMakesADurableForEachPartition(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	createWith(t, server, bus.StreamIn, "wechat.in.>", "2")
	b := server.Bus()
	k := take(t, b, texts, 1)
	publish(t, b, "wechat.in.main.1.text", 1, 3)
	k.ackAll(2) // without order; the third one is left
	k.end()
	ordered := texts
	ordered.Ordered = true
	lines := []string{"+ durable echo-p00 on WECHAT_IN", "+ durable echo-p01 on WECHAT_IN"}
	apply(t, b, false)
	want(t, apply(t, b, true, ordered), lines...)
	want(t, apply(t, b, false, ordered), lines...)
	want(t, apply(t, b, false, ordered))
	if err := b.Ensure(within(t), ordered); err != nil {
		t.Error(err)
	}
	k = take(t, b, ordered.Partition(1), 4)
	if got := string(k.next().Body); got != "3" {
		t.Errorf("message %s is delivered, want 3", got)
	}
}

func TestWatchSomeTellsAllAndThenChanges(t *testing.T) {
	t.Parallel()
	b := bustest.Start(t).Bus()
	bucket := b.Bucket(bus.BucketLease)
	put := func(key string) uint64 {
		return must[uint64](t)(bucket.Save(within(t), key, []byte(key), 0))
	}
	revision := put("a.1")
	put("b.1")
	put("c.1")
	told := make(chan string, 64)
	ctx, cancel := context.WithCancel(within(t))
	ended := start(func() error {
		return bucket.WatchSome(ctx, []string{"a.*", "b.*"}, func(entries []bus.Entry, whole bool) {
			line := "changed"
			if whole {
				line = "all"
			}
			for _, entry := range entries {
				line += " " + entry.Key + "=" + string(entry.Value)
			}
			told <- line
		})
	})
	next := func(want string) {
		t.Helper()
		if got := receive(t, want, told); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	next("all a.1=a.1 b.1=b.1")
	put("c.2")
	put("b.2")
	next("changed b.2=b.2")
	if err := bucket.Remove(within(t), "a.1", revision); err != nil {
		t.Fatal(err)
	}
	next("changed a.1=")
	must[uint64](t)(bucket.SaveFor(within(t), "a.2", []byte("short"), 0, time.Second))
	next("changed a.2=short")
	next("changed a.2=") // its time is over
	cancel()
	if err := receive(t, "the end", ended); err != nil {
		t.Error(err)
	}
}
