package bus_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
)

// promised is what the contract says of a stream.
type promised struct {
	Subjects   []string
	Retention  jetstream.RetentionPolicy
	Discard    jetstream.DiscardPolicy
	MaxAge     time.Duration
	Duplicates time.Duration
	Storage    jetstream.StorageType
	Replicas   int
	Partitions string
}

func TestStreamsAreThoseOfTheContract(t *testing.T) {
	nats := bustest.Start(t)
	nats.Bus()
	for _, tt := range []struct {
		stream string
		want   promised
	}{
		{bus.StreamIn, promised{
			Subjects: []string{"wechat.in.>", "wechat.retry.>"}, Discard: jetstream.DiscardNew,
			MaxAge: 72 * time.Hour, Duplicates: 5 * time.Minute, Replicas: 1, Partitions: "16",
		}},
		{bus.StreamOut, promised{
			Subjects: []string{"wechat.out.>"}, Discard: jetstream.DiscardNew,
			MaxAge: 72 * time.Hour, Duplicates: time.Hour, Replicas: 1, Partitions: "16",
		}},
		{bus.StreamDead, promised{
			Subjects: []string{"wechat.dead.>"}, Discard: jetstream.DiscardNew,
			MaxAge: 30 * 24 * time.Hour, Duplicates: time.Hour, Replicas: 1,
		}},
	} {
		t.Run(tt.stream, func(t *testing.T) {
			cfg := configOf(t, nats, tt.stream)
			got := promised{
				Subjects: cfg.Subjects, Retention: cfg.Retention, Discard: cfg.Discard, MaxAge: cfg.MaxAge,
				Duplicates: cfg.Duplicates, Storage: cfg.Storage, Replicas: cfg.Replicas,
				Partitions: cfg.Metadata["wxbus-partitions"],
			}
			tt.want.Retention, tt.want.Storage = jetstream.LimitsPolicy, jetstream.FileStorage
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if cfg.MaxMsgs > 0 || cfg.MaxBytes > 0 || cfg.MaxMsgsPerSubject > 0 {
				t.Errorf("a limit drops or refuses messages: %+v", cfg)
			}
		})
	}
}

func TestRepliesAreStoredByPartition(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	var want []string
	for n := range 40 {
		openID := fmt.Sprintf("o%dTjjewb-mi_%d", n, n*n)
		publish(t, b, "wechat.out.main."+openID, n, n)
		want = append(want, fmt.Sprintf("wechat.out.main.%d", route.Partition(openID, 16)))
	}
	var got []string
	for _, msg := range nats.Stored(bus.StreamOut) {
		got = append(got, msg.Subject)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEverySubjectHasItsStream(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	for _, tt := range []struct{ subject, stream string }{
		{"wechat.in.main.7.text", bus.StreamIn},
		{"wechat.in.main.7.event.subscribe", bus.StreamIn},
		{"wechat.in.main.5.undecodable", bus.StreamIn},
		{"wechat.retry.autoreply.main.7.text", bus.StreamIn},
		{"wechat.out.main.7", bus.StreamOut},
		{"wechat.dead.autoreply", bus.StreamDead},
	} {
		t.Run(tt.subject, func(t *testing.T) {
			if _, err := b.Publish(within(t), tt.subject, tt.subject, nil, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			stored := nats.Stored(tt.stream)
			if got := stored[len(stored)-1].Header.Get("Nats-Msg-Id"); got != tt.subject {
				t.Errorf("the newest message of %s is %s", tt.stream, got)
			}
		})
	}
}

// configOf returns the configuration of a stream.
func configOf(t *testing.T, nats *bustest.Server, stream string) jetstream.StreamConfig {
	t.Helper()
	return must[jetstream.Stream](t)(nats.JetStream().Stream(within(t), stream)).CachedInfo().Config
}

// reconfigure changes the configuration of a stream as an operator does.
func reconfigure(t *testing.T, nats *bustest.Server, stream string, change func(*jetstream.StreamConfig)) {
	t.Helper()
	cfg := configOf(t, nats, stream)
	change(&cfg)
	must[jetstream.Stream](t)(nats.JetStream().UpdateStream(within(t), cfg))
}
