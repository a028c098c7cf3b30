package wechat

import "bytes"

// leaf reads the rest of the element that has just begun when nothing in it
// asks for a closer look.
func (s *scanner) leaf() bool {
	name := s.part(s.current().name)
	text, cdata, after, ok := leafText(s.data, s.pos, name, s.late && len(s.open) == 2)
	if !ok {
		return false
	}
	s.add(int(text.from), int(text.to), cdata)
	s.trim(s.current())
	s.pos = after
	return true
}

// leafText reads text without an entity, or one CDATA section, and the end tag
// of name after it, and returns the position after that. Nearly all that
// WeChat sends is of this kind. A late Content ends as late as it can: it is no
// leaf here when another end of it follows.
func leafText(data []byte, at int, name []byte, late bool) (text span, cdata bool, after int, ok bool) {
	rest := data[at:]
	section, cdata := bytes.CutPrefix(rest, []byte(cdataStart))
	if !cdata {
		end := bytes.IndexByte(rest, '<')
		ok = end >= 0 && isEndTag(rest[end:], name) && bytes.IndexByte(rest[:end], '&') < 0
		return spanOf(at, at+max(end, 0)), false, at + end + len("</>") + len(name), ok
	}
	end := bytes.Index(section, []byte(cdataEnd))
	if end < 0 || bytes.IndexByte(section[:end], '<') >= 0 {
		return span{}, true, 0, false
	}
	tag := section[end+len(cdataEnd):]
	at += len(cdataStart)
	ok = isEndTag(tag, name)
	if late && ok && string(name) == "Content" {
		ok = !bytes.Contains(tag[1:], []byte("</Content"))
	}
	return spanOf(at, at+end), true, at + end + len(cdataEnd) + len("</>") + len(name), ok
}

// isEndTag reports whether rest begins with the end tag of a name, without blanks.
func isEndTag(rest, name []byte) bool {
	return len(rest) >= len("</>")+len(name) && rest[0] == '<' && rest[1] == '/' &&
		string(rest[2:2+len(name)]) == string(name) && rest[2+len(name)] == '>'
}
