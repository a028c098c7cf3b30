package otlp

import (
	"encoding/json"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
)

// The message of the protocol, as far as spans need it. Numbers of 64 bits are
// strings, ids are hexadecimal.
//
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   resource     `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
		SchemaURL  string       `json:"schemaUrl,omitempty"`
	}
	resource struct {
		Attributes []keyValue `json:"attributes,omitempty"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name    string `json:"name,omitempty"`
		Version string `json:"version,omitempty"`
	}
	span struct {
		TraceID           string     `json:"traceId"`
		SpanID            string     `json:"spanId"`
		TraceState        string     `json:"traceState,omitempty"`
		ParentSpanID      string     `json:"parentSpanId,omitempty"`
		Name              string     `json:"name"`
		Kind              int        `json:"kind,omitempty"`
		StartTimeUnixNano string     `json:"startTimeUnixNano"`
		EndTimeUnixNano   string     `json:"endTimeUnixNano"`
		Attributes        []keyValue `json:"attributes,omitempty"`
		Dropped           int        `json:"droppedAttributesCount,omitempty"`
		Events            []event    `json:"events,omitempty"`
		Links             []link     `json:"links,omitempty"`
		Status            status     `json:"status"`
	}
	event struct {
		TimeUnixNano string     `json:"timeUnixNano"`
		Name         string     `json:"name"`
		Attributes   []keyValue `json:"attributes,omitempty"`
	}
	link struct {
		TraceID    string     `json:"traceId"`
		SpanID     string     `json:"spanId"`
		TraceState string     `json:"traceState,omitempty"`
		Attributes []keyValue `json:"attributes,omitempty"`
	}
	status struct {
		Message string `json:"message,omitempty"`
		Code    int    `json:"code,omitempty"`
	}
	keyValue struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	}
)

// encode writes spans of one program, which share their resource.
func encode(spans []trace.ReadOnlySpan) ([]byte, error) {
	group := resourceSpans{
		Resource:  resource{attributes(spans[0].Resource().Attributes())},
		SchemaURL: spans[0].Resource().SchemaURL(),
	}
	at := make(map[scope]int)
	for _, s := range spans {
		from := scope{s.InstrumentationScope().Name, s.InstrumentationScope().Version}
		if _, known := at[from]; !known {
			at[from] = len(group.ScopeSpans)
			group.ScopeSpans = append(group.ScopeSpans, scopeSpans{Scope: from})
		}
		list := &group.ScopeSpans[at[from]].Spans
		*list = append(*list, spanOf(s))
	}
	return json.Marshal(request{[]resourceSpans{group}})
}

func spanOf(s trace.ReadOnlySpan) span {
	self := s.SpanContext()
	out := span{
		TraceID: self.TraceID().String(), SpanID: self.SpanID().String(), TraceState: self.TraceState().String(),
		Name: s.Name(), Kind: int(s.SpanKind()), StartTimeUnixNano: nano(s.StartTime()), EndTimeUnixNano: nano(s.EndTime()),
		Attributes: attributes(s.Attributes()), Dropped: s.DroppedAttributes(),
		Status: status{s.Status().Description, statusCodes[s.Status().Code]},
	}
	if parent := s.Parent(); parent.HasSpanID() {
		out.ParentSpanID = parent.SpanID().String()
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, event{nano(e.Time), e.Name, attributes(e.Attributes)})
	}
	for _, l := range s.Links() {
		to := l.SpanContext
		out.Links = append(out.Links, link{to.TraceID().String(), to.SpanID().String(), to.TraceState().String(), attributes(l.Attributes)})
	}
	return out
}

// statusCodes are the protocol's numbers, which are others than the SDK's.
var statusCodes = map[codes.Code]int{codes.Unset: 0, codes.Ok: 1, codes.Error: 2}

func nano(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func attributes(list []attribute.KeyValue) []keyValue {
	out := make([]keyValue, 0, len(list))
	for _, kv := range list {
		out = append(out, keyValue{string(kv.Key), valueOf(kv.Value)})
	}
	return out
}

func valueOf(v attribute.Value) map[string]any {
	switch v.Type() {
	case attribute.BOOL:
		return map[string]any{"boolValue": v.AsBool()}
	case attribute.INT64:
		return map[string]any{"intValue": strconv.FormatInt(v.AsInt64(), 10)}
	case attribute.FLOAT64:
		return map[string]any{"doubleValue": v.AsFloat64()}
	case attribute.BOOLSLICE:
		return array(v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		return array(v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return array(v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.STRINGSLICE:
		return array(v.AsStringSlice(), attribute.StringValue)
	default:
		return map[string]any{"stringValue": v.String()}
	}
}

func array[T any](list []T, value func(T) attribute.Value) map[string]any {
	values := make([]map[string]any, 0, len(list))
	for _, v := range list {
		values = append(values, valueOf(value(v)))
	}
	return map[string]any{"arrayValue": map[string]any{"values": values}}
}
