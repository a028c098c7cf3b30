package delivery

import (
	"context"
	"fmt"

	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

// waits reports whether a reply must wait behind others to its user that are
// held.
func (j *job) waits() bool {
	return !hold.Released(j.d) && j.held.Waits(j.name, j.reply.toUser)
}

// hold puts a reply aside until its user does something.
func (j *job) hold(ctx context.Context) error {
	j.isHeld = true
	return j.held.Hold(ctx, j.d, j.reply.toUser)
}

// allow takes the parts that are not sent yet off the user's allowance, and
// returns the part before which there is no more room. What was taken at an
// earlier attempt is not taken again.
func (j *job) allow(ctx context.Context) (end int, err error) {
	if err := j.mergeIfTight(); err != nil {
		return 0, err
	}
	paid := max(j.done.Spent, j.done.Sent)
	if wants := len(j.reply.parts) - paid; wants > 0 {
		id := fmt.Sprintf("%s:%d", j.done.key, paid)
		granted, err := j.quota.Take(ctx, j.name, j.reply.toUser, id, wants)
		if err != nil {
			return 0, err
		}
		paid += granted
	}
	j.done.Spent = paid
	return min(paid, len(j.reply.parts)), nil
}

// mergeIfTight joins the texts of a reply that says so, when there is not room
// for all of them. What was joined once stays so.
func (j *job) mergeIfTight() error {
	if j.reply.overflow == mergeTexts && j.done.Sent == 0 && j.done.Spent == 0 {
		left := j.quota.Left(j.name, j.reply.toUser)
		j.done.Merged = left.Known && left.Remaining < len(j.reply.parts)
	}
	if !j.done.Merged {
		return nil
	}
	err := j.reply.merge()
	j.done.parts = len(j.reply.parts)
	return err
}

// overflows deals with the parts that there was no room for.
func (j *job) overflows(ctx context.Context) error {
	if j.reply.overflow != dropRest {
		return j.hold(ctx)
	}
	return worker.Drop("quota", fmt.Errorf("%d of %d messages sent; the user's allowance has no room for more",
		j.done.Sent, j.done.parts))
}
