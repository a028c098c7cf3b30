package bus

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// Tell publishes a message to whoever listens at this moment; a stream that holds
// the subject stores it, if it can. Nothing is acknowledged: while NATS is away
// it is lost, and the error says so.
func (b *Bus) Tell(subject string, header map[string][]string, body []byte) error {
	if err := b.nc.PublishMsg(&nats.Msg{Subject: subject, Header: header, Data: body}); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}
