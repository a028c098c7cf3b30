package otlp_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func reference(t *testing.T, span byte, remote bool) trace.SpanContext {
	t.Helper()
	state, err := trace.ParseTraceState("vendor=1")
	if err != nil {
		t.Fatal(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{7: span}, TraceFlags: trace.FlagsSampled,
		TraceState: state, Remote: remote,
	})
}

// everything is a span that has all there is.
func everything(t *testing.T) tracetest.SpanStub {
	t.Helper()
	one := []attribute.KeyValue{attribute.Int64("n", 1)}
	return tracetest.SpanStub{
		Name: "publish", SpanContext: reference(t, 2, false), Parent: reference(t, 1, true), SpanKind: trace.SpanKindProducer,
		StartTime: time.Unix(1, 2), EndTime: time.Unix(5, 6), Attributes: one,
		Events:            []sdk.Event{{Name: "tried", Time: time.Unix(3, 4), Attributes: one, DroppedAttributeCount: 5}},
		Links:             []sdk.Link{{SpanContext: reference(t, 9, true), Attributes: one, DroppedAttributeCount: 6}},
		Status:            sdk.Status{Code: codes.Error, Description: "went wrong"},
		DroppedAttributes: 7, DroppedEvents: 8, DroppedLinks: 9,
		Resource: resource.NewWithAttributes("https://schema/resource", attribute.String("service.name", "wxbus-test")),
		InstrumentationScope: instrumentation.Scope{
			Name: "wxbus", Version: "v1", SchemaURL: "https://schema/scope", Attributes: attribute.NewSet(one...),
		},
	}
}

// The whole request is compared, so a field that the protocol lacks is a failure.
func TestSpanIsSentAsTheProtocolWantsIt(t *testing.T) {
	c := collect(t)
	if err := export(t, everything(t)); err != nil {
		t.Fatal(err)
	}
	const want = `{"resourceSpans":[{
		"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"wxbus-test"}}]},
		"schemaUrl":"https://schema/resource",
		"scopeSpans":[{
			"scope":{"name":"wxbus","version":"v1","attributes":[{"key":"n","value":{"intValue":"1"}}]},
			"schemaUrl":"https://schema/scope",
			"spans":[{
				"traceId":"ab000000000000000000000000000001","spanId":"0000000000000002","parentSpanId":"0000000000000001",
				"traceState":"vendor=1","flags":769,"name":"publish","kind":4,
				"startTimeUnixNano":"1000000002","endTimeUnixNano":"5000000006",
				"attributes":[{"key":"n","value":{"intValue":"1"}}],
				"droppedAttributesCount":7,"droppedEventsCount":8,"droppedLinksCount":9,
				"events":[{"timeUnixNano":"3000000004","name":"tried",
					"attributes":[{"key":"n","value":{"intValue":"1"}}],"droppedAttributesCount":5}],
				"links":[{"traceId":"ab000000000000000000000000000001","spanId":"0000000000000009",
					"traceState":"vendor=1","flags":769,
					"attributes":[{"key":"n","value":{"intValue":"1"}}],"droppedAttributesCount":6}],
				"status":{"message":"went wrong","code":2}}]}]}]}`
	if diff := cmp.Diff(decoded(t, want), decoded(t, c.bodies[0])); diff != "" {
		t.Error(diff)
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSpansOfOneScopeAreTogether(t *testing.T) {
	c := collect(t)
	var spans []tracetest.SpanStub
	for _, name := range []string{"nats", "http", "nats"} {
		spans = append(spans, tracetest.SpanStub{Name: "step", InstrumentationScope: instrumentation.Scope{Name: name}})
	}
	if err := export(t, spans...); err != nil {
		t.Fatal(err)
	}
	var got struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Scope struct{ Name string }
				Spans []any
			}
		}
	}
	if err := json.Unmarshal([]byte(c.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, group := range got.ResourceSpans[0].ScopeSpans {
		counts[group.Scope.Name] += len(group.Spans)
	}
	want := map[string]int{"nats": 2, "http": 1}
	if diff := cmp.Diff(want, counts); diff != "" || len(got.ResourceSpans[0].ScopeSpans) != 2 {
		t.Error(diff, c.bodies[0])
	}
}

// A root has no parent, and its flags say that this is known.
func TestRootSpanHasNoParent(t *testing.T) {
	c := collect(t)
	if err := export(t, tracetest.SpanStub{Name: "root", SpanContext: reference(t, 2, false)}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.bodies[0], "parentSpanId") || !strings.Contains(c.bodies[0], `"flags":257`) ||
		!strings.Contains(c.bodies[0], `"startTimeUnixNano":"0"`) {
		t.Error(c.bodies[0])
	}
}

func TestAttributesKeepTheirTypes(t *testing.T) {
	tests := map[string]struct {
		value attribute.Value
		want  string
	}{
		"text":         {attribute.StringValue("你好"), `{"stringValue":"你好"}`},
		"big":          {attribute.Int64Value(math.MinInt64), `{"intValue":"-9223372036854775808"}`},
		"truth":        {attribute.BoolValue(false), `{"boolValue":false}`},
		"fraction":     {attribute.Float64Value(0.5), `{"doubleValue":0.5}`},
		"no number":    {attribute.Float64Value(math.NaN()), `{"doubleValue":"NaN"}`},
		"infinity":     {attribute.Float64Value(math.Inf(1)), `{"doubleValue":"Infinity"}`},
		"least":        {attribute.Float64Value(math.Inf(-1)), `{"doubleValue":"-Infinity"}`},
		"nothing":      {attribute.Value{}, `{}`},
		"bytes":        {attribute.ByteSliceValue([]byte("ab")), `{"bytesValue":"YWI="}`},
		"texts":        {attribute.StringSliceValue([]string{"a"}), `{"arrayValue":{"values":[{"stringValue":"a"}]}}`},
		"integers":     {attribute.Int64SliceValue([]int64{1}), `{"arrayValue":{"values":[{"intValue":"1"}]}}`},
		"fractions":    {attribute.Float64SliceValue([]float64{1.5}), `{"arrayValue":{"values":[{"doubleValue":1.5}]}}`},
		"truths":       {attribute.BoolSliceValue([]bool{true}), `{"arrayValue":{"values":[{"boolValue":true}]}}`},
		"no texts":     {attribute.StringSliceValue(nil), `{"arrayValue":{"values":[]}}`},
		"mixed":        {attribute.SliceValue(attribute.BoolValue(true)), `{"arrayValue":{"values":[{"boolValue":true}]}}`},
		"pairs of one": {attribute.MapValue(attribute.Bool("k", true)), `{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := collect(t)
			span := tracetest.SpanStub{Attributes: []attribute.KeyValue{{Key: "it", Value: tt.value}}}
			if err := export(t, span); err != nil {
				t.Fatal(err)
			}
			if want := `"attributes":[{"key":"it","value":` + tt.want + `}]`; !strings.Contains(c.bodies[0], want) {
				t.Errorf("sent %s, want %s", c.bodies[0], want)
			}
		})
	}
}
