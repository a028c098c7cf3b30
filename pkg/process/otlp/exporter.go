// Package otlp sends spans to a collector, in the JSON encoding of OTLP over
// HTTP. Every collector takes it where it takes the binary one, on port 4318.
// The exporter of the OpenTelemetry project does the same and brings gRPC along:
// a third of a program's size, and of what it needs in memory when idle.
package otlp

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Exporter implements trace.SpanExporter.
type Exporter struct {
	settings
	client *http.Client
}

var _ trace.SpanExporter = (*Exporter)(nil)

// New returns an exporter after the standard OTEL_EXPORTER_OTLP_ variables. The
// error names the variable that is wrong.
func New() (*Exporter, error) {
	s, err := readSettings()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = s.tls
	return &Exporter{settings: *s, client: &http.Client{Transport: transport}}, nil
}

// ExportSpans implements trace.SpanExporter. Whatever may pass is tried again
// within the timeout.
func (e *Exporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := encode(spans)
	if err == nil && e.gzip {
		body, err = zipped(body)
	}
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, e.post(ctx, body) },
		backoff.WithMaxElapsedTime(e.timeout))
	if err != nil {
		return fmt.Errorf("send spans to %s: %w", e.endpoint.Redacted(), err)
	}
	return nil
}

// Shutdown implements trace.SpanExporter.
func (e *Exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

func (e *Exporter) post(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	request.Header = e.header.Clone()
	response, err := e.client.Do(request)
	if err != nil {
		return errors.Unwrap(err) // what *url.Error adds is the URL
	}
	defer func() { _ = response.Body.Close() }()
	const enough = 64 << 10
	_, _ = io.CopyN(io.Discard, response.Body, enough)
	return answered(response)
}

// answered says what is to be done after an answer.
func answered(response *http.Response) error {
	err := fmt.Errorf("collector answers %s", response.Status)
	switch response.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil {
			return cmp.Or(backoff.RetryAfter(seconds), err)
		}
		return err
	}
	return backoff.Permanent(err)
}

func zipped(body []byte) ([]byte, error) {
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	_, err := writer.Write(body)
	err = errors.Join(err, writer.Close())
	return small.Bytes(), err
}

const defaultTimeout = 10 * time.Second
