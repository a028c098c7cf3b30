package worker

import (
	"context"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// replay is what the headers of a message say that an operator has this worker
// handle for another time. It is nil for other messages.
type replay struct {
	live bool   // its replies are published
	id   string // of the operator's command
}

func replayOf(d *bus.Delivery) *replay {
	mode := d.Get(route.HeaderReplay)
	if mode == "" {
		return nil
	}
	return &replay{live: mode == route.ReplayLive, id: d.Get(route.HeaderReplayID)}
}

// suppresses reports whether replies are not to be published.
func (r *replay) suppresses() bool { return r != nil && !r.live }

// cause is what the ids of replies to a message are made of. Those of a live
// replay are others than those of the first time, which the stream may still
// know, and the same however often the message is tried within the replay.
func (r *replay) cause(m *wechat.Message) string {
	if r == nil {
		return m.ID
	}
	return m.ID + ":replay:" + r.id
}

type replayKey struct{}

func withReplay(ctx context.Context, r *replay) context.Context {
	if r == nil {
		return ctx
	}
	return context.WithValue(ctx, replayKey{}, r)
}

// Replayed reports whether the message that a handler works on was handled
// before and an operator has it handled again, by wxbus replay. ctx is the
// handler's. A handler that does more than to return replies, such as to call
// another service, may leave that out then.
func Replayed(ctx context.Context) bool { return ctx.Value(replayKey{}) != nil }

// suppress says what would have been published.
func (in *inbound) suppress(m *wechat.Message, replies wechat.Replies) {
	suppressed.WithLabelValues(in.name).Add(float64(len(replies)))
	in.log.Info("replies suppressed: the message is replayed", "id", m.ID, "replies", len(replies))
}
