package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"

	"github.com/wxbus/wxbus/pkg/config"
)

// errProgram is what a program fails with.
var errProgram = errors.New("broken")

// The inside matters: run is Main without its exit, and its clock can be faked.
func TestRunEnds(t *testing.T) {
	untilAsked := func(result error) Program {
		return func(ctx context.Context, _ *Host) error { <-ctx.Done(); return result }
	}
	slow := func(took time.Duration, result error) Program {
		return func(ctx context.Context, _ *Host) error { <-ctx.Done(); time.Sleep(took); return result }
	}
	tests := []struct {
		name    string
		program Program
		want    string // the error, "" for none
		took    time.Duration
	}{
		{"stops as asked", untilAsked(nil), "", time.Minute},
		{"fails while it stops", untilAsked(errProgram), "broken", time.Minute},
		{"drains in time", slow(29*time.Second, nil), "", time.Minute + 29*time.Second},
		{"fails after its drain", slow(29*time.Second, errProgram), "broken", time.Minute + 29*time.Second},
		{
			"does not drain in time", slow(time.Hour, nil),
			"not drained within 30s; what was left is delivered again", time.Minute + 30*time.Second,
		},
		{"ends by itself", func(context.Context, *Host) error { return nil }, "program ended by itself", 0},
		{"fails by itself", func(context.Context, *Host) error { return errProgram }, "broken", 0},
	}
	clearOTel(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the signal
				defer cancel()
				began := time.Now()
				err := run(ctx, "test", config.Process{ShutdownTimeout: 25 * time.Second}, slog.New(slog.DiscardHandler), tt.program)
				if got := errorText(err); got != tt.want {
					t.Errorf("run: %q, want %q", got, tt.want)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				time.Sleep(time.Hour) // on the bubble's clock: what did not drain ends too
			})
		})
	}
}

// An end as asked and the signal may come together, and neither is a fault.
func TestWaitPrefersTheSignal(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for range 100 {
		ended := make(chan error, 1)
		ended <- nil
		if err := wait(stopped, ended, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunDoesNotStartWhatItCannotWatch(t *testing.T) {
	clearOTel(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := config.Process{AdminAddr: config.Addr(taken.Addr().String()), ShutdownTimeout: time.Second}
	err = run(t.Context(), "test", cfg, slog.New(slog.DiscardHandler), func(context.Context, *Host) error {
		t.Error("the program runs")
		return nil
	})
	if !strings.HasPrefix(errorText(err), "ADMIN_ADDR: ") {
		t.Errorf("run: %v, want a fault of ADMIN_ADDR", err)
	}
}

// collector takes spans as an OpenTelemetry collector does.
type collector struct {
	*httptest.Server
	mu   sync.Mutex
	took []string
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := new(collector)
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.took = append(c.took, r.URL.Path+" "+string(body))
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) spans() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.took...)
}

// The admin port is open until the program has drained, and spans are flushed
// after it: what happens last is seen too.
func TestRunEndsFromTheInsideOut(t *testing.T) {
	clearOTel(t)
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	ctx, signal := context.WithCancel(t.Context())
	defer signal()
	var lines bytes.Buffer
	var seen []string
	var port struct{ Addr string }
	err := run(ctx, "test", config.Process{AdminAddr: "127.0.0.1:0", ShutdownTimeout: time.Minute},
		slog.New(slog.NewJSONHandler(&lines, nil)), func(ctx context.Context, host *Host) error {
			if err := json.Unmarshal(lines.Bytes(), &port); err != nil {
				return err
			}
			host.Health.Add("nats", func(context.Context) error { return errors.New("away") })
			seen = append(seen, probe("http://"+port.Addr+"/readyz"))
			signal()
			<-ctx.Done()
			seen = append(seen, probe("http://"+port.Addr+"/readyz"))
			_, span := otel.Tracer("test").Start(context.Background(), "last span")
			span.End()
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	seen = append(seen, probe("http://"+port.Addr+"/healthz"))
	if diff := cmp.Diff([]string{"503 nats: away\n", "503 stopping\n", "closed"}, seen); diff != "" {
		t.Error(diff)
	}
	got := strings.Join(c.spans(), "\n")
	if !strings.Contains(got, "/v1/traces") || !strings.Contains(got, "last span") || !strings.Contains(got, "wxbus-test") {
		t.Errorf("collected %q", got)
	}
}

func TestSpansThatAreLostAreLogged(t *testing.T) {
	clearOTel(t)
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.URL)
	ctx, signal := context.WithCancel(t.Context())
	var lines bytes.Buffer
	err := run(ctx, "test", config.Process{ShutdownTimeout: time.Minute}, slog.New(slog.NewJSONHandler(&lines, nil)),
		func(context.Context, *Host) error {
			_, span := otel.Tracer("test").Start(context.Background(), "lost span")
			span.End()
			signal()
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Level, Msg, Err string }
	if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, lines.String())
	}
	want := "send 1 spans to " + refusing.URL + "/v1/traces: collector answers 404 Not Found"
	if got.Level != "WARN" || got.Msg != "telemetry failed" || !strings.HasSuffix(got.Err, want) {
		t.Errorf("logged %+v, want %q", got, want)
	}
}

// probe returns status and body, or "closed".
func probe(url string) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return "closed"
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.Status[:3] + " " + string(body)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
