package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

var errBroken = errors.New("database is away")

// What a handler returns decides: how often it is called, and what is left of
// the message.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handle  func(ctx context.Context, call int) (wechat.Replies, error)
		calls   int
		replies int
		reason  string // of the dead letter, "" for none
		detail  string
	}{
		{"done", func(context.Context, int) (wechat.Replies, error) { return nil, nil }, 1, 0, "", ""},
		{"replies", func(context.Context, int) (wechat.Replies, error) { return wechat.TextReplies("a"), nil }, 1, 1, "", ""},
		{"error, then done", func(_ context.Context, call int) (wechat.Replies, error) {
			if call < 3 {
				return nil, errBroken
			}
			return wechat.TextReplies("a"), nil
		}, 3, 1, "", ""},
		{"error for ever", func(context.Context, int) (wechat.Replies, error) { return nil, errBroken }, 3, 0, "attempts used up", "database is away"},
		{"replies beside an error are not sent", func(context.Context, int) (wechat.Replies, error) {
			return wechat.TextReplies("a"), errBroken
		}, 3, 0, "attempts used up", "database is away"},
		{"given up", func(context.Context, int) (wechat.Replies, error) {
			return nil, fmt.Errorf("look up: %w", worker.Drop("no such order", errBroken))
		}, 1, 0, "no such order", "database is away"},
		{"given up without a cause", func(context.Context, int) (wechat.Replies, error) {
			return nil, worker.Drop("spam", nil)
		}, 1, 0, "spam", ""},
		{"later, then done", func(_ context.Context, call int) (wechat.Replies, error) {
			if call == 1 {
				return nil, worker.RetryAfter(30*time.Millisecond, errBroken)
			}
			return nil, nil
		}, 2, 0, "", ""},
		{"panic", func(context.Context, int) (wechat.Replies, error) { panic("index out of range") }, 3, 0, "attempts used up", "panic: index out of range"},
		{"deadline", func(ctx context.Context, _ int) (wechat.Replies, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, 3, 0, "attempts used up", "context deadline exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			var calls journal
			r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
				calls.add(m.ID)
				return tt.handle(ctx, len(calls.all()))
			}), func(c *worker.Config) { c.Timeout = 100 * time.Millisecond })
			r.text("oUser", "x")
			calls.count(t, tt.calls)
			r.settled()
			if got := len(calls.all()); got != tt.calls {
				t.Errorf("handler called %d times, want %d", got, tt.calls)
			}
			if got := len(r.replies(tt.replies)); got != tt.replies {
				t.Errorf("%d replies, want %d", got, tt.replies)
			}
			letters := r.dead(0)
			if tt.reason == "" {
				if len(letters) > 0 {
					t.Errorf("dead letter: %v", letters[0].Header)
				}
				return
			}
			if len(letters) != 1 {
				t.Fatalf("%d dead letters, want 1", len(letters))
			}
			got := [2]string{letters[0].Header.Get(worker.DeadReason), letters[0].Header.Get(worker.DeadDetail)}
			if diff := cmp.Diff([2]string{tt.reason, tt.detail}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeadLetterKeepsTheMessageAndTellsItsStory(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return nil, worker.Drop("no\nsuch order", errors.New("line 1\r\nNats-Forged: 1"))
	}), nil)
	id := r.text("oUser", "x")
	r.settled()
	letter, original := r.dead(1)[0], r.stored(bus.StreamIn, 1)[0]
	if letter.Subject != "wechat.dead.echo" || string(letter.Data) != string(original.Data) {
		t.Errorf("stored %s on %s", letter.Data, letter.Subject)
	}
	want := map[string]string{
		"Nats-Msg-Id": "dead:echo:WECHAT_IN:1", "Dead-Msg-Id": id,
		"Dead-Worker": "echo", "Dead-Reason": "no such order", "Dead-Detail": "line 1 Nats-Forged: 1", "Dead-Attempts": "1",
		"Dead-Subject": original.Subject, "Dead-Stream": "WECHAT_IN", "Dead-Sequence": strconv.FormatUint(original.Sequence, 10),
	}
	for name, value := range want {
		if got := letter.Header.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if at, err := time.Parse(time.RFC3339, letter.Header.Get("Dead-Time")); err != nil || time.Since(at) > time.Minute {
		t.Errorf("Dead-Time = %q", letter.Header.Get("Dead-Time"))
	}
	for name := range original.Header {
		kept := letter.Header.Get(name) == original.Header.Get(name)
		if !kept && !strings.HasPrefix(name, "Nats-") {
			t.Errorf("%s = %q, want %q", name, letter.Header.Get(name), original.Header.Get(name))
		}
	}
}

// A message may be so large that its letter has no room for the body.
func TestLargestMessageIsBuriedToo(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return nil, worker.Drop("spam", errBroken)
	}), nil)
	body := fmt.Sprintf(`{"MsgType":"text","FromUserName":"u","Content":%q}`, strings.Repeat("x", 8<<20-100))
	if _, err := r.nats.JetStream().Publish(t.Context(), "wechat.in.main.0.text", []byte(body)); err != nil {
		t.Fatal(err)
	}
	letter := r.dead(1)[0]
	want := fmt.Sprintf("the body of %d bytes stays in WECHAT_IN as 1: database is away", len(body))
	if got := letter.Header.Get(worker.DeadDetail); got != want || letter.Header.Get(worker.DeadReason) != "spam" || len(letter.Data) > 0 {
		t.Errorf("letter of %d bytes: %q", len(letter.Data), got)
	}
	r.settled()
}

// A message whose dead letter cannot be stored is kept.
func TestNothingIsLetGoBeforeItsDeadLetterIsStored(t *testing.T) {
	r := newRig(t)
	var calls journal
	r.run(on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		calls.add(m.ID)
		return nil, worker.Drop("spam", nil)
	}), nil)
	if err := r.nats.JetStream().DeleteStream(t.Context(), bus.StreamDead); err != nil {
		t.Fatal(err)
	}
	r.text("oUser", "x")
	calls.count(t, 1)
	if info := r.durable(); info.NumAckPending != 1 {
		t.Errorf("%d messages held, want 1", info.NumAckPending)
	}
	if _, err := r.bus.Apply(t.Context(), nil, false); err != nil {
		t.Fatal(err)
	}
	r.dead(1)
	r.settled()
}

// A message of a kind that this worker has no handler for, as after a change of
// its filters, ends as a dead letter instead of going round for ever.
func TestUnknownKindDoesNotLoop(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.KindText, echo), nil)
	subject := route.Address{Account: "main", Partition: 3, Kind: "image"}.RetrySubject("echo")
	header := map[string][]string{"ce-id": {"main:a"}}
	if _, err := r.bus.Publish(t.Context(), subject, "again-1", header, []byte(`{"MsgType":"image","FromUserName":"u"}`)); err != nil {
		t.Fatal(err)
	}
	letter := r.dead(1)[0]
	if got := letter.Header.Get("Dead-Detail"); !strings.Contains(got, "no handler for image") {
		t.Errorf("detail = %q", got)
	}
	r.settled()
}

// What an operator puts back reaches the worker that is named, and no other.
func TestRetrySubjectReachesOneWorker(t *testing.T) {
	r := newRig(t)
	r.run(on(wechat.AnyKind, echo), nil)
	body := []byte(`{"MsgType":"text","FromUserName":"oUser","Content":"x"}`)
	for _, name := range []string{"other", "echo"} {
		subject := route.Address{Account: "main", Partition: 3, Kind: "text"}.RetrySubject(name)
		header := map[string][]string{"ce-id": {"main:" + name}}
		if _, err := r.bus.Publish(t.Context(), subject, "again-"+name, header, body); err != nil {
			t.Fatal(err)
		}
	}
	r.replies(1)
	r.settled()
	if got := r.replies(1); len(got) != 1 || got[0].Header.Get("Nats-Msg-Id") != "echo:main:echo:1" {
		t.Errorf("%d replies, the first %v", len(got), got[0].Header)
	}
}
