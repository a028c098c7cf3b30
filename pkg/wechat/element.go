package wechat

import (
	"bytes"
	"slices"
)

// element is a node of the tree that scanXML builds. The children of a node
// are a list; those of one name are a second list within it, so that repeated
// elements can be written as one array. It holds places in the push instead of
// pointers: the collector need not look at it.
type element struct {
	name   span
	text   span
	fixed  uint32 // how much of the text ends with a CDATA section: its blanks are kept
	copied int32  // 1 and more: where in scanner.copies the text is, for it has several parts
	first  int32  // first child, 0 for none: the root is nobody's child
	last   int32
	next   int32 // next child of the same parent
	again  int32 // next sibling of the same name
	kids   int32 // number of children
	field  field // of the root's children
	repeat bool  // an earlier sibling has the name
}

// span is a part of a push, whose size is below maxPush.
type span struct{ from, to uint32 }

func spanOf(from, to int) span { return span{uint32(from), uint32(to)} } //nolint:gosec // see maxPush

func (s *scanner) name(id int32) []byte { return s.part(s.nodes[id].name) }

func (s *scanner) part(p span) []byte { return s.data[p.from:p.to] }

func (s *scanner) text(e *element) []byte {
	if e.copied > 0 {
		return s.copies[e.copied-1]
	}
	return s.part(e.text)
}

// add appends a part of the push to the current element's text. Blanks at its
// start are dropped unless they stand in a CDATA section.
func (s *scanner) add(from, to int, cdata bool) {
	e := s.current()
	if e.copied == 0 && e.text.from == e.text.to {
		for !cdata && from < to && isBlank(s.data[from]) {
			from++
		}
		e.text = spanOf(from, to)
	} else {
		s.addCopy(e, s.data[from:to], cdata)
	}
	if cdata {
		e.fixed = uint32(len(s.text(e))) //nolint:gosec // see maxPush
	}
}

// addCopy appends to a text that stands in the push in several parts, or not at all.
func (s *scanner) addCopy(e *element, text []byte, cdata bool) {
	if e.copied == 0 {
		s.copies = append(s.copies, bytes.Clone(s.part(e.text)))
		e.copied = int32(len(s.copies)) //nolint:gosec // bounded by maxElements
	}
	whole := &s.copies[e.copied-1]
	if len(*whole) == 0 && !cdata {
		text = trimBlanks(text)
	}
	*whole = append(*whole, text...)
}

// trim drops blanks at the end of an element's text that stand outside CDATA.
func (s *scanner) trim(e *element) {
	text := s.text(e)
	size := len(text)
	for size > int(e.fixed) && isBlank(text[size-1]) {
		size--
	}
	if e.copied > 0 {
		s.copies[e.copied-1] = text[:size]
	} else {
		e.text.to -= uint32(len(text) - size) //nolint:gosec // see maxPush
	}
}

// forged reports whether the first occurrence of a routing field was typed: an
// element that began before it goes on behind it, or the true one still comes.
func forged(nodes []element) bool {
	others, reach := false, int32(0) // reach is the last child whose name came before
	for id := nodes[0].first; id != 0; id = nodes[id].next {
		e := &nodes[id]
		switch {
		case e.repeat:
		case e.field == other:
			others = true
			for again := e.again; again != 0; again = nodes[again].again {
				reach = max(reach, again)
			}
		case id < reach, others && apart(nodes, id):
			return true
		}
	}
	return false
}

// apart reports whether something other than routing fields stands between an
// element and the last one that repeats its name.
func apart(nodes []element, id int32) bool {
	last := id
	for nodes[last].again != 0 {
		last = nodes[last].again
	}
	for ; id != last; id = nodes[id].next {
		if nodes[id].field == other {
			return true
		}
	}
	return false
}

func (m *Message) decodeXML(push, body []byte) error {
	body = slices.Grow(body, len(push))
	if len(push) <= maxPush && m.decodeFlat(push, body) {
		return nil
	}
	s, err := scanXML(push)
	if err != nil {
		return err
	}
	defer s.release()
	texts := s.texts()
	m.routeTexts(&texts)
	m.Body = s.appendRoot(body)
	return nil
}

// texts returns the texts of the routing fields, nil where there is none.
func (s *scanner) texts() (texts [fields][]byte) {
	for id := s.nodes[0].first; id != 0; id = s.nodes[id].next {
		if e := &s.nodes[id]; !e.repeat && e.first == 0 {
			texts[e.field] = s.text(e)
		}
	}
	return texts
}

// eachXML calls yield for the texts of the root's children called name, until
// it returns false.
func eachXML(push []byte, name string, yield func(text []byte) bool) {
	s, err := scanXML(push)
	if err != nil {
		return
	}
	defer s.release()
	for id := s.nodes[0].first; id != 0; id = s.nodes[id].next {
		if string(s.name(id)) == name && !yield(s.text(&s.nodes[id])) {
			return
		}
	}
}

// appendRoot writes the tree as one JSON object.
func (s *scanner) appendRoot(dst []byte) []byte {
	dst = append(dst, '{')
	for id := s.nodes[0].first; id != 0; id = s.nodes[id].next {
		e := &s.nodes[id]
		if e.repeat {
			continue
		}
		dst = appendKey(dst, s.name(id))
		switch {
		case e.field == createTime && e.first == 0:
			dst = appendNumber(dst, string(s.text(e)))
		case e.field != other:
			dst = s.appendElement(dst, id)
		default:
			dst = s.appendMember(dst, id)
		}
	}
	return append(dst, '}')
}

// appendMember writes an element and those that repeat its name: an array when
// there are several, or when it is called item.
func (s *scanner) appendMember(dst []byte, id int32) []byte {
	if s.nodes[id].again == 0 && string(s.name(id)) != "item" {
		return s.appendElement(dst, id)
	}
	for open := byte('['); id != 0; id = s.nodes[id].again {
		dst = append(dst, open)
		dst = s.appendElement(dst, id)
		open = ','
	}
	return append(dst, ']')
}

// appendElement writes one element: its text, or an object of its children.
// Text beside children is kept under "#text".
func (s *scanner) appendElement(dst []byte, id int32) []byte {
	e := &s.nodes[id]
	if e.first == 0 {
		return appendString(dst, s.text(e))
	}
	dst = append(dst, '{')
	if text := s.text(e); len(text) > 0 {
		dst = appendString(appendKey(dst, []byte("#text")), text)
	}
	for kid := e.first; kid != 0; kid = s.nodes[kid].next {
		if !s.nodes[kid].repeat {
			dst = s.appendMember(appendKey(dst, s.name(kid)), kid)
		}
	}
	return append(dst, '}')
}
