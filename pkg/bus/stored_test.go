package bus_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// idsOf returns the ids that StoredIDs yields.
func idsOf(t *testing.T, b *bus.Bus, subjects []string, since time.Time) (ids []string) {
	t.Helper()
	for id, err := range b.StoredIDs(within(t), subjects, since) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func ids(subject string, from, to int) (all []string) {
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprint(subject, "#", n))
	}
	return all
}

func TestStoredIDs(t *testing.T) {
	const text, image = "wechat.in.main.1.text", "wechat.in.main.1.image"
	nats := bustest.Start(t)
	b := nats.Bus()
	long := time.Now().Add(-time.Hour)
	if got := idsOf(t, b, []string{text}, long); len(got) > 0 {
		t.Errorf("ids of an empty stream = %v", got)
	}
	publish(t, b, text, 1, 1234) // more than are read at a time
	publish(t, b, image, 1, 3)
	stored := nats.Stored(bus.StreamIn)
	publish(t, b, text, 1235, 1236)

	many := []string{text}
	for n := range 50 {
		many = append(many, fmt.Sprint("wechat.in.other.", n, ".text"))
	}
	tests := []struct {
		name     string
		subjects []string
		since    time.Time
		want     []string
	}{
		{"one subject", []string{text}, long, ids(text, 1, 1236)},
		{"another subject", []string{image}, long, ids(image, 1, 3)},
		{"none under the subject", []string{"wechat.in.main.2.text"}, long, nil},
		{"since some time", []string{text}, stored[1000].Time, ids(text, 1001, 1236)},
		{"since now", []string{text}, time.Now().Add(time.Hour), nil},
		{"too many subjects to tell apart", many, stored[1230].Time, append(append(ids(text, 1231, 1234), ids(image, 1, 3)...), ids(text, 1235, 1236)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, idsOf(t, b, tt.subjects, tt.since)); diff != "" {
				t.Error(diff)
			}
		})
	}
	bustest.Eventually(t, "no reader is left", func() bool {
		stream := must[jetstream.Stream](t)(nats.JetStream().Stream(within(t), bus.StreamIn))
		return stream.CachedInfo().State.Consumers == 0
	})
}

// Who has found what he looked for may stop.
func TestStoredIDsMayBeLeft(t *testing.T) {
	const subject = "wechat.in.main.1.text"
	b := bustest.Start(t).Bus()
	publish(t, b, subject, 1, 600)
	for id, err := range b.StoredIDs(within(t), []string{subject}, time.Now().Add(-time.Hour)) {
		if id != subject+"#1" || err != nil {
			t.Errorf("id = %q, %v", id, err)
		}
		break
	}
}

// A server that goes away amid the reading is an error, and not the end of what
// is stored. Messages that are removed meanwhile are no error.
func TestStoredIDsAreAllOrAnError(t *testing.T) {
	const subject = "wechat.in.main.1.text"
	nats := bustest.Start(t)
	b := nats.Bus()
	publish(t, b, subject, 1, 1500)
	since := time.Now().Add(-time.Hour)
	read, failed := 0, false
	for _, err := range b.StoredIDs(within(t), []string{subject}, since) {
		if read++; read == 1 {
			nats.Down()
		}
		failed = err != nil
	}
	if !failed {
		t.Errorf("%d ids and no error", read)
	}
	nats.Up()
	bustest.Eventually(t, "the server answers", func() bool { return ready(t, b) == nil })
	stream := must[jetstream.Stream](t)(nats.JetStream().Stream(within(t), bus.StreamIn))
	read = 0
	for _, err := range b.StoredIDs(within(t), []string{subject}, since) {
		if err != nil {
			t.Fatal(err)
		}
		if read++; read == 1 {
			if err := stream.Purge(within(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if read == 1500 {
		t.Errorf("%d ids, also of messages that were removed", read)
	}
}

func TestDuplicateWindow(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	if got, err := b.DuplicateWindow(within(t)); got != 5*time.Minute || err != nil {
		t.Errorf("window = %v, %v; want 5m", got, err)
	}
	nats.Down()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if got, err := b.DuplicateWindow(ctx); err == nil {
		t.Errorf("window = %v without a server", got)
	}
	for _, err := range b.StoredIDs(ctx, nil, time.Now()) {
		if err == nil {
			t.Error("an id without a server")
		}
	}
}
