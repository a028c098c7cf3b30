package bus

import (
	"fmt"
	"maps"

	"github.com/nats-io/nats.go"
)

// Tell publishes a message that no stream holds to whoever listens at this
// moment, with a copy of the header of what it is about. Nothing is
// acknowledged: while NATS is away it is lost, and the error says so.
func (b *Bus) Tell(subject string, header map[string][]string, body []byte) error {
	header = maps.Clone(header)
	delete(header, nats.MsgIdHdr)
	if err := b.nc.PublishMsg(&nats.Msg{Subject: subject, Header: header, Data: body}); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}
