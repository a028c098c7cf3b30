package wechat

import (
	"bytes"
	"fmt"
)

const blanks = " \t\r\n"

func malformed(what string, at int) error {
	return fmt.Errorf("%w: %s at byte %d", ErrMalformed, what, at)
}

func isBlank(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// trimStart drops a byte order mark and blanks.
func trimStart(push []byte) []byte {
	push = bytes.TrimPrefix(push, []byte("\xef\xbb\xbf"))
	return bytes.TrimLeft(push, blanks)
}
