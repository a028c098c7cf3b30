package process

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/semconv/v1.37.0"

	"github.com/wxbus/wxbus/pkg/process/otlp"
)

// flushTimeout bounds the export of the last spans at the end.
const flushTimeout = 3 * time.Second

// StartTracing sets OpenTelemetry's globals for the process, after the standard
// OTEL_ variables. Spans are exported over OTLP/HTTP when an endpoint is set;
// without one they only carry the traceparent on. Call flush before the end.
func StartTracing(ctx context.Context, name string) (flush func(), err error) {
	options := []trace.TracerProviderOption{trace.WithResource(describe(ctx, name))}
	if exports() {
		exporter, err := otlp.New()
		if err != nil {
			return nil, err
		}
		options = append(options, trace.WithBatcher(exporter))
	} else {
		options = append(options, trace.WithSampler(trace.NeverSample()))
	}
	provider := trace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		_ = provider.Shutdown(ctx)
	}, nil
}

// logTelemetry has log say what goes wrong with spans. OpenTelemetry's own way
// is plain text on stderr, which breaks a log of JSON lines.
func logTelemetry(log *slog.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry failed", "err", err) }))
}

// exports reports whether the environment asks for spans to be exported.
func exports() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// describe names the program; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
// Where these cannot be read, the program keeps its name.
func describe(ctx context.Context, name string) *resource.Resource {
	described, _ := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("wxbus-"+name)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	return described
}
