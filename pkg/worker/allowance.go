package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// askTime is how long a handler waits for an answer of the sender.
const askTime = 2 * time.Second

type causeKey struct{}

// cause is the message that a handler works on, the kind that its subject names,
// and the bus that it came by.
type cause struct {
	bus     *bus.Bus
	message *wechat.Message
	kind    wechat.Kind
}

func withCause(ctx context.Context, c cause) context.Context {
	return context.WithValue(ctx, causeKey{}, c)
}

// kindOf returns the kind of a message: what cannot be decoded has it from its
// subject alone.
func kindOf(ctx context.Context, m *wechat.Message) wechat.Kind {
	if c, ok := ctx.Value(causeKey{}).(cause); ok && c.message == m {
		return c.kind
	}
	return m.Kind()
}

// Allowance returns what may still be sent to the user whose message a handler
// works on. ctx is the handler's. It asks the sender, which may know less than
// WeChat: of a message that has just been pushed, or while no sender runs,
// nothing is known, which is no error. It takes milliseconds, so ask where it
// makes a difference: before an answer of many parts, for instance.
func Allowance(ctx context.Context) (wechat.Allowance, error) {
	c, ok := ctx.Value(causeKey{}).(cause)
	if !ok {
		return wechat.Allowance{}, errors.New("worker.Allowance needs the context of a handler")
	}
	return c.allowance(ctx)
}

func (c cause) allowance(ctx context.Context) (a wechat.Allowance, err error) {
	if c.bus == nil || !isToken(c.message.FromUserName) { // in a trial there is nobody to ask
		return a, nil
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, err := c.bus.Ask(asking, route.Allowance+c.message.Account+"."+c.message.FromUserName, nil)
	if errors.Is(err, bus.ErrNobody) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal(answer, &a)
	}
	if err != nil {
		return wechat.Allowance{}, fmt.Errorf("allowance: %w", err)
	}
	return a, nil
}
