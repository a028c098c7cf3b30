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

// trimBlanks drops blanks at the start of text. It is bytes.TrimLeft without
// the set of characters that has to be made at every call.
func trimBlanks(text []byte) []byte {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	return text
}

// trimStart drops a byte order mark and blanks.
func trimStart(push []byte) []byte {
	return trimBlanks(bytes.TrimPrefix(push, []byte("\xef\xbb\xbf")))
}
