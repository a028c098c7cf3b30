package wechat

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const (
	cdataStart = "<![CDATA["
	cdataEnd   = "]]>"
)

// section reads a CDATA section. Users type anything: a ]]> ends a section only
// where its element can go on, and a section that contains the start of another
// ends at the ]]> before its element's own end tag.
func (s *scanner) section() error {
	if len(s.open) == 0 {
		return s.fail("text outside the root element")
	}
	body := s.data[s.pos+len(cdataStart):]
	end := bytes.Index(body, []byte(cdataEnd))
	if end < 0 {
		return s.fail("unfinished CDATA section")
	}
	nested, rest := bytes.Contains(body[:end], []byte(cdataStart)), body[end+len(cdataEnd):]
	switch {
	case !nested && bytes.HasPrefix(trimBlanks(rest), []byte(cdataStart)):
		// One text in two sections.
	case s.late && len(s.open) == 2 && string(s.part(s.current().name)) == "Content":
		last := s.lastEnd(body, end)
		s.late, s.moved, end = false, last > end, last
	case nested || !s.goesOn(rest):
		end = s.ownEnd(body, end)
	}
	end = typedEnd(body, end)
	s.pos += len(cdataStart)
	s.add(s.pos, s.pos+end, true)
	s.pos += end + len(cdataEnd)
	return nil
}

// goesOn reports whether the next markup in rest is one that the current
// element may hold beside a section: its own end tag or another section.
func (s *scanner) goesOn(rest []byte) bool {
	markup := max(bytes.IndexByte(rest, '<'), 0)
	return bytes.HasPrefix(rest[markup:], []byte(cdataStart)) || s.ends(rest[markup:])
}

// ends reports whether rest begins with blanks and the end tag of the current
// element.
func (s *scanner) ends(rest []byte) bool {
	tag, ok := bytes.CutPrefix(trimBlanks(rest), []byte("</"))
	return ok && closes(tag, s.part(s.current().name))
}

// ownEnd returns where the ]]> stands that is followed by blanks and the end
// tag of the current element, or the first ]]> when none near it is. It looks
// at a bounded number of them: a message made of sections must not cost more
// than its length.
func (s *scanner) ownEnd(body []byte, first int) int {
	end := first
	for range 100 {
		if s.ends(body[end+len(cdataEnd):]) {
			return end
		}
		next := bytes.Index(body[end+len(cdataEnd):], []byte(cdataEnd))
		if next < 0 {
			break
		}
		end += len(cdataEnd) + next
	}
	return first
}

// lastEnd is ownEnd, but returns the last such ]]> of the push.
func (s *scanner) lastEnd(body []byte, first int) int {
	end := bytes.LastIndex(body, []byte(cdataEnd))
	for end > first && !s.ends(body[end+len(cdataEnd):]) {
		end = bytes.LastIndex(body[:end], []byte(cdataEnd))
	}
	return end
}

func closes(tag, name []byte) bool {
	rest, ok := bytes.CutPrefix(tag, name)
	return ok && bytes.HasPrefix(trimBlanks(rest), []byte(">"))
}

// typedEnd moves the end of a section over every ]]> that a user typed: one
// that is followed by text, not by markup, and then by another ]]>.
func typedEnd(body []byte, end int) int {
	text := body[end+len(cdataEnd):]
	if markup := bytes.IndexByte(text, '<'); markup >= 0 {
		text = text[:markup]
	}
	if last := bytes.LastIndex(text, []byte(cdataEnd)); last >= 0 {
		end += len(cdataEnd) + last
	}
	return end
}

// characters reads text up to the next tag.
func (s *scanner) characters() error {
	text := s.data[s.pos:]
	if i := bytes.IndexByte(text, '<'); i >= 0 {
		text = text[:i]
	}
	if len(s.open) == 0 {
		if len(bytes.TrimSpace(text)) > 0 {
			return s.fail("text outside the root element")
		}
	} else if !bytes.Contains(text, []byte("&")) {
		s.add(s.pos, s.pos+len(text), false)
	} else if plain, ok := unescape(text); ok {
		s.addCopy(s.current(), plain, false)
	} else {
		return s.fail("unknown entity")
	}
	s.pos += len(text)
	return nil
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "apos": "'", "quot": `"`}

// unescape replaces the five predefined entities and character references. A &
// that starts no entity is text; any other entity is refused.
func unescape(text []byte) ([]byte, bool) {
	plain := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(plain, text...), true
		}
		plain, text = append(plain, text[:i]...), text[i:]
		name, isEntity := entityName(text)
		if !isEntity {
			plain, text = append(plain, '&'), text[1:]
			continue
		}
		value, ok := entityValue(name)
		if !ok {
			return nil, false
		}
		plain, text = append(plain, value...), text[len(name)+2:]
	}
}

// entityName returns what stands between & and ;.
func entityName(text []byte) (string, bool) {
	for i := 1; i < len(text); i++ {
		b := text[i]
		switch {
		case b == ';':
			return string(text[1:i]), i > 1
		case b >= utf8.RuneSelf, b == '#', b == '_', b == '-', b == '.', b == ':',
			'0' <= b && b <= '9', 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z':
		default:
			return "", false
		}
	}
	return "", false
}

func entityValue(name string) (string, bool) {
	if name[0] != '#' {
		value, ok := entities[name]
		return value, ok
	}
	digits, base := name[1:], 10
	if len(digits) > 0 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return "", false
	}
	return string(rune(n)), true
}
