package process

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// clearOTel removes every variable of OpenTelemetry for the test.
func clearOTel(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, value) // restores it after the test
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSpansAreExportedWhenAnEndpointIsSet(t *testing.T) {
	const all, traces, disabled, exporter = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"
	tests := []struct {
		name string
		vars map[string]string
		want bool
	}{
		{"nothing set", nil, false},
		{"endpoint", map[string]string{all: "http://localhost:4318"}, true},
		{"endpoint of traces", map[string]string{traces: "http://localhost:4318/v1/traces"}, true},
		{"empty endpoint", map[string]string{all: "", traces: ""}, false},
		{"endpoint of metrics", map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://localhost:4318"}, false},
		{"disabled", map[string]string{all: "http://localhost:4318", disabled: "true"}, false},
		{"disabled in capitals", map[string]string{all: "http://localhost:4318", disabled: "TRUE"}, false},
		{"not disabled", map[string]string{all: "http://localhost:4318", disabled: "false"}, true},
		{"disabled by what is no truth value", map[string]string{all: "http://localhost:4318", disabled: "1"}, true},
		{"no exporter", map[string]string{traces: "http://localhost:4318", exporter: "none"}, false},
		{"exporter", map[string]string{all: "http://localhost:4318", exporter: "otlp"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearOTel(t)
			for name, value := range tt.vars {
				t.Setenv(name, value)
			}
			if got := exports(); got != tt.want {
				t.Errorf("exports() = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestTraceparentIsCarriedOnWithoutAnEndpoint(t *testing.T) {
	clearOTel(t)
	flush, err := StartTracing(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer flush()
	const trace = "0af7651916cd43dd8448eb211c80319c"
	header := propagation.MapCarrier{"traceparent": "00-" + trace + "-b7ad6b7169203331-01"}
	ctx, span := otel.Tracer("test").Start(otel.GetTextMapPropagator().Extract(t.Context(), header), "step")
	defer span.End()
	onward := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, onward)
	if got := onward["traceparent"]; !strings.HasPrefix(got, "00-"+trace+"-") || got == header["traceparent"] {
		t.Errorf("traceparent = %q, want a new span of trace %s", got, trace)
	}
	if span.IsRecording() {
		t.Error("the span is recorded, and nobody takes it")
	}
}

func TestTracesNameTheProgram(t *testing.T) {
	tests := []struct {
		name string
		vars map[string]string
		want string
	}{
		{"by default", nil, "wxbus-sender"},
		{"as the operator wants", map[string]string{"OTEL_SERVICE_NAME": "mine"}, "mine"},
		{"as the attributes say", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "service.name=mine,zone=a"}, "mine"},
		{"when attributes are malformed", map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "zone"}, "wxbus-sender"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearOTel(t)
			for name, value := range tt.vars {
				t.Setenv(name, value)
			}
			got, _ := describe(t.Context(), "sender").Set().Value("service.name")
			if diff := cmp.Diff(tt.want, got.AsString()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
