package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// turn is a message of an ordered worker at the head of its lane. It is tried
// until it is settled; those behind it wait.
type turn struct {
	*partition

	d      *bus.Delivery
	key    string
	counts bool // as fetched ahead

	failed   int    // attempts that came to an end, or of which that is not known
	noted    bool   // the ledger has them
	revision uint64 // of the note, 0 for none
	last     error  // the final verdict, of which a dead letter could not be stored
}

// what became of a try.
type outcome int

const (
	settled outcome = iota // acknowledged, or a dead letter
	retried                // to be tried again
	kept                   // not dealt with: whoever has the partition next will
)

// run ends when the message is settled or the partition is given up.
func (t *turn) run() {
	result := retried
	if !t.look() {
		result = kept
	}
	for result == retried {
		result = t.try()
	}
	switch result {
	case settled:
		t.strike()
	default:
		t.hands.count(t.d, "given back", 0)
		t.noteEnded()
	}
	t.leave(t, result == settled)
}

// try handles the message once, and waits when that was in vain.
func (t *turn) try() outcome {
	end, ok := t.begin()
	if !ok {
		return kept
	}
	took, judged, verdict := t.once()
	end()
	result, delay := kept, time.Duration(0)
	if judged {
		result, delay = t.settle(verdict, took)
	}
	<-t.room
	if result == retried && !sleep(t.stopping, delay) {
		return kept
	}
	return result
}

// begin waits for a slot, which is free again for another user while this message
// is settled. No more than twice as many messages are between the two: they may
// come again when the server cannot hear of them. A message that was begun
// several times without an end may be what ends the process: of those, one is
// handled at a time, so that the others do not seem to be it.
func (t *turn) begin() (end func(), ok bool) {
	alone := t.noted && t.failed >= suspicious
	if !enter(t.room, t.stopping) {
		return nil, false
	}
	if alone && !enter(t.alone, t.stopping) {
		<-t.room
		return nil, false
	}
	if !enter(t.slots, t.stopping) {
		<-t.room
		if alone {
			<-t.alone
		}
		return nil, false
	}
	return func() {
		<-t.slots
		if alone {
			<-t.alone
		}
	}, true
}

func enter(room chan struct{}, stopping context.Context) bool {
	select {
	case room <- struct{}{}:
	case <-stopping.Done():
		return false
	}
	if stopping.Err() != nil { // both were so
		<-room
		return false
	}
	return true
}

// once has the message handled, and reports whether its verdict counts.
func (t *turn) once() (took time.Duration, judged bool, verdict error) {
	if !t.term.held() {
		return 0, false, nil
	}
	began := t.failed
	if err := t.noteBegun(); err != nil {
		return 0, true, &unnotedError{err}
	}
	t.d.Attempt = began + 1
	started := time.Now()
	verdict = t.handle(began)
	// When the replica is fenced, another one may have the message by now: its
	// verdict counts.
	return time.Since(started), t.term.held(), verdict
}

// unnotedError is the verdict on a message whose attempt could not be noted: it
// was not begun.
type unnotedError struct{ error }

// handle returns the verdict on the message.
func (t *turn) handle(began int) error {
	if t.last != nil {
		return t.last
	}
	if t.w.Park && t.follows(t.d, t.key) {
		return Drop("parked", errors.New("a message before it was given up"))
	}
	if t.noted && began >= t.w.Settings.Attempts {
		t.d.Attempt = began // this is none
		return &usedUpError{fmt.Errorf("begun %d times without an end", began)}
	}
	if err := t.hands.tooOften(t.d); err != nil {
		return err
	}
	attempts.WithLabelValues(t.name).Inc()
	return t.hands.handle(t.d)
}

// usedUpError is the verdict on a message that is not to be tried any more.
type usedUpError struct{ error }

// settle is [Worker.settle] for a message that is not given back to be tried
// again: it keeps its place.
func (t *turn) settle(verdict error, took time.Duration) (outcome, time.Duration) {
	var retry *RetryError
	var snooze *SnoozeError
	var used *usedUpError // also of a verdict that is there already
	var unnoted *unnotedError
	reason, detail, drop := dropped(verdict)
	switch {
	case errors.As(verdict, &unnoted):
		t.w.Log.Warn("attempt not noted; tried again", "message", t.d, "err", verdict)
		return retried, again
	case verdict == nil:
		t.acknowledge(took)
		return settled, 0
	case drop:
		return t.bury(reason, detail, verdict)
	case t.stopping.Err() != nil && t.hands.handling.Err() != nil:
		return kept, 0
	case errors.As(verdict, &snooze):
		return t.snooze(snooze.After)
	case errors.As(verdict, &used):
		return t.giveUp(verdict)
	case !t.hands.mayRetry(t.d):
		return t.giveUp(verdict)
	case errors.As(verdict, &retry):
		return t.later(retry.After, verdict)
	}
	return t.later(t.w.Settings.delay(t.d.Attempt), verdict)
}

// acknowledge returns when the server has heard it: until then the message must
// not be forgotten.
func (t *turn) acknowledge(took time.Duration) {
	t.hands.count(t.d, "done", took)
	if !t.acked() {
		t.w.Log.Warn("acknowledgement not confirmed; the message may come again", "message", t.d)
		return
	}
	t.w.logHandled(t.d, took)
}

// acked says Ack until it is heard, the replica is fenced, or it must end.
func (t *turn) acked() bool {
	for t.term.held() {
		heard := make(chan error, 1)
		t.d.Acked(func(err error) { heard <- err })
		select {
		case err := <-heard:
			if err == nil {
				return true
			}
		case <-t.term.ctx.Done():
			return false
		}
		if t.stopping.Err() != nil {
			return false
		}
	}
	return false
}

// say says a final word until it is heard, the replica is fenced, or it must end.
func (t *turn) say(word func(context.Context) error) bool {
	for t.term.held() {
		ctx, cancel := context.WithTimeout(t.term.ctx, settleTimeout)
		err := confirmed(ctx, word)
		if cancel(); err == nil {
			return true
		}
		if t.stopping.Err() != nil {
			return false
		}
	}
	return false
}

// later has the message tried again, before it is too old for it.
func (t *turn) later(delay time.Duration, verdict error) (outcome, time.Duration) {
	t.failed++
	delay = t.hands.inTime(t.d, delay)
	t.hands.count(t.d, "retry", 0)
	t.w.Log.Warn("tried again later; its user waits", "subject", t.d.Subject, "id", t.d.Get(route.HeaderMsgID),
		"attempt", t.d.Attempt, "in", delay.Round(time.Millisecond), "err", verdict)
	t.hands.logStack(verdict)
	return retried, delay
}

// snooze has the message tried again without counting that. A note that it was
// begun is taken back.
func (t *turn) snooze(delay time.Duration) (outcome, time.Duration) {
	if t.noted {
		if err := t.note(t.failed); err != nil {
			t.w.Log.Debug("snooze counts as an attempt if the replica dies", "message", t.d, "err", err)
		}
	}
	delay = t.hands.inTime(t.d, delay)
	t.hands.snoozed(t.d, delay)
	return retried, delay
}

// giveUp buries a message whose attempts are used up. With Park, those of the
// same user follow it.
func (t *turn) giveUp(verdict error) (outcome, time.Duration) {
	if t.w.Park {
		if err := t.park(t.term.ctx, t.key); err != nil {
			t.last = &usedUpError{verdict}
			return t.later(t.w.Settings.delay(t.d.Attempt), fmt.Errorf("park the user: %w", err))
		}
	}
	return t.bury(usedUp, verdict.Error(), verdict)
}

// bury is [Worker.bury] for a message that keeps its place when its dead letter
// cannot be stored.
func (t *turn) bury(reason, detail string, verdict error) (outcome, time.Duration) {
	ctx, cancel := context.WithTimeout(t.term.ctx, settleTimeout)
	defer cancel()
	if err := t.w.writeLetter(ctx, t.d, t.name, reason, detail); err != nil {
		t.last = verdict
		return t.later(t.w.Settings.delay(t.d.Attempt), err)
	}
	t.hands.count(t.d, "dead", 0)
	t.w.gaveUp(ctx, t.d, reason, detail, verdict)
	if !t.say(func(ctx context.Context) error { return t.d.Term(ctx, reason) }) {
		t.w.Log.Warn("verdict not confirmed; the message may come again", "message", t.d)
	}
	return settled, 0
}
