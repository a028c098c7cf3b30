package bus

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// Inject writes the trace that ctx is part of into a message's headers.
func Inject(ctx context.Context, header map[string][]string) {
	otel.GetTextMapPropagator().Inject(ctx, carrier(header))
}

// Extract returns ctx as part of the trace that stands in a message's headers.
func Extract(ctx context.Context, header map[string][]string) context.Context {
	return otel.GetTextMapPropagator().Extract(ctx, carrier(header))
}

// carrier reads and writes trace headers. NATS headers keep their case, which
// the carrier for HTTP headers would not.
type carrier map[string][]string

var _ propagation.TextMapCarrier = carrier(nil)

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string {
	if values := c[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { c[key] = []string{value} }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}
