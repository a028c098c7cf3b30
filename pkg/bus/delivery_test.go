package bus_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestDeliveryIsTheMessageAsStored(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	publish(t, b, text, 1, 1)
	header := map[string][]string{"ce-id": {"main:2"}, "traceparent": {"a", "b"}}
	must[bool](t)(b.Publish(within(t), text, "main:2", header, []byte(`{"Content":"你好"}`)))
	publish(t, b, text, 3, 5)
	k := take(t, b, texts, 2)
	k.next()
	got := k.next()
	want := &bus.Delivery{
		Subject: text, Body: []byte(`{"Content":"你好"}`), Stream: bus.StreamIn, Sequence: 2, Attempt: 1, Pending: 3,
		Header: map[string][]string{"ce-id": {"main:2"}, "traceparent": {"a", "b"}, "Nats-Msg-Id": {"main:2"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(bus.Delivery{}), cmpopts.IgnoreFields(bus.Delivery{}, "Stored")); diff != "" {
		t.Error(diff)
	}
	if stored := server.Stored(bus.StreamIn)[1].Time; !got.Stored.Equal(stored) {
		t.Errorf("stored at %v, want %v", got.Stored, stored)
	}
	for name, want := range map[string]string{"ce-id": "main:2", "traceparent": "a", "Ce-Id": "", "ce-type": ""} {
		if got := got.Get(name); got != want {
			t.Errorf("Get(%q) = %q, want %q", name, got, want)
		}
	}
	if got := got.String(); got != "WECHAT_IN/2" {
		t.Errorf("String = %s, want WECHAT_IN/2", got)
	}
}

// A log line about a message names it, whatever the format, and does not tell
// what a user wrote.
func TestLogsNameAMessageOnly(t *testing.T) {
	d := &bus.Delivery{Stream: bus.StreamIn, Sequence: 7, Body: []byte("secret"), Header: map[string][]string{"ce-id": {"oUser"}}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Warn("strange", "message", d)
	slog.New(slog.NewTextHandler(&log, nil)).Warn("strange", "message", d)
	for line := range strings.Lines(log.String()) {
		if !strings.Contains(line, "WECHAT_IN/7") || strings.Contains(line, "Body") || strings.Contains(line, "oUser") {
			t.Errorf("logged %s", line)
		}
	}
}

func TestAckRemovesAMessage(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	if err := k.next().Ack(within(t)); err != nil {
		t.Fatal(err)
	}
	info := durable(t, server, texts)()
	if info.NumAckPending != 0 || info.AckFloor.Stream != 1 {
		t.Errorf("%d messages are held and the durable stands at %d, want 0 and 1", info.NumAckPending, info.AckFloor.Stream)
	}
}

func TestAckSaysWhenTheDurableIsGone(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	d := k.next()
	if err := server.JetStream().DeleteConsumer(within(t), texts.Stream, texts.Name); err != nil {
		t.Fatal(err)
	}
	if err := d.Ack(within(t)); err == nil {
		t.Error("Ack = nil, want an error")
	}
}

func TestLateAckCounts(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	create(t, server, texts, func(c *jetstream.ConsumerConfig) { c.AckWait = 200 * time.Millisecond })
	k := take(t, b, texts, 2)
	publish(t, b, text, 1, 1)
	first, second := k.next(), k.next()
	if first.Sequence != second.Sequence || second.Attempt < 2 {
		t.Fatalf("%v at attempt %d follows %v, want the same once more", second, second.Attempt, first)
	}
	if err := first.Ack(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := durable(t, server, texts)().NumAckPending; got != 0 {
		t.Errorf("%d messages are held, want none", got)
	}
}

func TestTermEndsAMessageAndSaysWhy(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	advisories := subscribe(t, server, "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>")
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	if err := k.next().Term(within(t), "malformed reply"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, "an advisory", advisories).Data; !bytes.Contains(got, []byte(`"reason":"malformed reply"`)) {
		t.Errorf("the advisory is %s, want the reason in it", got)
	}
	if got := durable(t, server, texts)().NumAckPending; got != 0 {
		t.Errorf("%d messages are held, want none", got)
	}
}

func TestRetryDeliversAgainWhenItIsTime(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	locked(t, server, texts)
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	for attempt, delay := range []time.Duration{0, time.Millisecond, 0, time.Hour} {
		d := k.next()
		if d.Sequence != 1 || d.Attempt != attempt+1 {
			t.Fatalf("%v at attempt %d, want the first at %d", d, d.Attempt, attempt+1)
		}
		if err := d.Retry(delay); err != nil {
			t.Fatal(err)
		}
		k.release()
	}
	publish(t, b, text, 2, 2)
	if d := k.next(); d.Sequence != 2 {
		t.Errorf("%v comes next, want the one that is not put off", d)
	}
	if got := durable(t, server, texts)().NumAckPending; got != 2 {
		t.Errorf("%d messages are held, want both", got)
	}
}

func TestProgressKeepsAMessage(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	create(t, server, texts, func(c *jetstream.ConsumerConfig) { c.AckWait = 3 * time.Second })
	k := take(t, b, texts, 8)
	publish(t, b, text, 1, 2)
	kept := k.next()
	if d := k.next(); d.Sequence != 2 {
		t.Fatalf("%v comes second", d)
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for again := 0; again < 2; { // times that the other one comes again, of which nobody hears
		select {
		case d := <-k.got:
			if d.Sequence != 2 {
				t.Fatalf("%v comes again at attempt %d", d, d.Attempt)
			}
			again++
		case <-ticker.C:
			if err := kept.Progress(); err != nil {
				t.Fatal(err)
			}
		}
	}
	k.ack(kept)
}
