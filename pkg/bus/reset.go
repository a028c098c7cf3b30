package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Place is how far a durable has come.
type Place struct {
	Floor      uint64 // all up to this sequence of the stream is settled
	Delivered  uint64 // the newest sequence that was delivered
	Deliveries uint64 // how many there were since the durable was created or reset
	Unsettled  int    // messages that were delivered and are not settled
	Waiting    uint64 // messages that were not delivered yet
}

// Place asks the server how far a durable has come. Its error wraps
// [ErrNoDurable] when there is none.
func (b *Bus) Place(ctx context.Context, d Durable) (Place, error) {
	info, err := b.info(ctx, d)
	if err != nil {
		return Place{}, err
	}
	return placeOf(info), nil
}

func placeOf(info *jetstream.ConsumerInfo) Place {
	return Place{
		Floor: info.AckFloor.Stream, Delivered: info.Delivered.Stream, Deliveries: info.Delivered.Consumer,
		Unsettled: info.NumAckPending, Waiting: info.NumPending,
	}
}

// info is all that the server knows of a durable. Its error wraps [ErrNoDurable]
// when there is none.
func (b *Bus) info(ctx context.Context, d Durable) (*jetstream.ConsumerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	found, err := b.js.Consumer(ctx, d.Stream, d.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		err = ErrNoDurable
	}
	if err != nil {
		return nil, fmt.Errorf("durable %s on %s: %w", d.Name, d.Stream, err)
	}
	return found.CachedInfo(), nil
}

// ErrNoDurable says that a durable does not exist.
var ErrNoDurable = errors.New("it does not exist")

// Reset has a durable forget what it has delivered from a sequence on, 0 for
// the first one that is not settled, and deliver all of it again in order. What
// was settled behind that sequence is delivered again too. Deliveries are
// counted from 1. It needs nats-server 2.14.
func (b *Bus) Reset(ctx context.Context, d Durable, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	var err error
	if sequence == 0 {
		_, err = b.js.ResetConsumer(ctx, d.Stream, d.Name)
	} else {
		_, err = b.js.ResetConsumerToSequence(ctx, d.Stream, d.Name, sequence)
	}
	if err != nil {
		return fmt.Errorf("reset durable %s on %s: %w", d.Name, d.Stream, err)
	}
	return nil
}

// Ensure makes sure that the durables of an ordered one exist: with
// AUTO_PROVISION it creates those that are missing, else its error names the
// first one. [Bus.Prepare] must be through.
func (b *Bus) Ensure(ctx context.Context, d Durable) error {
	for _, part := range d.parts(b.partitions) {
		p := &puller{bus: b, durable: part}
		if err := p.bind(ctx); err != nil {
			return err
		}
	}
	if !b.cfg.AutoProvision {
		return nil
	}
	_, err := b.Place(ctx, d)
	if errors.Is(err, ErrNoDurable) {
		return nil
	}
	if err == nil {
		b.log.Warn("durable of the time without order is left and nobody reads it; it can be removed",
			"durable", d.Name, "stream", d.Stream)
	}
	return err
}

// heritage returns where a durable begins whose worker had another place until
// now: one durable before it kept order, or those of the partitions. 0 is that
// there was none.
func (b *Bus) heritage(ctx context.Context, d Durable) (uint64, error) {
	if d.whole != "" {
		return b.Settled(ctx, Durable{Name: d.whole, Stream: d.Stream, Filters: d.Filters})
	}
	for from, number := uint64(0), 0; ; number++ {
		at, err := b.Settled(ctx, d.Partition(number))
		if err != nil || at == 0 { // the last one was before
			return from, err
		}
		if from == 0 || at < from {
			from = at
		}
	}
}

// CatchUp moves the durable of a partition forward over what the worker has
// settled before it kept order, when it still has the durable of that time, and
// reports whether it did. Nobody may hold messages of it. Without AUTO_PROVISION
// it does nothing: then a worker may not see other durables than its own.
func (b *Bus) CatchUp(ctx context.Context, d Durable, at Place) (moved bool, err error) {
	if !b.cfg.AutoProvision {
		return false, nil
	}
	from, err := b.heritage(ctx, d)
	if err != nil || from <= at.Floor+1 {
		return false, err
	}
	return true, b.Reset(ctx, d, from)
}

// catchUp is CatchUp for a durable of a worker that has given order up. A
// partition does it when it is taken over: here somebody may hold messages.
func (b *Bus) catchUp(ctx context.Context, d Durable) error {
	if d.whole != "" {
		return nil
	}
	at, err := b.Place(ctx, d)
	if err != nil {
		return err
	}
	moved, err := b.CatchUp(ctx, d, at)
	if moved {
		b.log.Warn("durable goes on where the worker stopped that kept order; its durables can be removed",
			"durable", d.Name, "stream", d.Stream, "like", d.Partition(0).Name)
	}
	return err
}

// Settled returns the sequence behind all that a durable has settled, so that
// another one may begin there: that of the first message that is left, or of
// the next one to be stored. It is 0 when the durable does not exist.
func (b *Bus) Settled(ctx context.Context, d Durable) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	stream, err := b.js.Stream(ctx, d.Stream)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", d.Stream, err)
	}
	end := stream.CachedInfo().State.LastSeq + 1 // before the durable is asked: what comes meanwhile is behind
	at, err := b.Place(ctx, d)
	if errors.Is(err, ErrNoDurable) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if at.Unsettled == 0 && at.Waiting == 0 {
		return max(end, at.Floor+1), nil
	}
	first, err := b.firstAfter(ctx, d.Stream, d.Filters, at.Floor)
	return max(first.Sequence, at.Floor+1), err
}

// stored is where a message stands in its stream; none has a sequence of 0.
type stored struct {
	Sequence uint64    `json:"seq"`
	Time     time.Time `json:"time"`
}

// firstAfter returns the first message under some filters behind a sequence. It
// asks the leader: a replica may not have the message yet.
func (b *Bus) firstAfter(ctx context.Context, stream string, filters []string, sequence uint64) (first stored, err error) {
	for _, filter := range filters {
		request, err := json.Marshal(map[string]any{"seq": sequence + 1, "next_by_subj": filter})
		if err != nil {
			return first, err
		}
		answer, err := b.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, request)
		if err != nil {
			return first, fmt.Errorf("stream %s: %w", stream, err)
		}
		var found struct {
			Message stored `json:"message"`
		}
		if err := json.Unmarshal(answer.Data, &found); err != nil {
			return first, fmt.Errorf("stream %s: %w", stream, err)
		}
		if at := found.Message; at.Sequence > 0 && (first.Sequence == 0 || at.Sequence < first.Sequence) {
			first = at
		}
	}
	return first, nil
}

// Number returns how many deliveries the durable had made with this one, since
// it was created or reset. Of one reader alone, a number that is missing is a
// message that was lost on the way.
func (d *Delivery) Number() uint64 {
	before := d.tokensBefore()
	if before == 0 {
		return 0
	}
	rest := d.reply
	for range before {
		_, rest, _ = strings.Cut(rest, ".")
	}
	text, _, _ := strings.Cut(rest, ".")
	number, _ := strconv.ParseUint(text, 10, 64)
	return number
}

// tokensBefore returns how many tokens of the reply stand before the number of
// the delivery, 0 when it is not what it should be.
func (d *Delivery) tokensBefore() int {
	const plain, extended = 8, 10 // dots: later servers add domain, account and more
	switch dots := strings.Count(d.reply, "."); {
	case dots >= extended:
		return 8
	case dots == plain:
		return 6
	}
	return 0
}

// AckAgain says once more that the message is done with, and does not wait to
// be heard.
func (d *Delivery) AckAgain() error { return d.bus.nc.Publish(d.reply, []byte("+ACK")) }
