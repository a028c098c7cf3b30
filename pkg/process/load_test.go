package process_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/process"
)

func loaded(load process.Load) func(context.Context) (process.Load, error) {
	return func(context.Context) (process.Load, error) { return load, nil }
}

func TestScale(t *testing.T) {
	autoreply := process.Load{Worker: "autoreply", Lag: 12, Pending: 9, Unacked: 3, OldestAge: 4.2, WaitingAge: 1.5, Partitions: 16}
	none, one, away, two := new(process.Loads), new(process.Loads), new(process.Loads), new(process.Loads)
	one.Add("autoreply", loaded(autoreply))
	away.Add("autoreply", func(context.Context) (process.Load, error) {
		return process.Load{}, errors.New("no connection to NATS")
	})
	two.Add("sender", loaded(process.Load{Worker: "sender"}))
	two.Add("autoreply", loaded(autoreply))
	body := `{"worker":"autoreply","lag":12,"pending":9,"unacked":3,"oldest_age_seconds":4.2,"waiting_age_seconds":1.5,"partitions":16}` + "\n"
	idle := `{"worker":"sender","lag":0,"pending":0,"unacked":0,"oldest_age_seconds":0,"waiting_age_seconds":0}` + "\n"

	for _, tt := range []struct {
		name  string
		loads *process.Loads
		path  string
		want  answer
	}{
		{"the only worker", one, "/scale", answer{http.StatusOK, body}},
		{"the only worker by name", one, "/scale?worker=autoreply", answer{http.StatusOK, body}},
		{"one of two", two, "/scale?worker=autoreply", answer{http.StatusOK, body}},
		{"the other", two, "/scale?worker=sender", answer{http.StatusOK, idle}},
		{"none of two", two, "/scale", answer{http.StatusNotFound, "no worker \"\": ask for /scale?worker= and one of autoreply, sender\n"}},
		{"unknown", one, "/scale?worker=echo", answer{http.StatusNotFound, "no worker \"echo\": ask for /scale?worker= and one of autoreply\n"}},
		{"no worker", none, "/scale", answer{http.StatusNotFound, "no worker runs in this process\n"}},
		{"NATS is away", away, "/scale", answer{http.StatusServiceUnavailable, "no connection to NATS\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
			process.Admin(process.NewHealth(t.Context()), tt.loads).ServeHTTP(recorder, request)
			if diff := cmp.Diff(tt.want, answer{recorder.Code, recorder.Body.String()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
