package worker

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// A worker without order knows the attempts of a message by how often it was
// delivered. Deliveries that were no attempts, because the handler asked for
// [Snooze] or because the replica stopped, are excused: their number stands in
// the ledger before the message is let go. It is looked up when a message is
// delivered again, so the first delivery, which is mostly the only one, costs
// nothing. The ledger forgets it when the stream has forgotten the message.
//
// A delivery that was cut short by a kill, or whose note could not be stored
// while the replica stopped, counts; crashAllowance is for those.

// excuseTimeout is how long a replica that stops tries to note a message.
const excuseTimeout = time.Second

func (w *Worker) excusedKey(d *bus.Delivery) string {
	return "excused." + w.Durable.Name + "." + strconv.FormatUint(d.Sequence, 10)
}

func (w *Worker) excused(ctx context.Context, d *bus.Delivery) (n int, revision uint64, err error) {
	value, revision, err := w.bus.Bucket(bus.BucketLedger).Load(ctx, w.excusedKey(d))
	n, _ = strconv.Atoi(string(value)) // none is 0
	return n, revision, err
}

// recall makes the number of the delivery that of the attempt. It reports false
// when the worker was stopped before it was known.
func (w *Worker) recall(d *bus.Delivery) bool {
	if d.Attempt == 1 || w.Forever {
		return true
	}
	for w.stopping.Err() == nil {
		ctx, cancel := context.WithTimeout(w.stopping, confirmTimeout)
		n, _, err := w.excused(ctx, d)
		cancel()
		if err == nil {
			d.Attempt = max(1, d.Attempt-n)
			return true
		}
		w.Log.Debug("attempts not looked up", "message", d, "err", err)
		sleep(w.stopping, confirmPause)
	}
	return false
}

// excuse notes that the delivery was no attempt.
func (w *Worker) excuse(ctx context.Context, d *bus.Delivery) error {
	for {
		n, revision, err := w.excused(ctx, d)
		if err == nil {
			_, err = w.bus.Bucket(bus.BucketLedger).Save(ctx, w.excusedKey(d), []byte(strconv.Itoa(n+1)), revision)
		}
		if !errors.Is(err, bus.ErrConflict) || ctx.Err() != nil { // what was read was no longer so
			return err
		}
	}
}

// excuseStopped notes, for a replica that stops, that a delivery was no attempt.
// Once that was not possible in time it is not tried for others: the end must
// not take longer because NATS is away.
func (w *Worker) excuseStopped(d *bus.Delivery) {
	if w.Forever || w.unnoted.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.handling), excuseTimeout)
	defer cancel()
	if err := w.excuse(ctx, d); err != nil {
		w.unnoted.Store(true)
		w.Log.Warn("what is given back counts as an attempt", "message", d, "err", err)
	}
}
