package bus

import (
	"log/slog"
	"sync"
	"time"
)

// sayAgain is how often the same trouble is said.
const sayAgain = 10 * time.Second

// hushMost is how many things are remembered; then all is said once more.
const hushMost = 1000

// hush keeps what is said again and again out of the log: of many durables of a
// worker, or while something is tried several times a second.
type hush struct {
	mu   sync.Mutex
	said map[string]time.Time
}

// level is how loud to say something about what: as it is meant at first, and now
// and then while it goes on; between these only those hear it who debug.
func (h *hush) level(what string, meant slog.Level) slog.Level {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, known := h.said[what]; known && time.Since(at) < sayAgain {
		return slog.LevelDebug
	}
	if h.said == nil || len(h.said) > hushMost {
		h.said = make(map[string]time.Time)
	}
	h.said[what] = time.Now()
	return meant
}
