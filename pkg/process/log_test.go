package process_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
)

func TestLogFormat(t *testing.T) {
	// It is a character device, as a terminal is.
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	tests := []struct {
		name   string
		to     io.Writer
		format config.LogFormat
		text   bool
	}{
		{"terminal", device, "", true},
		{"JSON on a terminal", device, "json", false},
		{"file", file, "", false},
		{"text in a file", file, "text", true},
		{"no file", io.Discard, "", false},
		{"text elsewhere", io.Discard, "text", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			handler := process.NewLogger(tt.to, config.Process{LogFormat: tt.format}).Handler()
			if _, got := handler.(*slog.TextHandler); got != tt.text {
				t.Errorf("handler is %T, want text: %v", handler, tt.text)
			}
		})
	}
}

func TestLogLevel(t *testing.T) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for _, format := range []config.LogFormat{"text", "json"} {
		for _, level := range levels {
			var lines bytes.Buffer
			log := process.NewLogger(&lines, config.Process{LogFormat: format, LogLevel: level})
			for _, each := range levels {
				lines.Reset()
				log.Log(t.Context(), each, "m")
				if got, want := lines.Len() > 0, each >= level; got != want {
					t.Errorf("%s at %s: %s is logged: %v, want %v", format, level, each, got, want)
				}
			}
		}
	}
}

func TestJSONLogIsReadable(t *testing.T) {
	var line bytes.Buffer
	process.NewLogger(&line, config.Process{}).With("wait", time.Minute).Info("handled",
		"took", 1500*time.Millisecond, slog.Group("retry", "delay", 250*time.Microsecond),
		"err", errors.New("broken"), "attempt", 2, "openid", "o1", "token", config.Secret("s"))
	var got map[string]any
	if err := json.Unmarshal(line.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, got["time"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "handled", "wait": "1m0s", "took": "1.5s", "retry": map[string]any{"delay": "250µs"},
		"err": "broken", "attempt": 2.0, "openid": "o1", "token": "***",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostLogsUnderItsProgram(t *testing.T) {
	var line bytes.Buffer
	health := process.NewHealth(t.Context())
	up := process.NewHost("up", process.NewLogger(&line, config.Process{}), health)
	sender := up.For("sender")
	for host, want := range map[*process.Host]string{up: "up", sender: "sender", sender.For("autoreply"): "autoreply"} {
		line.Reset()
		host.Log.Info("m")
		var got struct{ Program string }
		if err := json.Unmarshal(line.Bytes(), &got); err != nil || got.Program != want {
			t.Errorf("program = %q, %v, want %s", got.Program, err, want)
		}
		if bytes.Count(line.Bytes(), []byte("program")) != 1 || host.Health != health {
			t.Errorf("host of %s logs %s, health %p", want, &line, host.Health)
		}
	}
}
