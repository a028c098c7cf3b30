package bus_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestListens(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	filters := []string{"wechat.in.*.*.text", "wechat.in.*.*.event.>", "wechat.retry.echo.>"}
	echo := bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: filters}
	ordered := bus.Durable{Name: "ordered", Stream: bus.StreamIn, Filters: filters, Ordered: true}
	sender := bus.Durable{Name: "sender", Stream: bus.StreamOut, Filters: []string{"wechat.out.>"}, Ordered: true}
	apply(t, b, false, echo, ordered, sender)
	must[jetstream.Consumer](t)(nats.JetStream().CreateConsumer(within(t), bus.StreamIn, jetstream.ConsumerConfig{Durable: "all"}))
	for _, tt := range []struct {
		stream, worker string
		want           []string
	}{
		{bus.StreamIn, "echo", filters},
		{bus.StreamIn, "ordered", []string{"wechat.in.*.*.text", "wechat.in.*.*.event.>", "wechat.retry.echo.*.*.>"}},
		{bus.StreamIn, "all", []string{">"}},
		{bus.StreamOut, "sender", []string{"wechat.out.*.*"}},
	} {
		got, err := b.Listens(within(t), tt.stream, tt.worker)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, %s", tt.worker, err, diff)
		}
	}
	if _, err := b.Listens(within(t), bus.StreamIn, "sender"); !errors.Is(err, bus.ErrNoDurable) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestWorkerOf(t *testing.T) {
	for durable, want := range map[string]string{"echo": "echo", "echo-p03": "echo", "echo-p123": "echo", "echo-p3": "echo-p3", "-p03": "-p03"} {
		if got := bus.WorkerOf(durable); got != want {
			t.Errorf("%s belongs to %s, want %s", durable, got, want)
		}
	}
}
