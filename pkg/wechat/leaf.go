package wechat

import "bytes"

// leaf reads the rest of the element that has just begun when nothing in it
// asks for a closer look: text without an entity, or one CDATA section, and
// then its end tag. Nearly all that WeChat sends is of this kind, so this is
// where the time goes; without it all would read the same.
func (s *scanner) leaf() bool {
	e, rest := s.current(), s.data[s.pos:]
	if section, ok := bytes.CutPrefix(rest, []byte(cdataStart)); ok {
		return s.sectionLeaf(e, section)
	}
	end := bytes.IndexByte(rest, '<')
	if end < 0 || !isEndTag(rest[end:], e.name) || bytes.IndexByte(rest[:end], '&') >= 0 {
		return false
	}
	e.add(rest[:end], false)
	e.trim()
	s.pos += end + len("</>") + len(e.name)
	return true
}

func (s *scanner) sectionLeaf(e *element, rest []byte) bool {
	end := bytes.Index(rest, []byte(cdataEnd))
	if end < 0 || bytes.IndexByte(rest[:end], '<') >= 0 {
		return false
	}
	tag := rest[end+len(cdataEnd):]
	if !isEndTag(tag, e.name) || s.isLate(e) && bytes.Contains(tag[1:], []byte("</Content")) {
		return false
	}
	e.add(rest[:end], true)
	s.pos += len(cdataStart) + end + len(cdataEnd) + len("</>") + len(e.name)
	return true
}

// isLate reports whether the element is the Content that shall end as late as
// it can.
func (s *scanner) isLate(e *element) bool {
	return s.late && len(s.open) == 2 && string(e.name) == "Content"
}

// isEndTag reports whether rest begins with the end tag of a name, without blanks.
func isEndTag(rest, name []byte) bool {
	return len(rest) >= len("</>")+len(name) && rest[0] == '<' && rest[1] == '/' &&
		string(rest[2:2+len(name)]) == string(name) && rest[2+len(name)] == '>'
}
