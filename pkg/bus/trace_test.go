package bus_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestTraceTravelsWithTheMessage(t *testing.T) {
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })

	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	header := map[string][]string{"traceparent": {parent}, "tracestate": {"wechat=1"}}
	sent := make(map[string][]string)
	bus.Inject(bus.Extract(t.Context(), header), sent)
	if diff := cmp.Diff(header, sent); diff != "" {
		t.Fatal(diff)
	}

	b := bustest.Start(t).Bus()
	must[bool](t)(b.Publish(within(t), text, "main:1", sent, nil))
	d := take(t, b, texts, 1).next()
	if got := d.Get("traceparent"); got != parent {
		t.Errorf("traceparent comes as %q in %v, want %q", got, d.Header, parent)
	}
	again := make(map[string][]string)
	bus.Inject(bus.Extract(t.Context(), d.Header), again)
	if diff := cmp.Diff(header, again); diff != "" {
		t.Error(diff)
	}
	none := make(map[string][]string)
	bus.Inject(bus.Extract(t.Context(), none), none)
	if len(none) > 0 {
		t.Errorf("a message without a trace got %v", none)
	}
}
