package wxapi

import (
	"errors"
	"fmt"
)

// Error is an answer of WeChat that says no.
type Error struct {
	Op   string // the API's path
	Code int    // errcode
	Msg  string // errmsg, with the rid that Tencent's support asks for
}

// Error names the call, the code and its meaning.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: errcode %d (%s): %s", e.Op, e.Code, Meaning(e.Code), e.Msg)
}

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// Class says what to do about a failed call.
type Class int

// The classes of failures.
const (
	// Permanent: the call fails every time until someone changes something.
	Permanent Class = iota
	// Transient: the same call may succeed later.
	Transient
	// Throttled: the account has called too often; all of its calls should wait.
	Throttled
	// BadToken: the access token is not valid any more.
	BadToken
	// Doubtful: the request was sent and no answer came. It may have worked.
	Doubtful
)

var (
	errTransient = errors.New("WeChat does not answer properly")
	errDoubtful  = errors.New("no answer after the request was sent")
)

// Classify returns the class of an error of this package. A code that is not
// known is permanent: calling again would not help and might do harm.
func Classify(err error) Class {
	var api *Error
	switch {
	case errors.As(err, &api):
		return codes[api.Code].class
	case errors.Is(err, errDoubtful):
		return Doubtful
	default:
		return Transient
	}
}

// CodeOf returns the errcode of an error, 0 when it has none.
func CodeOf(err error) int {
	if api, ok := errors.AsType[*Error](err); ok {
		return api.Code
	}
	return 0
}

// Meaning returns what an errcode means, in a few words.
func Meaning(code int) string {
	if known, ok := codes[code]; ok {
		return known.meaning
	}
	return "unknown code"
}
