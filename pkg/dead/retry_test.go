package dead_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/dead"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// last returns the newest message of a stream, without the headers by which the
// server tells where it is.
func (r *rig) last(stream string) *jetstream.RawStreamMsg {
	r.t.Helper()
	all := r.nats.Stored(stream)
	newest := all[len(all)-1]
	for _, name := range []string{jetstream.StreamHeader, jetstream.SubjectHeader, jetstream.SequenceHeader, jetstream.TimeStampHeaer} {
		delete(newest.Header, name)
	}
	return newest
}

func TestRetryReachesThatWorkerAlone(t *testing.T) {
	r := newRig(t)
	body := text("oUser", "hi", "1")
	r.push("main", body)
	first := r.last(bus.StreamIn)
	for _, name := range []string{"echo", "greeter"} {
		r.work(durable(name), drop("spam"))
	}
	subject, err := r.letters.Retry(r.ctx(), 1)
	if err != nil {
		t.Fatal(err)
	}
	again := r.last(bus.StreamIn)
	if want := strings.Replace(first.Subject, "wechat.in.", "wechat.retry.echo.", 1); again.Subject != want || subject != want {
		t.Errorf("stored as %s, told %s, want %s", again.Subject, subject, want)
	}
	header := nats.Header{}
	maps.Copy(header, first.Header)
	header["Nats-Msg-Id"] = []string{"retry:1:main:oUser:1"}
	if diff := cmp.Diff(header, again.Header); diff != "" || string(again.Data) != body {
		t.Errorf("body %s, headers %s", again.Data, diff)
	}
	if l := r.left(1)[0]; l.Worker != "greeter" {
		t.Errorf("the letter of %s is left", l.Worker)
	}
	got := 0
	r.work(durable("echo"), func(*bus.Delivery) error { got++; return nil })
	if got != 1 {
		t.Errorf("handled %d times, want once", got)
	}
}

// What is put back and given up again may be put back again.
func TestRetryOfARetry(t *testing.T) {
	r := newRig(t)
	r.push("main", text("oUser", "hi", "1"))
	r.work(durable("echo"), drop("spam"))
	for n := 1; n <= 3; n++ {
		l := r.left(1)[0]
		if _, err := r.letters.Retry(r.ctx(), l.Sequence); err != nil {
			t.Fatal(err)
		}
		if stored := len(r.nats.Stored(bus.StreamIn)); stored != n+1 {
			t.Fatalf("%d messages after %d retries", stored, n)
		}
		r.work(durable("echo"), drop("spam"))
	}
}

// A process that is killed before the letter goes leaves it, and its message is
// back already: run again, the message is there once.
func TestRetryAgainAfterAKill(t *testing.T) {
	r := newRig(t)
	r.push("main", text("oUser", "hi", "1"))
	r.work(durable("echo"), drop("spam"))
	letter, err := r.letters.Show(r.ctx(), 1)
	if err != nil {
		t.Fatal(err)
	}
	killed := "retry:1:" + letter.ID
	if _, err := r.bus.Publish(r.ctx(), "wechat.retry.echo.main.1.text", killed, route.Own(letter.Header), letter.Body); err != nil {
		t.Fatal(err)
	}
	if _, err := r.letters.Retry(r.ctx(), 1); err != nil {
		t.Fatal(err)
	}
	if got := len(r.nats.Stored(bus.StreamIn)); got != 2 {
		t.Errorf("%d messages are stored, want the first and the one that was put back", got)
	}
	r.left(0)
}

func TestRetryOfAReply(t *testing.T) {
	r := newRig(t)
	const body = `{"touser":"oUser","msgtype":"text","text":{"content":"你好"}}`
	r.reply("main", "oUser", "echo:1:1", body, map[string][]string{"Wechat-In-Reply-To": {"1"}})
	first := r.last(bus.StreamOut)
	r.work(sender(), drop("45015"))
	subject, err := r.letters.Retry(r.ctx(), 1)
	if err != nil {
		t.Fatal(err)
	}
	again := r.last(bus.StreamOut)
	if again.Sequence == first.Sequence || again.Subject != first.Subject || subject != first.Subject || string(again.Data) != body {
		t.Errorf("stored as %d, %s: %s; told %s", again.Sequence, again.Subject, again.Data, subject)
	}
	want := nats.Header{
		"Nats-Msg-Id": {"retry:1:echo:1:1"}, "Wechat-In-Reply-To": {"1"},
		"Wechat-Retry-Of": {"1 " + first.Time.UTC().Format(time.RFC3339Nano) + " echo:1:1"},
	}
	if diff := cmp.Diff(want, again.Header); diff != "" {
		t.Error(diff)
	}
	r.left(0)
}

// A reply that was held names what it was before.
func TestRetryOfAReplyThatWasHeld(t *testing.T) {
	r := newRig(t)
	const since = "2026-11-26T01:02:03.000000004Z"
	r.reply("main", "oUser", "held:7:x", `{"touser":"oUser"}`, map[string][]string{
		"Wechat-Held-Sequence": {"7"}, "Wechat-Held-Id": {"echo:1:1"}, "Wechat-Held-Since": {since}, "Wechat-Held-Expired": {"true"},
	})
	r.work(sender(), drop("expired"))
	if _, err := r.letters.Retry(r.ctx(), 1); err != nil {
		t.Fatal(err)
	}
	want := nats.Header{"Nats-Msg-Id": {"retry:1:held:7:x"}, "Wechat-Retry-Of": {"7 " + since + " echo:1:1"}}
	if diff := cmp.Diff(want, r.last(bus.StreamOut).Header); diff != "" {
		t.Error(diff)
	}
}

// A letter stays where it is when its message cannot be put back, or nobody would
// be given it.
func TestRetryThatFailsLeavesTheLetter(t *testing.T) {
	r := newRig(t)
	letter := func(worker, subject, stream, body string) uint64 {
		header := map[string][]string{"Dead-Worker": {worker}, "Dead-Subject": {subject}, "Dead-Stream": {stream}}
		if _, err := r.bus.Publish(r.ctx(), "wechat.dead."+worker, fmt.Sprint(worker, subject, body), header, []byte(body)); err != nil {
			t.Fatal(err)
		}
		return r.last(bus.StreamDead).Sequence
	}
	images := bus.Durable{Name: "images", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.image"}}
	if _, err := r.bus.Apply(r.ctx(), []bus.Durable{images, sender()}, false); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		sequence uint64
		says     string
	}{
		{"worker is not there", letter("nobody", "wechat.in.main.7.text", bus.StreamIn, "{}"), `worker "nobody" is not there`},
		{"worker has no retries", letter("images", "wechat.in.main.7.image", bus.StreamIn, "{}"), "does not listen to wechat.retry.images.main.7.image"},
		{"no subject", letter("images", "", bus.StreamIn, "{}"), "Dead-Subject"},
		{"reply without a user", letter("sender", "wechat.out.main.3", bus.StreamOut, "{}"), "no touser"},
		{"reply without a subject", letter("sender", "wechat.in.main.3.text", bus.StreamOut, "{}"), "Dead-Subject"},
	} {
		if _, err := r.letters.Retry(r.ctx(), tt.sequence); err == nil || !strings.Contains(err.Error(), tt.says) || errors.Is(err, dead.ErrGone) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
		if _, err := r.letters.Show(r.ctx(), tt.sequence); err != nil {
			t.Errorf("%s: the letter is gone: %v", tt.name, err)
		}
	}
	if got := len(r.nats.Stored(bus.StreamIn)) + len(r.nats.Stored(bus.StreamOut)); got > 0 {
		t.Errorf("%d messages are stored", got)
	}
}

// A body that is too large for a letter is put back from where it is.
func TestRetryOfALargeMessage(t *testing.T) {
	r := newRig(t)
	body := text("oUser", strings.Repeat("x", 8<<20-700), "1")
	r.push("main", body)
	r.work(durable("echo"), drop("spam "+strings.Repeat("y", 250)))
	if l := r.left(1)[0]; l.Size != 0 {
		t.Fatalf("the letter has a body of %d bytes: the test needs a larger one", l.Size)
	}
	shown, err := r.letters.Show(r.ctx(), 1)
	if err != nil || string(shown.Body) != body || shown.Size != len(body) {
		t.Errorf("shown: %d bytes, %v", len(shown.Body), err)
	}
	if _, err := r.letters.Retry(r.ctx(), 1); err != nil {
		t.Fatal(err)
	}
	if got := r.last(bus.StreamIn); string(got.Data) != body || !strings.HasPrefix(got.Subject, route.Retry) {
		t.Errorf("%d bytes are stored as %s", len(got.Data), got.Subject)
	}
	r.left(0)
	r.work(durable("echo"), drop("spam "+strings.Repeat("y", 250)))
	sequence := r.left(1)[0].Sequence
	stream, err := r.nats.JetStream().Stream(r.ctx(), bus.StreamIn)
	if err == nil {
		err = stream.Purge(r.ctx())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.letters.Retry(r.ctx(), sequence); err == nil || !strings.Contains(err.Error(), "no longer in WECHAT_IN") {
		t.Errorf("put back without a body: %v", err)
	}
	r.left(1)
}

// Replicas that keep order are given what is put back, too.
func TestRetryForAnOrderedWorker(t *testing.T) {
	r := newRig(t)
	d := bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: route.Filters("echo", []wechat.Kind{wechat.KindText})}
	d.Ordered = true
	if _, err := r.bus.Apply(r.ctx(), []bus.Durable{d}, false); err != nil {
		t.Fatal(err)
	}
	header := map[string][]string{"Dead-Worker": {"echo"}, "Dead-Subject": {"wechat.in.main.7.text"}, "Dead-Stream": {bus.StreamIn}}
	if _, err := r.bus.Publish(r.ctx(), "wechat.dead.echo", "1", header, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if subject, err := r.letters.Retry(r.ctx(), 1); err != nil || subject != "wechat.retry.echo.main.7.text" {
		t.Errorf("put back as %q, %v", subject, err)
	}
}
