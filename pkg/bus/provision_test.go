package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestProgramsMayPrepareAtTheSameTime(t *testing.T) {
	nats := bustest.Start(t)
	var done []<-chan error
	var books []*bustest.Logbook
	for range 3 {
		b, book := connect(t, nats.Config())
		done, books = append(done, start(func() error { return b.Prepare(within(t)) })), append(books, book)
	}
	for i := range done {
		if err := receive(t, "Prepare", done[i]); err != nil {
			t.Error(err)
		}
		if books[i].Count("not ready") > 0 {
			t.Errorf("a program complains: %s", books[i].String())
		}
	}
}

func TestPrepareWaitsForTheOperatorWithoutAutoProvision(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	cfg := nats.Config()
	cfg.AutoProvision = false
	b, book := connect(t, cfg)
	done := start(func() error { return b.Prepare(within(t)) })
	all := []string{bus.StreamIn, bus.StreamOut, bus.StreamDead, bus.BucketToken, bus.BucketLedger}
	for _, name := range all {
		bustest.Eventually(t, "the log names "+name, func() bool { return book.Count(name) > 0 })
		if err := ready(t, b); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Ready = %v, want it to name %s", err, name)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := b.Partitions(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Partitions before Prepare is through = %v, want %v", err, context.DeadlineExceeded)
	}

	operator, _ := connect(t, cfg)
	must[[]string](t)(operator.Apply(within(t), nil, false))
	if err := receive(t, "Prepare", done); err != nil {
		t.Fatal(err)
	}
	if err := ready(t, b); err != nil {
		t.Errorf("Ready = %v", err)
	}
	if got := must[int](t)(b.Partitions(within(t))); got != 16 {
		t.Errorf("Partitions = %d, want 16", got)
	}
}

func TestPrepareEndsWithItsContext(t *testing.T) {
	nats := bustest.Start(t)
	nats.Down()
	b, book := connect(t, nats.Config())
	ctx, cancel := context.WithCancel(t.Context())
	done := start(func() error { return b.Prepare(ctx) })
	bustest.Eventually(t, "the log says that NATS is away", func() bool { return book.Count("NATS does not answer") > 0 })
	cancel()
	if err := receive(t, "Prepare", done); !errors.Is(err, context.Canceled) {
		t.Errorf("Prepare = %v, want %v", err, context.Canceled)
	}
}

func TestServerMayComeAfterThePrograms(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	nats.Down()
	b, book := connect(t, nats.Config())
	done := start(func() error { return b.Prepare(within(t)) })
	bustest.Eventually(t, "the log says that NATS is away", func() bool { return book.Count("NATS does not answer") > 0 })
	nats.Up()
	if err := receive(t, "Prepare", done); err != nil {
		t.Fatal(err)
	}
	if err := b.Prepare(within(t)); err != nil {
		t.Errorf("a second Prepare = %v", err)
	}
	publish(t, b, text, 1, 1)
}

func TestPrepareChangesNothingThatExists(t *testing.T) {
	nats := bustest.Start(t)
	js := nats.JetStream()
	must[jetstream.Stream](t)(js.CreateStream(within(t), jetstream.StreamConfig{
		Name: bus.StreamIn, Subjects: []string{"wechat.in.>"}, MaxAge: time.Hour,
	}))
	must[jetstream.KeyValue](t)(js.CreateKeyValue(within(t), jetstream.KeyValueConfig{
		Bucket: bus.BucketLedger, TTL: time.Hour,
	}))
	nats.Bus()
	if got := configOf(t, nats, bus.StreamIn); got.MaxAge != time.Hour || len(got.Subjects) != 1 {
		t.Errorf("the stream was changed: %+v", got)
	}
	if got := configOf(t, nats, "KV_"+bus.BucketLedger).MaxAge; got != time.Hour {
		t.Errorf("the bucket was changed: TTL is %v", got)
	}
}

func TestPartitionsAreReadFromTheStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		in, out string // metadata; - for no stream
		want    int
		missing string
	}{
		{name: "none", in: "", out: "", want: 16},
		{name: "both", in: "8", out: "8", want: 8},
		{name: "pushes only", in: "32", out: "-", want: 32},
		{name: "replies only", in: "-", out: "4", want: 4},
		{name: "no number", in: "many", out: "-", missing: `WECHAT_IN: metadata wxbus-partitions is "many"`},
		{name: "not above 0", in: "8", out: "0", missing: `WECHAT_OUT: metadata wxbus-partitions is "0"`},
		{name: "different", in: "8", out: "16", missing: "wxbus-partitions is 8 and 16"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nats := bustest.Start(t)
			createWith(t, nats, bus.StreamIn, "wechat.in.>", tt.in)
			createWith(t, nats, bus.StreamOut, "wechat.out.>", tt.out)
			b, book := connect(t, nats.Config())
			ctx, cancel := context.WithCancel(t.Context())
			done := start(func() error { return b.Prepare(ctx) })
			defer func() { cancel(); receive(t, "Prepare", done) }()
			if tt.missing != "" {
				bustest.Eventually(t, "the log says "+tt.missing, func() bool {
					return strings.Contains(strings.ReplaceAll(book.String(), `\"`, `"`), tt.missing)
				})
				return
			}
			if got := must[int](t)(b.Partitions(within(t))); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestNewStreamsTakeThePartitionsOfThoseThatExist(t *testing.T) {
	nats := bustest.Start(t)
	createWith(t, nats, bus.StreamIn, "wechat.in.>", "4")
	publish(t, nats.Bus(), "wechat.out.main.oia2TjjewbmiOUlr6X-1crbLOvLw", 1, 1)
	cfg := configOf(t, nats, bus.StreamOut)
	if got := cfg.Metadata["wxbus-partitions"]; got != "4" {
		t.Errorf("metadata says %s, want 4", got)
	}
	if got, want := cfg.SubjectTransform.Destination, "wechat.out.{{wildcard(1)}}.{{partition(4,2)}}"; got != want {
		t.Errorf("replies are stored as %s, want %s", got, want)
	}
}

// createWith creates a stream with a number of partitions in its metadata.
func createWith(t *testing.T, nats *bustest.Server, name, subject, partitions string) {
	t.Helper()
	cfg := jetstream.StreamConfig{Name: name, Subjects: []string{subject}}
	switch partitions {
	case "-":
		return
	case "":
	default:
		cfg.Metadata = map[string]string{"wxbus-partitions": partitions}
	}
	must[jetstream.Stream](t)(nats.JetStream().CreateStream(within(t), cfg))
}
