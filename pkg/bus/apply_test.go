package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// apply returns what differed.
func apply(t *testing.T, b *bus.Bus, dryRun bool, durables ...bus.Durable) []string {
	t.Helper()
	return must[[]string](t)(b.Apply(within(t), durables, dryRun))
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestApplyCreatesWhatIsMissing(t *testing.T) {
	nats := bustest.Start(t)
	b, _ := connect(t, nats.Config())
	all := []string{
		"+ stream WECHAT_IN", "+ stream WECHAT_OUT", "+ stream WECHAT_DEAD", "+ stream WECHAT_QUOTA", "+ stream WECHAT_ADVISORY",
		"+ bucket wechat_token", "+ bucket wechat_ledger", "+ bucket wechat_held", "+ bucket wechat_media", "+ bucket wechat_pace", "+ bucket wechat_lease",
		"+ durable echo on WECHAT_IN",
	}
	want(t, apply(t, b, true, texts), all...)
	if info := must[*jetstream.AccountInfo](t)(nats.JetStream().AccountInfo(within(t))); info.Streams > 0 {
		t.Errorf("a dry run created %d streams", info.Streams)
	}
	want(t, apply(t, b, false, texts), all...)
	want(t, apply(t, b, false, texts))
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := b.ReadyFor(within(t), texts); err != nil {
		t.Errorf("ReadyFor = %v", err)
	}
}

func TestApplyHasNothingToDoAfterPrepare(t *testing.T) {
	b := bustest.Start(t).Bus()
	take(t, b, texts, 1)
	bustest.Eventually(t, "the durable is there", func() bool { return b.ReadyFor(within(t), texts) == nil })
	want(t, apply(t, b, false, texts))
}

func TestApplyRepairsAStream(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		stream string
		drift  func(*jetstream.StreamConfig)
		want   []string
	}{
		{"age", bus.StreamIn, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, []string{
			"~ stream WECHAT_IN: max_age: 3600000000000 -> 259200000000000",
		}},
		{"window", bus.StreamOut, func(c *jetstream.StreamConfig) { c.Duplicates = time.Minute }, []string{
			"~ stream WECHAT_OUT: duplicate_window: 60000000000 -> 3600000000000",
		}},
		{"several", bus.StreamDead, func(c *jetstream.StreamConfig) {
			c.Discard, c.Description, c.AllowDirect = jetstream.DiscardOld, "", false
		}, []string{
			`~ stream WECHAT_DEAD: allow_direct: false -> true`,
			`~ stream WECHAT_DEAD: description: null -> "what workers gave up on"`,
			`~ stream WECHAT_DEAD: discard: "old" -> "new"`,
		}},
		{"subjects", bus.StreamIn, func(c *jetstream.StreamConfig) { c.Subjects = []string{"wechat.in.>"} }, []string{
			`~ stream WECHAT_IN: subjects: ["wechat.in.>"] -> ["wechat.in.>","wechat.retry.>"]`,
		}},
		{"transform", bus.StreamOut, func(c *jetstream.StreamConfig) { c.SubjectTransform = nil }, []string{
			`~ stream WECHAT_OUT: subject_transform: null -> {"dest":"wechat.out.{{wildcard(1)}}.{{partition(16,2)}}","src":"wechat.out.*.*"}`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nats := bustest.Start(t)
			b := nats.Bus()
			before := configOf(t, nats, tt.stream)
			reconfigure(t, nats, tt.stream, tt.drift)
			drifted := configOf(t, nats, tt.stream)
			want(t, apply(t, b, true), tt.want...)
			if diff := cmp.Diff(drifted, configOf(t, nats, tt.stream)); diff != "" {
				t.Errorf("a dry run changed the stream: %s", diff)
			}
			want(t, apply(t, b, false), tt.want...)
			want(t, apply(t, b, false))
			if diff := cmp.Diff(before, configOf(t, nats, tt.stream)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestApplyKeepsWhatIsTheOperators(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	reconfigure(t, nats, bus.StreamIn, func(c *jetstream.StreamConfig) {
		c.MaxBytes, c.MaxMsgSize, c.Compression = 1<<30, 1<<20, jetstream.S2Compression
		c.Metadata = map[string]string{"owner": "ops", "wxbus-partitions": "16"}
	})
	operators := configOf(t, nats, bus.StreamIn)
	want(t, apply(t, b, false))

	reconfigure(t, nats, bus.StreamIn, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour })
	want(t, apply(t, b, false), "~ stream WECHAT_IN: max_age: 3600000000000 -> 259200000000000")
	if diff := cmp.Diff(operators, configOf(t, nats, bus.StreamIn)); diff != "" {
		t.Error(diff)
	}
}

func TestApplyAddsTheNumberOfPartitionsAndNeverChangesIt(t *testing.T) {
	nats := bustest.Start(t)
	createWith(t, nats, bus.StreamIn, "wechat.in.>", "4")
	b := nats.Bus()
	reconfigure(t, nats, bus.StreamOut, func(c *jetstream.StreamConfig) {
		c.Metadata = map[string]string{"owner": "ops"}
	})
	apply(t, b, false)
	for _, stream := range []string{bus.StreamIn, bus.StreamOut} {
		if got := configOf(t, nats, stream).Metadata["wxbus-partitions"]; got != "4" {
			t.Errorf("%s has %s partitions, want 4", stream, got)
		}
	}
	if got := configOf(t, nats, bus.StreamOut).Metadata["owner"]; got != "ops" {
		t.Errorf("foreign metadata is %q, want ops", got)
	}
	want(t, apply(t, b, false))
}

func TestApplyRepairsABucket(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	must[jetstream.KeyValue](t)(nats.JetStream().UpdateKeyValue(within(t), jetstream.KeyValueConfig{
		Bucket: bus.BucketLedger, Description: "how far each reply has been sent", TTL: time.Hour,
		LimitMarkerTTL: time.Minute, MaxBytes: 1 << 30,
	}))
	line := "~ bucket wechat_ledger: ttl: 3600000000000 -> 259200000000000"
	want(t, apply(t, b, true), line)
	want(t, apply(t, b, false), line)
	want(t, apply(t, b, false))
	got := configOf(t, nats, "KV_"+bus.BucketLedger)
	if got.MaxAge != bus.MaxAge || got.MaxBytes != 1<<30 {
		t.Errorf("TTL %v and MaxBytes %d, want %v and the operator's %d", got.MaxAge, got.MaxBytes, bus.MaxAge, 1<<30)
	}
}

func TestApplyKeepsThePlaceOfADurable(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	k := take(t, b, texts, 1)
	publish(t, b, text, 1, 2)
	k.ackAll(2)
	k.end()
	wider := texts
	wider.Filters = []string{"wechat.in.*.*.text", "wechat.in.*.*.image"}
	line := "~ durable echo on WECHAT_IN: filters: wechat.in.*.*.text -> wechat.in.*.*.text wechat.in.*.*.image"
	want(t, apply(t, b, true, wider), line)
	want(t, apply(t, b, false, wider), line)
	want(t, apply(t, b, false, wider))
	if got := durable(t, nats, texts)().AckFloor.Stream; got != 2 {
		t.Errorf("the durable stands at %d, want 2", got)
	}
	k = take(t, b, wider, 1)
	publish(t, b, "wechat.in.main.7.image", 3, 3)
	if got := string(k.next().Body); got != "3" {
		t.Errorf("message %s is delivered, want 3", got)
	}
}

func TestApplyKeepsFiltersThatTheWorkerKnowsBetter(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	kept := texts
	kept.KeepFilters = true
	want(t, apply(t, b, false, kept), "+ durable echo on WECHAT_IN")
	kept.Filters = []string{"wechat.in.>"}
	want(t, apply(t, b, false, kept))
	want(t, durable(t, server, texts)().Config.FilterSubjects, texts.Filters...)
}

func TestApplySaysWhatCannotBeRepaired(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	must[jetstream.Stream](t)(nats.JetStream().CreateStream(within(t), jetstream.StreamConfig{
		Name: bus.StreamDead, Subjects: []string{"wechat.dead.>"}, Storage: jetstream.MemoryStorage,
	}))
	b := nats.Bus()
	lines, err := b.Apply(within(t), nil, false)
	if err == nil {
		t.Fatalf("Apply = %q, want an error: a stream in memory cannot move to a file", lines)
	}
	nats.Down()
	bustest.Eventually(t, "Apply says that NATS is away", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Apply(ctx, nil, true)
		return err != nil && err.Error() == "NATS does not answer"
	})
}

// How often a message is delivered stays as an operator said, until he says
// something else.
func TestApplyLimitsDeliveries(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	limit := func() int { return durable(t, nats, texts)().Config.MaxDeliver }
	unlimited, few := texts, texts
	unlimited.MaxDeliver, few.MaxDeliver = bus.Unlimited, 20
	apply(t, b, false, unlimited) // as durables were made once
	want(t, apply(t, b, false, unlimited))
	want(t, apply(t, b, false, texts), "~ durable echo on WECHAT_IN: max_deliver: -1 -> 5000")
	want(t, apply(t, b, true, few), "~ durable echo on WECHAT_IN: max_deliver: 5000 -> 20")
	if got := limit(); got != 5000 {
		t.Errorf("limit = %d after a dry run, want 5000", got)
	}
	want(t, apply(t, b, false, few), "~ durable echo on WECHAT_IN: max_deliver: 5000 -> 20")
	want(t, apply(t, b, false, texts))
	if got := limit(); got != 20 {
		t.Errorf("limit = %d, want 20", got)
	}
}
