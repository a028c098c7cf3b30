package otlp

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// object is a message of the protocol. Numbers of 64 bits are strings in it, ids
// are hexadecimal, enumerations are numbers; an empty field is an absent one.
//
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
type object = map[string]any

// encode writes spans of one program, which share their resource.
func encode(spans []trace.ReadOnlySpan) ([]byte, error) {
	groups := make(map[instrumentation.Scope][]object)
	for _, s := range spans {
		groups[s.InstrumentationScope()] = append(groups[s.InstrumentationScope()], spanOf(s))
	}
	scopes := make([]object, 0, len(groups))
	for from, group := range groups {
		scope := object{"name": from.Name, "version": from.Version, "attributes": attributes(from.Attributes.ToSlice())}
		scopes = append(scopes, object{"scope": scope, "spans": group, "schemaUrl": from.SchemaURL})
	}
	program := spans[0].Resource()
	return json.Marshal(object{"resourceSpans": []object{{
		"resource":  object{"attributes": attributes(program.Attributes())},
		"schemaUrl": program.SchemaURL(), "scopeSpans": scopes,
	}}})
}

func spanOf(s trace.ReadOnlySpan) object {
	out := reference(s.SpanContext(), s.Parent().IsRemote())
	out["name"], out["kind"] = s.Name(), int(s.SpanKind())
	out["startTimeUnixNano"], out["endTimeUnixNano"] = nano(s.StartTime()), nano(s.EndTime())
	out["attributes"], out["droppedAttributesCount"] = attributes(s.Attributes()), s.DroppedAttributes()
	out["droppedEventsCount"], out["droppedLinksCount"] = s.DroppedEvents(), s.DroppedLinks()
	out["status"] = object{"message": s.Status().Description, "code": statusCodes[s.Status().Code]}
	if parent := s.Parent().SpanID(); parent.IsValid() {
		out["parentSpanId"] = parent.String()
	}
	out["events"] = each(s.Events(), func(e trace.Event) object {
		return object{
			"timeUnixNano": nano(e.Time), "name": e.Name,
			"attributes": attributes(e.Attributes), "droppedAttributesCount": e.DroppedAttributeCount,
		}
	})
	out["links"] = each(s.Links(), func(l trace.Link) object {
		to := reference(l.SpanContext, l.SpanContext.IsRemote())
		to["attributes"], to["droppedAttributesCount"] = attributes(l.Attributes), l.DroppedAttributeCount
		return to
	})
	return out
}

// reference is what a span and a link have in common. Its flags are those of the
// traceparent, and above them whether the other process is known to be remote.
func reference(to api.SpanContext, remote bool) object {
	const remoteKnown, isRemote = 0x100, 0x200
	flags := int(to.TraceFlags()) | remoteKnown
	if remote {
		flags |= isRemote
	}
	return object{
		"traceId": to.TraceID().String(), "spanId": to.SpanID().String(),
		"traceState": to.TraceState().String(), "flags": flags,
	}
}

// statusCodes are the protocol's numbers, which are others than the SDK's.
var statusCodes = map[codes.Code]int{codes.Unset: 0, codes.Ok: 1, codes.Error: 2}

// nano returns nanoseconds since 1970, which the protocol has no sign for.
func nano(t time.Time) string { return strconv.FormatInt(max(0, t.UnixNano()), 10) }

func attributes(list []attribute.KeyValue) []object {
	return each(list, func(kv attribute.KeyValue) object {
		return object{"key": string(kv.Key), "value": valueOf(kv.Value)}
	})
}

func valueOf(v attribute.Value) object {
	switch v.Type() {
	case attribute.EMPTY:
		return object{}
	case attribute.BOOL:
		return object{"boolValue": v.AsBool()}
	case attribute.INT64:
		return object{"intValue": strconv.FormatInt(v.AsInt64(), 10)}
	case attribute.FLOAT64:
		return object{"doubleValue": float(v.AsFloat64())}
	case attribute.BYTESLICE:
		return object{"bytesValue": v.AsByteSlice()}
	case attribute.MAP:
		return object{"kvlistValue": object{"values": attributes(v.AsMap())}}
	case attribute.SLICE:
		return array(v.AsSlice(), func(v attribute.Value) attribute.Value { return v })
	case attribute.BOOLSLICE:
		return array(v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		return array(v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return array(v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.STRINGSLICE:
		return array(v.AsStringSlice(), attribute.StringValue)
	default:
		return object{"stringValue": v.String()}
	}
}

// float returns f, or the name that JSON has for a number it cannot write: one
// such attribute must not cost the whole batch.
func float(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

func array[T any](list []T, value func(T) attribute.Value) object {
	return object{"arrayValue": object{"values": each(list, func(v T) object { return valueOf(value(v)) })}}
}

func each[T any](list []T, write func(T) object) []object {
	out := make([]object, len(list))
	for i, v := range list {
		out[i] = write(v)
	}
	return out
}
