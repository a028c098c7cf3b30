package worker

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	typingAfter = time.Second // quicker answers need no sign
	// typingShown is how long WeChat shows the state; asked for again within
	// that time it refuses.
	typingShown = 15 * time.Second
	// typingWindow is how long after a user's message WeChat shows it at all.
	typingWindow = 30 * time.Second
)

const (
	typingOn  = `{"command":"Typing"}`
	typingOff = `{"command":"CancelTyping"}`
)

// typist has users see 对方正在输入 while a handler works on what they wrote. It
// asks the sender to make the call, by a message that no stream holds: what is
// lost is lost.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
type typist struct {
	bus          *bus.Bus
	log          *slog.Logger
	after, again time.Duration // until the state is asked for, and once more
}

func newTypist(b *bus.Bus, log *slog.Logger) *typist {
	const slack = 500 * time.Millisecond // on the way to WeChat
	return &typist{bus: b, log: log, after: typingAfter, again: typingShown + slack}
}

// wrap returns a mux whose handlers do the same, watched by the typist.
func (t *typist) wrap(mux *Mux) *Mux {
	watched := &Mux{kinds: mux.kinds, handlers: make(map[wechat.Kind]HandlerFunc, len(mux.handlers))}
	for kind, handler := range mux.handlers {
		watched.handlers[kind] = t.watch(handler)
	}
	return watched
}

func (t *typist) watch(handler HandlerFunc) HandlerFunc {
	return func(ctx context.Context, m *wechat.Message) (replies wechat.Replies, err error) {
		if left := t.left(m); left > t.after && !Replayed(ctx) {
			sign := t.begin(m, left)
			defer func() { sign.end(err == nil && answers(m.FromUserName, replies)) }() // also after a panic
		}
		return handler(ctx, m)
	}
}

// left is how long the state can be shown for a message: not at all for what
// needs no answer, and on a late retry. Of events only a tap on the menu is a
// question.
func (t *typist) left(m *wechat.Message) time.Duration {
	switch kind := string(m.Kind()); {
	case kind == string(wechat.EventClick):
	case strings.HasPrefix(kind, "event."), strings.HasPrefix(kind, "info."), kind == string(wechat.Undecodable):
		return 0
	}
	if !isToken(m.FromUserName) {
		return 0
	}
	if created, ok := m.Time(); ok {
		return min(typingWindow, typingWindow-time.Since(created))
	}
	return typingWindow
}

// isToken reports whether an OpenID can be a part of a subject; all of WeChat's
// can.
func isToken(openID string) bool {
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '.' || r == '*' || r == '>' }
	return openID != "" && !strings.ContainsFunc(openID, strange)
}

func answers(asker string, replies wechat.Replies) bool {
	for _, reply := range replies {
		if receiver(asker, reply) == asker {
			return true
		}
	}
	return false
}

// sign is the state for one message that is being handled.
type sign struct {
	*typist
	subject string
	until   time.Time // WeChat shows it no longer
	mu      sync.Mutex
	timer   *time.Timer
	shown   bool
	ended   bool
}

func (t *typist) begin(m *wechat.Message, left time.Duration) *sign {
	s := &sign{typist: t, subject: route.Typing + m.Account + "." + m.FromUserName, until: time.Now().Add(left)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(t.after, s.show)
	return s
}

func (s *sign) show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.tell(typingOn)
	s.shown = true
	if time.Now().Add(s.again).Before(s.until) {
		s.timer.Reset(s.again)
	}
}

// end is called when the handler has returned. An answer ends the state by
// itself.
func (s *sign) end(answered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.ended = true
	if s.shown && !answered {
		s.tell(typingOff)
	}
}

func (s *sign) tell(command string) {
	if err := s.bus.Tell(s.subject, nil, []byte(command)); err != nil {
		s.log.Debug("typing not asked for", "err", err)
	}
}
