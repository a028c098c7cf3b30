package process

import (
	"io"
	"log/slog"
	"os"

	"github.com/wxbus/wxbus/pkg/config"
)

// NewLogger returns a logger that writes to w as cfg says: text on a terminal
// and JSON elsewhere, unless LOG_FORMAT names one.
func NewLogger(w io.Writer, cfg config.Process) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	options.ReplaceAttr = readable
	return slog.New(slog.NewJSONHandler(w, options))
}

// readable writes durations as people do: 1.5s, not nanoseconds.
func readable(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		attr.Value = slog.StringValue(attr.Value.Duration().String())
	}
	return attr
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
