// Package otlp sends spans to a collector, in the JSON encoding of OTLP over
// HTTP. Every collector takes it where it takes the binary one, on port 4318.
// The exporter of the OpenTelemetry project does the same and brings gRPC along:
// a third of a program's size, and of what it needs in memory when idle.
package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Exporter implements trace.SpanExporter. It is safe for concurrent use, and
// meant for a batcher: an export takes up to the timeout.
type Exporter struct {
	settings
	client *http.Client
}

var _ trace.SpanExporter = (*Exporter)(nil)

// New returns an exporter after the standard OTEL_EXPORTER_OTLP_ variables. The
// error has a line for each that is wrong. It does not call the collector.
func New() (*Exporter, error) {
	s, err := readSettings()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = s.tls
	// A redirected POST may become a GET, which succeeds and stores nothing, and
	// the headers are no other host's business.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Exporter{settings: *s, client: &http.Client{Transport: transport, CheckRedirect: stay}}, nil
}

// ExportSpans implements trace.SpanExporter. Whatever may pass is tried again
// within the timeout, as the collector's Retry-After says or later each time.
// The error names the collector, without its query, which may hold a key.
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
		place := url.URL{Scheme: e.endpoint.Scheme, Host: e.endpoint.Host, Path: e.endpoint.Path}
		return fmt.Errorf("send %d spans to %s: %w", len(spans), place.String(), err)
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
	text, _ := io.ReadAll(io.LimitReader(response.Body, enough))
	return answered(response, text)
}

// answered says what is to be done after an answer. What the collector writes is
// not repeated: it may quote the spans.
func answered(response *http.Response, text []byte) error {
	err := fmt.Errorf("collector answers %s", response.Status)
	switch response.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return accepted(text)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil && seconds > 0 {
			return fmt.Errorf("%w: %w", err, backoff.RetryAfter(seconds))
		}
		return err
	}
	return backoff.Permanent(err)
}

// accepted finds out whether a collector that says yes leaves spans out. They
// must not be sent again. An answer that is no JSON says nothing.
func accepted(text []byte) error {
	var answer struct{ PartialSuccess struct{ RejectedSpans any } }
	_ = json.Unmarshal(text, &answer)
	switch rejected := answer.PartialSuccess.RejectedSpans; rejected {
	case nil, "", "0", 0.0:
		return nil
	default:
		return backoff.Permanent(fmt.Errorf("collector rejects %v of them", rejected))
	}
}

func zipped(body []byte) ([]byte, error) {
	var small bytes.Buffer
	writer := gzip.NewWriter(&small)
	_, err := writer.Write(body)
	err = errors.Join(err, writer.Close())
	return small.Bytes(), err
}
