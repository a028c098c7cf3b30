package bus_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// A record has the headers that it was published with and no others, however it
// is read.
func TestRecordIsWhatWasStored(t *testing.T) {
	b := bustest.Start(t).Bus()
	const body = `{"MsgType":"text"}`
	header := map[string][]string{"Nats-Msg-Id": {"id"}, "ce-id": {"main:oUser:1"}, "two": {"a", "b"}}
	if _, err := b.Publish(within(t), "wechat.dead.echo", "id", header, []byte(body)); err != nil {
		t.Fatal(err)
	}
	whole := must[*bus.Record](t)(b.Record(within(t), bus.StreamDead, 1))
	if diff := cmp.Diff(header, maps.Clone(whole.Header)); diff != "" || string(whole.Body) != body || whole.Size != len(body) {
		t.Errorf("record %s of %d bytes: %s", whole.Body, whole.Size, diff)
	}
	read := 0
	for r, err := range b.Headers(within(t), bus.StreamDead, nil, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		read++
		whole.Body = nil
		if diff := cmp.Diff(whole, r); diff != "" {
			t.Error(diff)
		}
	}
	if read != 1 {
		t.Errorf("%d records, want 1", read)
	}
}

func TestErase(t *testing.T) {
	b := bustest.Start(t).Bus()
	publish(t, b, "wechat.dead.echo", 1, 3)
	if err := b.Erase(within(t), bus.StreamDead, 2); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []uint64{2, 4} {
		if err := b.Erase(within(t), bus.StreamDead, gone); !errors.Is(err, bus.ErrNoRecord) {
			t.Errorf("erase %d: %v, want that it is not there", gone, err)
		}
		if _, err := b.Record(within(t), bus.StreamDead, gone); !errors.Is(err, bus.ErrNoRecord) {
			t.Errorf("read %d: %v, want that it is not there", gone, err)
		}
	}
	for _, left := range []uint64{1, 3} {
		if _, err := b.Record(within(t), bus.StreamDead, left); err != nil {
			t.Error(err)
		}
	}
}
