package worker

import (
	"context"
	"fmt"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// HandlerFunc deals with one message and returns what is to be answered, which
// may be nothing. It must end when ctx is done. It is called from several
// goroutines, for messages of different users. It may be called again for the
// same message, after a crash for instance; its replies are sent once.
type HandlerFunc func(ctx context.Context, m *wechat.Message) (wechat.Replies, error)

// Mux knows which handler deals with which kind of message. Fill it before it
// is run; from then on it must not be changed.
type Mux struct {
	kinds    []wechat.Kind
	handlers map[wechat.Kind]HandlerFunc
}

// NewMux returns a Mux without handlers.
func NewMux() *Mux { return &Mux{handlers: make(map[wechat.Kind]HandlerFunc)} }

// Handle has handler deal with messages of a kind, such as
// [wechat.KindText], wechat.Kind("event.poi_check_notify") or the patterns
// [wechat.AnyEvent] and [wechat.AnyKind]. The kind itself goes before a
// pattern, and a longer pattern before a shorter one. Handle panics when the
// kind has a handler already or the handler is nil: that is a mistake in the
// program.
func (mux *Mux) Handle(kind wechat.Kind, handler HandlerFunc) {
	if handler == nil {
		panic(fmt.Sprintf("worker: nil handler for %s", kind))
	}
	if _, taken := mux.handlers[kind]; taken {
		panic(fmt.Sprintf("worker: two handlers for %s", kind))
	}
	mux.kinds = append(mux.kinds, kind)
	mux.handlers[kind] = handler
}

// Kinds returns what is handled, in the order of registration.
func (mux *Mux) Kinds() []wechat.Kind { return mux.kinds }

// handler returns the handler for a kind, nil when there is none.
func (mux *Mux) handler(kind wechat.Kind) HandlerFunc {
	if handler, ok := mux.handlers[kind]; ok {
		return handler
	}
	best := wechat.Kind("")
	for _, pattern := range mux.kinds {
		if pattern.Covers(kind) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return mux.handlers[best]
}
