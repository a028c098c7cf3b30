package wechat

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (m *Message) decodeJSON(push, body []byte) error {
	push = bytes.TrimRight(push, blanks)
	if !json.Valid(push) {
		return malformed("invalid JSON", 0)
	}
	body = append(slices.Grow(body, len(push)), '{')
	var seen [fields]bool
	var texts [fields][]byte
	eachMember(push, func(key, value []byte) bool {
		name := plainText(key)
		f := fieldOf(name)
		if f != other {
			if seen[f] {
				return true
			}
			seen[f] = true
			if value[0] == '"' || isNumber(value) { // anything else counts as absent
				texts[f] = plainText(value)
			}
		}
		body = appendKey(body, name)
		body = appendTyped(body, f, value)
		return true
	})
	body = append(body, '}')
	m.routeTexts(&texts)
	m.Body = body
	return nil
}

// appendTyped writes a value as it came, but CreateTime as a number and MsgId
// as a string.
func appendTyped(dst []byte, f field, value []byte) []byte {
	switch {
	case f == createTime && value[0] == '"':
		return appendNumber(dst, scalarText(value))
	case f == msgID && isNumber(value):
		return appendString(dst, value)
	}
	return appendValue(dst, value)
}

// appendNumber writes text as a JSON number when it is an integer, else as it is.
func appendNumber(dst []byte, text string) []byte {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return appendString(dst, []byte(text))
	}
	return strconv.AppendInt(dst, n, 10)
}

// eachJSON calls yield for the texts of the members called name, until it
// returns false.
func eachJSON(push []byte, name string, yield func(text []byte) bool) {
	push = bytes.TrimRight(push, blanks)
	if !bytes.HasPrefix(push, []byte("{")) || !json.Valid(push) {
		return
	}
	eachMember(push, func(key, value []byte) bool {
		return scalarText(key) != name || yield([]byte(scalarText(value)))
	})
}

// memberJSON returns the value of the first member called name of a valid
// JSON object.
func memberJSON(object []byte, name string) (value []byte, found bool) {
	eachMember(object, func(key, v []byte) bool {
		if scalarText(key) == name {
			value, found = v, true
		}
		return !found
	})
	return value, found
}

// eachMember calls visit for the members of a valid JSON object, in order,
// until it returns false. A value that is not an object has none.
func eachMember(object []byte, visit func(key, value []byte) bool) {
	if len(object) == 0 || object[0] != '{' {
		return
	}
	at := skipBlanks(object, 1)
	for at < len(object) && object[at] == '"' {
		keyEnd := valueEnd(object, at)
		start := skipBlanks(object, skipBlanks(object, keyEnd)+1) // past the colon
		end := valueEnd(object, start)
		if !visit(object[at:keyEnd], object[start:end]) {
			return
		}
		at = skipBlanks(object, skipBlanks(object, end)+1) // past the comma
	}
}

func skipBlanks(data []byte, at int) int {
	for at < len(data) && isBlank(data[at]) {
		at++
	}
	return at
}

// valueEnd returns the position after the JSON value that starts at a position.
func valueEnd(data []byte, at int) int {
	depth := 0
	for at < len(data) {
		switch data[at] {
		case '"':
			at = stringEnd(data, at)
			if depth == 0 {
				return at
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return at
}

func stringEnd(data []byte, at int) int {
	for at++; at < len(data); at++ {
		switch data[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return at
}

func isNumber(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || '0' <= value[0] && value[0] <= '9')
}

// scalarText returns the text of a JSON string or number, "" for anything else.
func scalarText(value []byte) string {
	switch {
	case isNumber(value):
		return string(value)
	case len(value) == 0 || value[0] != '"':
		return ""
	case bytes.IndexByte(value, '\\') < 0:
		return validText(value[1 : len(value)-1])
	}
	var text string
	_ = json.Unmarshal(value, &text) // the value is valid JSON
	return text
}

// plainText is scalarText without a copy, where value holds the text as it is.
func plainText(value []byte) []byte {
	if len(value) > 1 && value[0] == '"' && bytes.IndexByte(value, '\\') < 0 {
		if text := value[1 : len(value)-1]; utf8.Valid(text) {
			return text
		}
	}
	return []byte(scalarText(value))
}

// validText returns text with U+FFFD for every broken byte, as Body has it.
func validText(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	return string([]rune(string(text)))
}

func appendKey(dst, name []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(appendString(dst, name), ':')
}

// appendValue copies a JSON value without the blanks around its parts. The
// escapes of <, > and & become the characters, broken UTF-8 becomes U+FFFD.
func appendValue(dst, value []byte) []byte { return appendCompact(dst, value, appendQuoted) }

// appendCompact copies a JSON value without blanks, its strings by way of quote.
func appendCompact(dst, value []byte, quote func(dst, quoted []byte) []byte) []byte {
	for at := 0; at < len(value); {
		switch b := value[at]; {
		case b == '"':
			end := stringEnd(value, at)
			dst = quote(dst, value[at:end])
			at = end
		case isBlank(b):
			at++
		default:
			dst = append(dst, b)
			at++
		}
	}
	return dst
}

func appendQuoted(dst, quoted []byte) []byte {
	for at := 0; at < len(quoted); {
		if quoted[at] != '\\' {
			r, size := utf8.DecodeRune(quoted[at:])
			dst = utf8.AppendRune(dst, r)
			at += size
			continue
		}
		size := 2
		if quoted[at+1] == 'u' {
			size = 6
		}
		switch escape := quoted[at : at+size]; string(bytes.ToLower(escape)) {
		case `\u003c`:
			dst = append(dst, '<')
		case `\u003e`:
			dst = append(dst, '>')
		case `\u0026`:
			dst = append(dst, '&')
		default:
			dst = append(dst, escape...)
		}
		at += size
	}
	return dst
}

// appendString writes text as a JSON string. Only what JSON demands is
// escaped; broken UTF-8 becomes U+FFFD.
func appendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	plain := plainLen(text)
	dst = append(dst, text[:plain]...)
	if text = text[plain:]; len(text) > 0 {
		dst = appendSpecial(dst, text)
	}
	return append(dst, '"')
}

// plainLen returns how many bytes at the start of text are in no way special,
// looking at eight at a time.
func plainLen(text []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	at := 0
	for ; at+8 <= len(text); at += 8 {
		word := binary.LittleEndian.Uint64(text[at:])
		control, quote, slash := word-ones*' ', word^ones*'"'-ones, word^ones*'\\'-ones
		if (word|control|quote|slash)&high != 0 {
			break
		}
	}
	for at < len(text) && !special[text[at]] {
		at++
	}
	return at
}

func appendSpecial(dst, text []byte) []byte {
	if !utf8.Valid(text) {
		text = []byte(validText(text))
	}
	done := 0
	for at, b := range text {
		if b < utf8.RuneSelf && special[b] {
			dst = appendEscape(append(dst, text[done:at]...), b)
			done = at + 1
		}
	}
	return append(dst, text[done:]...)
}

// special are the bytes that a JSON string does not take as they are, and those
// that may be broken UTF-8.
var special = func() (set [256]bool) {
	for b := range set {
		set[b] = b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\'
	}
	return set
}()

func appendEscape(dst []byte, b byte) []byte {
	const hex = "0123456789abcdef"
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
}

// AppendRaw appends a valid JSON value with all its text as raw UTF-8, as
// WeChat's API wants it: no \uXXXX escapes, not even those of control
// characters, which are left out.
func AppendRaw(dst, value []byte) []byte {
	return appendCompact(dst, value, func(dst, quoted []byte) []byte {
		return appendString(dst, []byte(strings.Map(visible, scalarText(quoted))))
	})
}

// visible drops the control characters that JSON can only write as \uXXXX.
func visible(r rune) rune {
	if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
		return -1
	}
	return r
}
