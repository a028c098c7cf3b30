package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// Listen calls heard with what is published to a subject that no stream holds,
// until ctx is done. Of all that listen under the same group name one hears
// it; nobody does who is away at that moment. heard is called for one message
// after the other and must not block; no call of it is under way any more when
// Listen has returned. While NATS is away nothing is heard; after it, listening
// goes on.
func (b *Bus) Listen(ctx context.Context, subject, group string, heard func(subject string, body []byte)) error {
	messages := make(chan *nats.Msg, listenAhead)
	subscription, err := b.nc.ChanQueueSubscribe(subject, group, messages)
	if err != nil {
		return fmt.Errorf("listen to %s: %w", subject, err)
	}
	defer func() { _ = subscription.Unsubscribe() }()
	for {
		select {
		case m := <-messages:
			heard(m.Subject, m.Data)
		case <-ctx.Done():
			return nil
		}
	}
}

// listenAhead is how many messages may wait to be heard; those beyond are lost.
const listenAhead = 1024
