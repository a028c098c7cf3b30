package otlp_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/wxbus/wxbus/pkg/process/otlp"
)

// collector keeps what it is sent.
type collector struct {
	*httptest.Server
	bodies  []string
	headers []http.Header
	answers []int // to the next requests; 200 after that
}

func collect(t *testing.T, answers ...int) *collector {
	t.Helper()
	c := &collector{answers: answers}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(body)
			if err != nil {
				t.Error(err)
				return
			}
			body = unzipped
		}
		text, err := io.ReadAll(body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		c.bodies, c.headers = append(c.bodies, string(text)), append(c.headers, r.Header)
		if len(c.answers) > 0 {
			w.WriteHeader(c.answers[0])
			c.answers = c.answers[1:]
		}
	}))
	t.Cleanup(c.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	return c
}

// export sends one span that has everything.
func export(t *testing.T) (trace.SpanContext, error) {
	t.Helper()
	exporter, err := otlp.New()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	provider := sdk.NewTracerProvider(sdk.WithSyncer(keeping{exporter, &failed}),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "wxbus-test"))))
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(t.Context(), parent)
	_, span := provider.Tracer("wxbus").Start(ctx, "publish", trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithTimestamp(time.Unix(1, 2)), trace.WithAttributes(
			attribute.Int64("big", 1<<62), attribute.Bool("yes", true), attribute.Float64("half", 0.5),
			attribute.StringSlice("list", []string{"a", "b"})),
		trace.WithLinks(trace.Link{SpanContext: parent}))
	span.AddEvent("tried", trace.WithTimestamp(time.Unix(3, 4)))
	span.SetStatus(codes.Error, "went wrong")
	span.End(trace.WithTimestamp(time.Unix(5, 6)))
	return span.SpanContext(), failed
}

// keeping keeps the error of an export, which a provider only logs.
type keeping struct {
	sdk.SpanExporter
	err *error
}

func (k keeping) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := k.SpanExporter.ExportSpans(ctx, spans)
	*k.err = errors.Join(*k.err, err)
	return err
}

func TestSpanIsSentAsTheProtocolWantsIt(t *testing.T) {
	c := collect(t)
	self, err := export(t)
	if err != nil || len(c.bodies) != 1 {
		t.Fatalf("sent %d requests: %v", len(c.bodies), err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(c.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	spans := got["resourceSpans"].([]any)[0].(map[string]any)["scopeSpans"].([]any)[0].(map[string]any)["spans"].([]any)
	span := spans[0].(map[string]any)
	parent, _ := span["parentSpanId"].(string)
	want := fmt.Sprintf(`{"resourceSpans":[{
		"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"wxbus-test"}}]},
		"scopeSpans":[{"scope":{"name":"wxbus"},"spans":[{
			"traceId":%q,"spanId":%q,"parentSpanId":%q,"name":"publish","kind":4,
			"startTimeUnixNano":"1000000002","endTimeUnixNano":"5000000006",
			"attributes":[{"key":"big","value":{"intValue":"4611686018427387904"}},{"key":"yes","value":{"boolValue":true}},
				{"key":"half","value":{"doubleValue":0.5}},
				{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}],
			"events":[{"timeUnixNano":"3000000004","name":"tried"}],
			"links":[{"traceId":%q,"spanId":%q}],
			"status":{"message":"went wrong","code":2}}]}]}]}`,
		self.TraceID(), self.SpanID(), parent, self.TraceID(), parent)
	var wanted map[string]any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" || len(parent) != 16 {
		t.Error(diff)
	}
	if got := c.headers[0].Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
}

func TestHeadersAndCompression(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret, x-scope = a")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	if _, err := export(t); err != nil {
		t.Fatal(err)
	}
	if h := c.headers[0]; h.Get("Authorization") != "Bearer secret" || h.Get("X-Scope") != "a" || !strings.HasPrefix(c.bodies[0], `{"resourceSpans"`) {
		t.Errorf("got %v, %.20s", h, c.bodies[0])
	}
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	c := collect(t, http.StatusServiceUnavailable, http.StatusTooManyRequests)
	if _, err := export(t); err != nil || len(c.bodies) != 3 || c.bodies[0] != c.bodies[2] {
		t.Errorf("%d requests, %v; want the same one three times", len(c.bodies), err)
	}
	c = collect(t, http.StatusBadRequest, http.StatusBadRequest)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")
	if _, err := export(t); err == nil || len(c.bodies) != 1 || strings.Contains(err.Error(), "secret") {
		t.Errorf("%d requests, %v; want one, and an error without a secret", len(c.bodies), err)
	}
}

func TestACollectorThatIsAwayIsGivenUpInTime(t *testing.T) {
	c := collect(t)
	c.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	if _, err := export(t); err == nil || !strings.Contains(err.Error(), c.URL) {
		t.Errorf("error = %v, want one that names the collector", err)
	}
}

func TestMalformedSettingsAreNamed(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_EXPORTER_OTLP_HEADERS": "secret", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s",
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
			t.Setenv(variable, value)
			if _, err := otlp.New(); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error = %v, want one that names %s", err, variable)
			}
		})
	}
}
