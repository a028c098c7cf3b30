package bus_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestPublishStoresAnIDOnce(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	header := map[string][]string{"ce-id": {"main:1"}}
	for _, want := range []bool{false, true, true} {
		got, err := b.Publish(within(t), text, "main:1", header, []byte("你好"))
		if err != nil || got != want {
			t.Errorf("Publish = %v, %v, want %v", got, err, want)
		}
	}
	if diff := cmp.Diff(map[string][]string{"ce-id": {"main:1"}}, header); diff != "" {
		t.Errorf("the caller's header was changed: %s", diff)
	}
	stored := nats.Stored(bus.StreamIn)
	if len(stored) != 1 || string(stored[0].Data) != "你好" || stored[0].Subject != text {
		t.Fatalf("stored %v, want the message once", stored)
	}
	for _, name := range []string{"ce-id", "Nats-Msg-Id"} {
		if got := stored[0].Header.Get(name); got != "main:1" {
			t.Errorf("%s is stored as %q, want main:1", name, got)
		}
	}
}

func TestPublishersOfOneIDStoreOneMessage(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	var stored atomic.Int32
	var publishing sync.WaitGroup
	for range 40 {
		publishing.Go(func() {
			duplicate, err := b.Publish(within(t), text, "main:1", nil, []byte("1"))
			if err != nil {
				t.Error(err)
			}
			if !duplicate {
				stored.Add(1)
			}
		})
	}
	publishing.Wait()
	if got := stored.Load(); got != 1 {
		t.Errorf("%d publishers were the first, want 1", got)
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("%d messages are stored, want 1", got)
	}
}

func TestPublishRefusesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	small := strings.Repeat("x", 4096)
	for _, tt := range []struct {
		name   string
		limit  func(*jetstream.StreamConfig)
		header map[string][]string
		body   string
		want   error
	}{
		{name: "over max_payload", body: strings.Repeat("x", 9<<20), want: bus.ErrTooLarge},
		{
			name: "over max_msg_size", body: small, want: bus.ErrTooLarge,
			limit: func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1024 },
		},
		{
			name: "header over 64 KiB", want: bus.ErrTooLarge,
			header: map[string][]string{"ce-subject": {strings.Repeat("x", 70000)}},
		},
		{
			name: "messages used up", body: small, want: bus.ErrFull,
			limit: func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 },
		},
		{
			name: "bytes used up", body: small, want: bus.ErrFull,
			limit: func(c *jetstream.StreamConfig) { c.MaxBytes = 2048 },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nats := bustest.Start(t)
			b := nats.Bus()
			publish(t, b, text, 1, 1)
			if tt.limit != nil {
				reconfigure(t, nats, bus.StreamIn, tt.limit)
			}
			_, err := b.Publish(within(t), text, "main:1", tt.header, []byte(tt.body))
			if !errors.Is(err, tt.want) || errors.Is(err, bus.ErrUnavailable) {
				t.Errorf("Publish = %v, want %v", err, tt.want)
			}
			if got := len(nats.Stored(bus.StreamIn)); got != 1 {
				t.Errorf("%d messages are stored, want the first alone", got)
			}
		})
	}
}

func TestPublishWaitsForTheStream(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b, _ := connect(t, nats.Config())
	patient := start(func() error {
		_, err := b.Publish(within(t), text, "main:1", nil, nil)
		return err
	})
	wantUnavailable(t, b)
	nats.Bus()
	if err := receive(t, "Publish", patient); err != nil {
		t.Fatal(err)
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("%d messages are stored, want 1", got)
	}
}

func TestPublishAsksAgainAfterSilence(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b, _ := connect(t, nats.Config())
	tries := subscribe(t, nats, "wechat.in.>") // there, but it never answers
	done := start(func() error {
		_, err := b.Publish(within(t), text, "main:1", nil, nil)
		return err
	})
	for range 2 {
		if got := receive(t, "a try", tries).Header.Get("Nats-Msg-Id"); got != "main:1" {
			t.Errorf("tried under the id %s, want main:1", got)
		}
	}
	nats.Bus()
	if err := receive(t, "Publish", done); err != nil {
		t.Fatal(err)
	}
}

func TestPublishOutlastsAServerThatIsDown(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b := nats.Bus()
	nats.Down()
	wantUnavailable(t, b)
	done := start(func() error {
		_, err := b.Publish(within(t), text, "main:1", nil, nil)
		return err
	})
	nats.Up()
	if err := receive(t, "Publish", done); err != nil {
		t.Fatal(err)
	}
	if duplicate, err := b.Publish(within(t), text, "main:1", nil, nil); err != nil || !duplicate {
		t.Errorf("the same id again = %v, %v, want a duplicate", duplicate, err)
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("%d messages are stored, want 1", got)
	}
}

func TestPublishOfAContextThatIsDoneSaysWhy(t *testing.T) {
	b := bustest.Start(t).Bus()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Publish(ctx, text, "main:1", nil, nil)
	if !errors.Is(err, bus.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Publish = %v, want %v and why", err, bus.ErrUnavailable)
	}
}

func TestPublishDoesNotInsistOnWhatCannotBe(t *testing.T) {
	b := bustest.Start(t).Bus()
	if _, err := b.Publish(within(t), "wechat.in. .text", "1", nil, nil); err == nil || errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("Publish to a malformed subject = %v, want another error than %v", err, bus.ErrUnavailable)
	}
	b.Close()
	if _, err := b.Publish(within(t), text, "1", nil, nil); err == nil || errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("Publish after Close = %v, want another error than %v", err, bus.ErrUnavailable)
	}
}

// wantUnavailable fails the test unless a publish of another message gives up
// with its context.
func wantUnavailable(t *testing.T, b *bus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := b.Publish(ctx, text, "other", nil, nil); !errors.Is(err, bus.ErrUnavailable) {
		t.Errorf("Publish = %v, want %v", err, bus.ErrUnavailable)
	}
}
