package otlp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/wxbus/wxbus/pkg/process/otlp"
)

// collector keeps what it is sent.
type collector struct {
	*httptest.Server
	bodies  []string
	headers []http.Header
	answers []answer // to the next requests; 200 after that
}

type answer struct {
	status int
	header http.Header
	body   string
}

// collect starts a collector and clears the environment for it.
func collect(t *testing.T, answers ...answer) *collector {
	t.Helper()
	c := &collector{answers: answers}
	c.Server = httptest.NewServer(c.handler(t))
	t.Cleanup(c.Close)
	clearOTel(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	return c
}

func clearOTel(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
}

func (c *collector) handler(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		if len(c.answers) == 0 {
			return
		}
		next := c.answers[0]
		c.answers = c.answers[1:]
		for name := range next.header {
			w.Header().Set(name, next.header.Get(name))
		}
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	})
}

// export sends spans, one if none are given.
func export(t *testing.T, spans ...tracetest.SpanStub) error {
	t.Helper()
	exporter, err := otlp.New()
	if err != nil {
		t.Fatal(err)
	}
	if len(spans) == 0 {
		spans = []tracetest.SpanStub{{Name: "publish"}}
	}
	err = exporter.ExportSpans(t.Context(), tracetest.SpanStubs(spans).Snapshots())
	return errors.Join(err, exporter.Shutdown(t.Context()))
}

func TestHeadersAndCompression(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret%3D, x-scope = a,")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	if err := export(t); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{"Authorization", "X-Scope", "Content-Type", "Content-Encoding"} {
		got[name] = c.headers[0].Get(name)
	}
	want := map[string]string{
		"Authorization": "Bearer secret=", "X-Scope": "a", "Content-Type": "application/json", "Content-Encoding": "gzip",
	}
	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(c.bodies[0], `{"resourceSpans"`) {
		t.Errorf("%s body %.20s", diff, c.bodies[0])
	}
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	after := func(text string) http.Header { return http.Header{"Retry-After": {text}} }
	tests := []struct {
		name    string
		answers []answer
		want    int // requests
		fails   string
	}{
		{"unavailable, then too many", []answer{{status: 503}, {status: 429}}, 3, ""},
		{"gateways", []answer{{status: 502}, {status: 504}}, 3, ""},
		{"when the collector says", []answer{{503, after("1"), ""}}, 2, ""},
		{"later than the timeout", []answer{{503, after("3600"), ""}}, 1, "503"},
		{"malformed", []answer{{status: 400}}, 1, "collector answers 400 Bad Request"},
		{"broken", []answer{{500, nil, "panic: secret"}}, 1, "collector answers 500"},
		{"moved", []answer{{302, http.Header{"Location": {"/elsewhere"}}, ""}}, 1, "collector answers 302"},
		{"all accepted", []answer{{200, nil, `{"partialSuccess":{}}`}}, 1, ""},
		{"none rejected", []answer{{200, nil, `{"partialSuccess":{"rejectedSpans":"0"}}`}}, 1, ""},
		{"some rejected", []answer{{200, nil, `{"partialSuccess":{"rejectedSpans":"2","errorMessage":"secret"}}`}}, 1, "rejects 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := collect(t, tt.answers...)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")
			checkFailure(t, export(t), tt.fails)
			if len(c.bodies) != tt.want || c.bodies[0] != c.bodies[len(c.bodies)-1] {
				t.Errorf("%d requests, want the same one %d times", len(c.bodies), tt.want)
			}
		})
	}
}

// checkFailure wants an error with a text in it, and with no secret; "" is no error.
func checkFailure(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v, want one with %q and no secret", err, want)
	}
}

// A wait of no time would have all programs call a collector in distress as fast
// as they can: it is left to the backoff, which this timeout is too short for.
func TestRetryAfterNothingIsNotFollowed(t *testing.T) {
	for _, wait := range []string{"0", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"} {
		full := answer{503, http.Header{"Retry-After": {wait}}, ""}
		c := collect(t, full, full, full, full)
		t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "240") // the first backoff is 250 ms at least
		checkFailure(t, export(t), "send 1 spans")
		if len(c.bodies) != 1 {
			t.Errorf("Retry-After: %s: %d requests, want one", wait, len(c.bodies))
		}
	}
}

func TestCollectorThatIsAwayIsGivenUpInTime(t *testing.T) {
	c := collect(t)
	c.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	checkFailure(t, export(t), "send 1 spans to "+c.URL+"/v1/traces: ")
}

func TestCollectorThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	clearOTel(t)
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", silent.URL+"/here?key=secret")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "50")
	checkFailure(t, export(t), silent.URL+"/here: context deadline exceeded")
}

func TestShutdownFlushesWhatABatcherHolds(t *testing.T) {
	c := collect(t)
	exporter, err := otlp.New()
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter, sdk.WithBatchTimeout(time.Hour)))
	for _, name := range []string{"first", "last"} {
		_, span := provider.Tracer("wxbus").Start(context.Background(), name)
		span.End()
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.bodies) != 1 || !strings.Contains(c.bodies[0], `"first"`) || !strings.Contains(c.bodies[0], `"last"`) {
		t.Errorf("sent %q, want one request with both spans", c.bodies)
	}
}

func TestNoSpansAreNoRequest(t *testing.T) {
	c := collect(t)
	exporter, err := otlp.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := exporter.ExportSpans(t.Context(), nil); err != nil || len(c.bodies) != 0 {
		t.Errorf("%d requests, %v", len(c.bodies), err)
	}
}
