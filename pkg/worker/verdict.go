package worker

import (
	"errors"
	"fmt"
	"time"
)

// DropError is the verdict of [Drop].
type DropError struct {
	Reason string // short, without secrets: it stands in the dead letter
	Cause  error  // details, may be nil
}

// Error returns the reason and the cause.
func (e *DropError) Error() string {
	if e.Cause == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *DropError) Unwrap() error { return e.Cause }

// Drop gives a message up for good: it becomes a dead letter with this reason
// and is not tried again. The cause may be nil; it is kept as detail.
func Drop(reason string, cause error) error { return &DropError{Reason: reason, Cause: cause} }

// RetryError is the verdict of [RetryAfter].
type RetryError struct {
	After time.Duration
	Cause error
}

// Error names the delay and the cause.
func (e *RetryError) Error() string {
	return fmt.Sprintf("again in %s: %v", e.After.Round(time.Millisecond), e.Cause)
}

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Cause }

// RetryAfter asks for another try after a delay, because of cause. It counts as
// an attempt.
func RetryAfter(after time.Duration, cause error) error {
	return &RetryError{After: after, Cause: cause}
}

// SnoozeError is the verdict of [Snooze].
type SnoozeError struct{ After time.Duration }

// Error names the delay.
func (e *SnoozeError) Error() string {
	return fmt.Sprintf("snoozed for %s", e.After.Round(time.Millisecond))
}

// Snooze has the message come again after a delay without counting as an
// attempt, as often as the handler wants: for what is not due yet, and is no
// failure. Only its age ends that: it then becomes a dead letter, reason
// expired. With order its user waits, and the message comes earlier when its
// partition moves to another replica meanwhile; without, as many as 1,024
// messages of a worker may wait for another try, and while so many do, it gets
// nothing new.
func Snooze(after time.Duration) error { return &SnoozeError{After: after} }

// errNext is the verdict of [Next].
var errNext = errors.New("left to the next handler")

// Next leaves the message to the next handler of the [Mux] that it is for; when
// there is none, it is done. Replies beside it are sent before those of the next
// one, and all of them once the last handler has returned: when that one fails,
// all are called again.
func Next() error { return errNext }

// PanicError is what became of a panic in a handler.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the value of the panic.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// dropped returns the reason and the details of a verdict that gives up.
func dropped(err error) (reason, detail string, ok bool) {
	var drop *DropError
	if !errors.As(err, &drop) {
		return "", "", false
	}
	if drop.Cause != nil {
		detail = drop.Cause.Error()
	}
	return drop.Reason, detail, true
}

// verdictName is what a trace says of a verdict.
func verdictName(err error) string {
	_, _, drop := dropped(err)
	_, snoozed := errors.AsType[*SnoozeError](err)
	switch {
	case err == nil:
		return "done"
	case drop:
		return "drop"
	case snoozed:
		return "snooze"
	}
	return "retry"
}
