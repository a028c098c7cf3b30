package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
)

// ErrNobody says that no program answers a question at this moment.
var ErrNobody = errors.New("nobody answers")

// Ask sends a question to whoever answers a subject, and returns the answer. It
// returns [ErrNobody] at once when there is no such program, and else waits
// until ctx is done. Nothing of it is stored.
func (b *Bus) Ask(ctx context.Context, subject string, question []byte) (answer []byte, err error) {
	msg, err := b.nc.RequestWithContext(ctx, subject, question)
	switch {
	case err == nil:
		return msg.Data, nil
	case errors.Is(err, nats.ErrNoResponders), !b.nc.IsConnected():
		return nil, fmt.Errorf("ask %s: %w", subject, ErrNobody)
	}
	return nil, fmt.Errorf("ask %s: %w", subject, err)
}

// Answer answers the questions under a subject until ctx is done. Of all that
// answer under the same group name one is asked. answer is called for one
// question after the other and must not block; nil leaves a question without
// an answer, as does what comes while NATS is away.
func (b *Bus) Answer(ctx context.Context, subject, group string, answer func(subject string, question []byte) []byte) error {
	questions := make(chan *nats.Msg, listenAhead)
	subscription, err := b.nc.ChanQueueSubscribe(subject, group, questions)
	if err != nil {
		return fmt.Errorf("answer %s: %w", subject, err)
	}
	defer func() { _ = subscription.Unsubscribe() }()
	for {
		select {
		case m := <-questions:
			b.respond(m, answer(m.Subject, m.Data))
		case <-ctx.Done():
			return nil
		}
	}
}

func (b *Bus) respond(m *nats.Msg, answer []byte) {
	if m.Reply == "" || answer == nil {
		return
	}
	if err := b.nc.Publish(m.Reply, answer); err != nil {
		b.log.Debug("answer not sent", "subject", m.Subject, "err", err)
	}
}
