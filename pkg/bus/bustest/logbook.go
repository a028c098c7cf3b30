package bustest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// Logbook keeps what the programs of a test log. It is safe for concurrent use.
type Logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Logger returns a logger that writes into the book, debug lines too.
func (l *Logbook) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer.
func (l *Logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String returns all that was written.
func (l *Logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Count returns how often a text was written.
func (l *Logbook) Count(text string) int { return strings.Count(l.String(), text) }
