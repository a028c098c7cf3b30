package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

// job is a reply on its way: whose it is, what it says, and how far it is.
type job struct {
	*sender
	d       *bus.Delivery
	name    string // of the account
	account *account
	reply   *reply
	done    *progress
	isHeld  bool // it waits for its user
}

// handle sends a reply, part by part, from the first one that was not sent.
func (s *sender) handle(ctx context.Context, d *bus.Delivery) error {
	j := &job{sender: s, d: d}
	err := j.run(ctx)
	if err == nil && !j.isHeld {
		err = j.end(ctx)
	}
	if errors.Is(err, errMalformed) {
		return worker.Drop("malformed", err)
	}
	return err
}

func (j *job) run(ctx context.Context) error {
	if err := j.read(ctx); err != nil {
		return err
	}
	if hold.Expired(j.d) {
		return worker.Drop("expired", errors.New("the user has not written again"))
	}
	if wait := j.account.pacer.Hold(); wait > 0 {
		return worker.RetryAfter(wait, errPaused)
	}
	if err := j.resume(ctx); err != nil {
		return err
	}
	defer j.countAttempts()
	if j.done.Sent < j.done.parts && j.waits() { // one that is sent, and comes again, is done
		return j.hold(ctx)
	}
	return j.send(ctx)
}

// send sends what is not sent yet and what the user's allowance has room for.
func (j *job) send(ctx context.Context) error {
	end, err := j.allow(ctx)
	if err != nil {
		return err
	}
	if err := j.sendUntil(ctx, end); err != nil {
		return err
	}
	if end < len(j.reply.parts) {
		return j.overflows(ctx)
	}
	return nil
}

// sendUntil sends the parts up to one, with a gap between them.
func (j *job) sendUntil(ctx context.Context, end int) error {
	for first := true; j.done.Sent < end; first = false {
		if !first && !wait(ctx, j.gap) {
			return ctx.Err()
		}
		if err := j.sendNext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// end tells that all is sent.
func (j *job) end(ctx context.Context) error {
	if err := j.held.Done(ctx, j.d, j.reply.toUser); err != nil {
		return err
	}
	j.tellSent()
	return nil
}

// countAttempts has the delivery count what was an attempt: one that came to no
// call was none.
func (j *job) countAttempts() {
	if !j.done.off {
		j.d.Attempt = max(1, j.done.Attempts)
	}
}

// read parses a reply and checks that it may be sent as it is addressed.
func (j *job) read(ctx context.Context) error {
	name, partition, err := route.ParseOut(j.d.Subject)
	if err != nil {
		return malformed(err.Error())
	}
	a, known := j.accounts[name]
	if !known {
		return malformed(fmt.Sprintf("account %q is not one of this sender's", name))
	}
	j.name, j.account = name, a
	if j.reply, err = parseReply(j.d.Body); err != nil {
		return err
	}
	partitions, err := j.bus.Partitions(ctx)
	if err != nil {
		return err
	}
	if route.Partition(j.reply.toUser, partitions) != partition {
		return malformed("touser does not belong to the subject that the reply was published to")
	}
	return nil
}

// resume finds out how far the reply has been sent. A part whose call was begun
// by a process that was killed is in doubt.
func (j *job) resume(ctx context.Context) (err error) {
	if j.keeps == LedgerParts && len(j.reply.parts) == 1 {
		j.done = &progress{key: ledgerKey(j.d), parts: 1, off: true, entry: entry{Attempts: j.d.Attempt - 1}}
		return nil
	}
	if j.done, err = j.ledger.open(ctx, j.d); err != nil {
		return err
	}
	if j.done.parts = len(j.reply.parts); !j.done.Sending {
		return nil
	}
	j.countDoubt()
	if j.inDoubt == Skip {
		return j.ledger.pass(ctx, j.done)
	}
	return nil
}

// sendNext makes one call and notes it in the ledger.
func (j *job) sendNext(ctx context.Context) error {
	message, err := j.resolve(ctx, j.reply.parts[j.done.Sent])
	if err != nil {
		return err
	}
	if err := j.turn(ctx); err != nil {
		return err
	}
	if err := j.call(ctx, message); err != nil && !j.passes(err) {
		return j.refused(ctx, message, err)
	}
	err = j.ledger.pass(ctx, j.done)
	if err != nil && j.done.Sent == j.done.parts { // all is sent: its acknowledgement may still be heard
		j.host.Log.Warn("ledger not written", "message", j.d, "err", err)
		return nil
	}
	return err
}

// turn waits until the account may be called, and notes that the call begins.
func (j *job) turn(ctx context.Context) error {
	wait, err := j.account.pacer.Wait(ctx)
	if err != nil {
		return err
	}
	if wait > 0 {
		return worker.RetryAfter(wait, errPaused)
	}
	if err := j.ledger.begin(ctx, j.done); err != nil {
		j.account.pacer.Report(ctx, context.Canceled, 1)
		return err
	}
	return nil
}

func (j *job) call(ctx context.Context, message part) error {
	started := time.Now()
	err := j.account.api.Send(ctx, message.body())
	observe(j.name, err, time.Since(started))
	j.account.pacer.Report(context.WithoutCancel(ctx), err, j.done.Attempts)
	return err
}

var errPaused = errors.New("the account pauses")
