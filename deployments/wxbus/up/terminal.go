package up

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
)

// terminal returns a host whose log is made for eyes, when somebody looks at it
// and has not asked for another format.
func terminal(host *process.Host, format config.LogFormat, level slog.Level) *process.Host {
	if format != "" || !isTerminal(os.Stderr) {
		return host
	}
	return process.NewHost("up", slog.New(&console{out: os.Stderr, mu: new(sync.Mutex), level: level}), host.Health)
}

// console is a log for a terminal: time, program, message and attributes in a
// line, warnings in yellow, errors in red.
type console struct {
	out     io.Writer
	mu      *sync.Mutex
	level   slog.Level
	program string
	attrs   string
}

// Enabled implements [slog.Handler].
func (c *console) Enabled(_ context.Context, level slog.Level) bool { return level >= c.level }

// Handle implements [slog.Handler].
func (c *console) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	_, _ = fmt.Fprintf(&line, "%s %s%-9s\x1b[0m %s\x1b[2m%s", r.Time.Format(time.TimeOnly), colour(r.Level), c.program, r.Message, c.attrs)
	r.Attrs(func(attr slog.Attr) bool {
		line.WriteString(written(attr))
		return true
	})
	line.WriteString("\x1b[0m\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := io.WriteString(c.out, line.String())
	return err
}

func colour(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "\x1b[31m"
	case level >= slog.LevelWarn:
		return "\x1b[33m"
	}
	return "\x1b[36m"
}

func written(attr slog.Attr) string {
	value := attr.Value.Resolve().String()
	if value == "" || attr.Key == "err" && value == "<nil>" {
		return ""
	}
	if strings.ContainsAny(value, " \t\n\"=") || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		value = strconv.Quote(value)
	}
	return " " + attr.Key + "=" + value
}

// WithAttrs implements [slog.Handler].
func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *c
	for _, attr := range attrs {
		if attr.Key == "program" {
			more.program = attr.Value.String()
			continue
		}
		more.attrs += written(attr)
	}
	return &more
}

// WithGroup implements [slog.Handler]. No log of ours has groups.
func (c *console) WithGroup(string) slog.Handler { return c }
