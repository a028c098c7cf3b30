package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// On has handler deal with the messages that T is a view of and that fulfil all
// matches. The kind is T's:
//
//	worker.On(mux, func(ctx context.Context, text *wechat.Text) (wechat.Replies, error) { … })
//	worker.On(mux, price, worker.Key("MENU_PRICE")) // price takes a *wechat.ClickEvent
//
// There is a type for every kind of package wechat; a type of the program's own
// does as well. What the type has no field for is found by the Value of its
// Push. A message that cannot be read as T becomes a dead letter, reason
// malformed. On panics where [Mux.Handle] does, and when T can be no view.
func On[T wechat.Typed](mux *Mux, handler func(ctx context.Context, m *T) (wechat.Replies, error), matches ...Match) {
	kind := (*new(T)).Kind()
	if handler == nil {
		panic(fmt.Sprintf("worker: nil handler for %s", kind))
	}
	if _, err := wechat.View[T](sample(kind)); err != nil {
		panic("worker: " + err.Error())
	}
	mux.Handle(kind, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		view, err := wechat.View[T](m)
		if err != nil {
			return nil, Drop("malformed", err)
		}
		return handler(ctx, view)
	}, matches...)
}

// sample is a message of a kind, or of one that a pattern covers.
func sample(kind wechat.Kind) *wechat.Message {
	name := strings.TrimSuffix(string(kind), ">")
	field, push := "MsgType", map[string]string{}
	if event, ok := strings.CutPrefix(name, "event."); ok {
		push["MsgType"], field, name = "event", "Event", event
	} else if info, ok := strings.CutPrefix(name, "info."); ok {
		field, name = "InfoType", info
	}
	push[field] = name
	body, _ := json.Marshal(push) // texts can be written
	m, err := wechat.Decode(body)
	if err != nil {
		panic(fmt.Sprintf("worker: there is no message of kind %s: %v", kind, err))
	}
	return m
}
