package process_test

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
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/process"
)

// answer is what the admin port says.
type answer struct {
	Status int
	Body   string
}

func ask(ctx context.Context, health *process.Health, method, path string) answer {
	recorder := httptest.NewRecorder()
	process.Admin(health, new(process.Loads)).ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, method, path, nil))
	return answer{recorder.Code, recorder.Body.String()}
}

func passes(context.Context) error { return nil }

func fails(what string) func(context.Context) error {
	return func(context.Context) error { return errors.New(what) }
}

func TestAdmin(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	ready, missing, stopping := process.NewHealth(t.Context()), process.NewHealth(t.Context()), process.NewHealth(stopped)
	ready.Add("ingress", passes)
	missing.Add("ingress", fails("no connection to NATS"))
	missing.Add("sender", passes)
	missing.Add("autoreply", fails("streams are not ready"))
	stopping.Add("ingress", passes)
	alive := answer{http.StatusOK, "ok\n"}

	tests := []struct {
		name         string
		health       *process.Health
		method, path string
		want         answer
	}{
		{"alive when ready", ready, http.MethodGet, "/healthz", alive},
		{"alive when not ready", missing, http.MethodGet, "/healthz", alive},
		{"alive while stopping", stopping, http.MethodGet, "/healthz", alive},
		{"alive without checks", process.NewHealth(t.Context()), http.MethodGet, "/healthz", alive},
		{"ready", ready, http.MethodGet, "/readyz", answer{http.StatusOK, "ready\n"}},
		{"not ready before its first check", process.NewHealth(t.Context()), http.MethodGet, "/readyz", answer{http.StatusServiceUnavailable, "starting\n"}},
		{"ready asked with HEAD", ready, http.MethodHead, "/readyz", answer{http.StatusOK, "ready\n"}},
		{
			"says what is missing", missing, http.MethodGet, "/readyz",
			answer{http.StatusServiceUnavailable, "ingress: no connection to NATS\nautoreply: streams are not ready\n"},
		},
		{"not ready while stopping", stopping, http.MethodGet, "/readyz", answer{http.StatusServiceUnavailable, "stopping\n"}},
		{"takes no POST", ready, http.MethodPost, "/readyz", answer{http.StatusMethodNotAllowed, "Method Not Allowed\n"}},
		{"knows no other path", ready, http.MethodGet, "/", answer{http.StatusNotFound, "404 page not found\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ask(t.Context(), tt.health, tt.method, tt.path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAdminServesMetrics(t *testing.T) {
	got := ask(t.Context(), process.NewHealth(t.Context()), http.MethodGet, "/metrics")
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "\ngo_goroutines ") {
		t.Errorf("/metrics = %d\n%s", got.Status, got.Body)
	}
}

func TestReadyzAnswersWhenACheckHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := process.NewHealth(t.Context())
		health.Add("nats", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		began := time.Now()
		got := ask(t.Context(), health, http.MethodGet, "/readyz")
		if want := (answer{http.StatusServiceUnavailable, "nats: context deadline exceeded\n"}); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("answered after %s, want 2s", took)
		}
	})
}

// What one prober is told, the next is told too: it must not depend on the
// patience of the first.
func TestReadyzIsTheSameAfterAProberHungUp(t *testing.T) {
	hungUp, hangUp := context.WithCancel(t.Context())
	hangUp()
	health := process.NewHealth(t.Context())
	health.Add("nats", func(ctx context.Context) error { return ctx.Err() })
	ask(hungUp, health, http.MethodGet, "/readyz")
	if got, want := ask(t.Context(), health, http.MethodGet, "/readyz"), (answer{http.StatusOK, "ready\n"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestServeAdmin(t *testing.T) {
	var lines bytes.Buffer
	health := process.NewHealth(t.Context())
	closeAdmin, err := process.ServeAdmin("127.0.0.1:0", health, new(process.Loads), slog.New(slog.NewJSONHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	var opened struct{ Msg, Addr string }
	if err := json.Unmarshal(lines.Bytes(), &opened); err != nil || opened.Msg != "admin port open" {
		t.Fatalf("logged %s, %v", &lines, err)
	}
	if got, err := get("http://" + opened.Addr + "/healthz"); err != nil || got != (answer{http.StatusOK, "ok\n"}) {
		t.Errorf("/healthz = %v, %v", got, err)
	}
	closeAdmin()
	if got, err := get("http://" + opened.Addr + "/healthz"); err == nil {
		t.Errorf("answers %v after its end", got)
	}
}

func TestServeAdminServesNothingWithoutAnAddress(t *testing.T) {
	var lines bytes.Buffer
	closeAdmin, err := process.ServeAdmin("", process.NewHealth(t.Context()), new(process.Loads), slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil || lines.Len() > 0 {
		t.Fatalf("error %v, logged %q", err, &lines)
	}
	closeAdmin()
}

func TestServeAdminNamesItsSettingWhenThePortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = process.ServeAdmin(taken.Addr().String(), process.NewHealth(t.Context()), new(process.Loads), slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "ADMIN_ADDR: listen tcp "+taken.Addr().String()) {
		t.Errorf("error = %v, want one that names ADMIN_ADDR and the address", err)
	}
}

// get asks over the network, without keeping the connection.
func get(url string) (answer, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body)}, err
}
