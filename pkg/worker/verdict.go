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
