package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Delivery is a message that a worker holds and must settle with exactly one of
// [Delivery.Ack], [Delivery.Retry] and [Delivery.Term]. Until then it says
// [Delivery.Progress] often enough, or the message is delivered again.
type Delivery struct {
	Subject  string
	Header   map[string][]string
	Body     []byte
	Stream   string
	Sequence uint64    // in Stream
	Attempt  int       // 1 on the first delivery, also counts those that were cut short
	Stored   time.Time // when the stream took it
	Pending  uint64    // messages that waited behind it

	bus       *Bus
	reply     string    // where the server waits for the verdict
	notBefore time.Time // when it may be delivered again at the soonest
}

func (b *Bus) newDelivery(msg *nats.Msg) (*Delivery, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, fmt.Errorf("message without JetStream metadata: %w", err)
	}
	return &Delivery{
		Subject: msg.Subject, Header: msg.Header, Body: msg.Data,
		Stream: meta.Stream, Sequence: meta.Sequence.Stream,
		Attempt: int(min(meta.NumDelivered, 1<<30)),
		Stored:  meta.Timestamp, Pending: meta.NumPending,
		bus: b, reply: msg.Reply,
	}, nil
}

// Get returns the first value of a header, by its exact name.
func (d *Delivery) Get(name string) string {
	if values := d.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Ack says that the message is done with. It returns once the server has
// removed it from the durable; a late Ack of a message that was already
// delivered again still counts. [ErrClosed] is that it can never be heard.
func (d *Delivery) Ack(ctx context.Context) error { return d.say(ctx, "+ACK") }

// Acked is [Delivery.Ack] that does not wait. It is said again until the server
// has heard it, also after a reconnect, and given up after the AckWait; then
// heard is called, with what went wrong. heard must not block.
func (d *Delivery) Acked(heard func(error)) { d.bus.receipts.ack(d.reply, "", heard) }

// AckedTogether is [Delivery.Acked] that costs the server less: it confirms the
// last one of many. When a durable's leader changes in the midst of them, some
// may be lost for all that, and those messages come again after the AckWait.
func (d *Delivery) AckedTogether(heard func(error)) {
	d.bus.receipts.ack(d.reply, d.durable(), heard)
}

// durable returns what the replies of all messages of a durable begin with, ""
// when it cannot be told.
func (d *Delivery) durable() string {
	const own = 2 // of the tokens before the number: the attempt, and the sequence in the stream
	end := 0
	for range d.tokensBefore() - own {
		end += strings.IndexByte(d.reply[end:], '.') + 1
	}
	return d.reply[:end]
}

// Term says that the message is never to be delivered again, and why. It
// returns once the server knows.
func (d *Delivery) Term(ctx context.Context, reason string) error {
	return d.say(ctx, "+TERM "+reason)
}

func (d *Delivery) say(ctx context.Context, verb string) error {
	_, err := d.bus.nc.RequestWithContext(ctx, d.reply, []byte(verb))
	if errors.Is(err, nats.ErrConnectionClosed) {
		return ErrClosed
	}
	return err
}

// Retry has the message delivered again after a delay, 0 for at once.
func (d *Delivery) Retry(delay time.Duration) error {
	verb := "-NAK"
	delay = max(delay, time.Until(d.notBefore))
	if delay > 0 {
		verb += fmt.Sprintf(` {"delay":%d}`, delay.Nanoseconds())
	}
	return d.bus.nc.Publish(d.reply, []byte(verb))
}

// Progress gives the holder another AckWait.
func (d *Delivery) Progress() error { return d.bus.nc.Publish(d.reply, []byte("+WPI")) }

// String names the message: stream and sequence.
func (d *Delivery) String() string {
	return d.Stream + "/" + strconv.FormatUint(d.Sequence, 10)
}

// LogValue implements slog.LogValuer: a log has the name of the message, and
// never what is in it.
func (d *Delivery) LogValue() slog.Value { return slog.StringValue(d.String()) }
