package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// Collector is the durable of what the server says of messages that it delivers
// no more: see [bus.Durable.MaxDeliver]. The sender and all workers with
// WORKER_COLLECT share it, so that a message that ends every process of its worker
// is buried by another's. Most come to an end before that: a worker in Go that is
// given a message too often buries it before it handles it.
func Collector() bus.Durable {
	return bus.Durable{
		Name: "collector", Stream: bus.StreamAdvisory, Filters: []string{">"}, All: true, MaxDeliver: bus.Unlimited,
	}
}

const (
	collectRetry = 5 * time.Second
	reasonUsedUp = "attempts used up"
	// collectGone is for how long a message that an advisory names may be missing
	// because a replica of its stream is behind.
	collectGone = time.Minute
)

// advisory is what the server says of a message that was delivered too often.
type advisory struct {
	Stream     string `json:"stream"`
	Durable    string `json:"consumer"`
	Sequence   uint64 `json:"stream_seq"`
	Deliveries int    `json:"deliveries"`
}

// collector makes dead letters of what advisories name.
type collector struct {
	bus *bus.Bus
	log *slog.Logger
}

// collect starts a collector. The returned func ends it.
func collect(ctx context.Context, b *bus.Bus, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := &collector{bus: b, log: log}
	free, ended := make(chan struct{}, 2), make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.Consume(ctx, Collector(), 1, free, func(d *bus.Delivery) { // its error ends the worker, too
			c.settle(ctx, d)
			free <- struct{}{}
		})
	}()
	return func() { cancel(); <-ended }
}

// settle deals with one advisory. What cannot be done now is done later, by
// whichever process comes first.
func (c *collector) settle(ctx context.Context, d *bus.Delivery) {
	if ctx.Err() != nil {
		_ = d.Retry(0)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := c.bury(ctx, d); err != nil {
		c.log.Warn("dead letter of a message that was delivered too often not stored yet", "advisory", d, "err", err)
		_ = d.Retry(collectRetry) // else it comes again after the AckWait
		return
	}
	if err := confirmed(ctx, d.Ack); err != nil {
		c.log.Debug("advisory not acknowledged; the same letter is stored again, as a duplicate", "advisory", d, "err", err)
	}
}

// bury stores the dead letter under the id that the worker itself would use.
func (c *collector) bury(ctx context.Context, d *bus.Delivery) error {
	var a advisory
	if err := json.Unmarshal(d.Body, &a); err != nil || a.Sequence == 0 {
		c.log.Error("strange advisory", "advisory", d, "err", err)
		return nil
	}
	record, err := c.bus.Record(ctx, a.Stream, a.Sequence)
	if errors.Is(err, bus.ErrNoRecord) && time.Since(d.Stored) > collectGone {
		c.log.Error("message that was delivered too often is gone from its stream", "durable", a.Durable,
			"stream", a.Stream, "sequence", a.Sequence)
		return nil
	}
	if err != nil {
		return err
	}
	message := &bus.Delivery{
		Subject: record.Subject, Header: record.Header, Body: record.Body,
		Stream: a.Stream, Sequence: a.Sequence, Attempt: a.Deliveries, Stored: record.Stored,
	}
	detail := fmt.Sprintf("delivered %d times and never settled: its worker ended or gave it back each time", a.Deliveries)
	if err := storeLetter(ctx, c.bus, message, bus.WorkerOf(a.Durable), reasonUsedUp, detail); err != nil {
		return err
	}
	c.log.Error("given up", "message", message, "durable", a.Durable, "attempt", a.Deliveries, "reason", reasonUsedUp, "detail", detail)
	return nil
}
