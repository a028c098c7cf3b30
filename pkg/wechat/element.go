package wechat

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// element is a node of the tree that scanXML builds. The children of a node
// are a list; those of one name are a second list within it, so that repeated
// elements can be written as one array.
type element struct {
	name   []byte
	text   []byte
	fixed  int   // text[:fixed] ends with a CDATA section: its blanks are kept
	owned  bool  // text is a copy and may be appended to
	first  int32 // first child, 0 for none: the root is nobody's child
	last   int32
	next   int32 // next child of the same parent
	again  int32 // next sibling of the same name
	kids   int32 // number of children
	field  field // of the root's children
	repeat bool  // an earlier sibling has the name
}

// add appends text to an element. Blanks at its start are dropped unless they
// stand in a CDATA section.
func (e *element) add(text []byte, cdata bool) {
	if !cdata && len(e.text) == 0 {
		text = trimBlanks(text)
	}
	switch {
	case len(text) == 0:
	case len(e.text) == 0:
		e.text = text
	case !e.owned:
		e.text, e.owned = append(bytes.Clone(e.text), text...), true
	default:
		e.text = append(e.text, text...)
	}
	if cdata {
		e.fixed = len(e.text)
	}
}

// trim drops blanks at the end of an element's text that stand outside CDATA.
func (e *element) trim() {
	for len(e.text) > e.fixed && isBlank(e.text[len(e.text)-1]) {
		e.text = e.text[:len(e.text)-1]
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
	s, err := scanXML(push)
	if err != nil {
		return err
	}
	defer s.release()
	m.routeXML(s.nodes)
	m.Body = appendRoot(slices.Grow(body, len(push)), s.nodes)
	return nil
}

// routeXML takes the routing fields, whose texts share one allocation.
func (m *Message) routeXML(nodes []element) {
	size := 0
	for id := nodes[0].first; id != 0; id = nodes[id].next {
		if nodes[id].routes() {
			size += len(nodes[id].text)
		}
	}
	var texts strings.Builder
	texts.Grow(size)
	for id := nodes[0].first; id != 0; id = nodes[id].next {
		if e := &nodes[id]; e.routes() && utf8.Valid(e.text) {
			texts.Write(e.text)
			m.route(e.field, texts.String()[texts.Len()-len(e.text):])
		} else if e.routes() {
			m.route(e.field, validText(e.text))
		}
	}
}

// routes reports whether the element is a routing field with a text.
func (e *element) routes() bool { return e.field != other && !e.repeat && e.first == 0 }

// eachXML calls yield for the texts of the root's children called name, until
// it returns false.
func eachXML(push []byte, name string, yield func(text []byte) bool) {
	s, err := scanXML(push)
	if err != nil {
		return
	}
	defer s.release()
	for id := s.nodes[0].first; id != 0; id = s.nodes[id].next {
		if e := &s.nodes[id]; string(e.name) == name && !yield(e.text) {
			return
		}
	}
}

// appendRoot writes the tree as one JSON object.
func appendRoot(dst []byte, nodes []element) []byte {
	dst = append(dst, '{')
	for id := nodes[0].first; id != 0; id = nodes[id].next {
		e := &nodes[id]
		if e.repeat {
			continue
		}
		dst = appendKey(dst, e.name)
		switch {
		case e.field == createTime && e.first == 0:
			dst = appendNumber(dst, e.text)
		case e.field != other:
			dst = appendElement(dst, nodes, id)
		default:
			dst = appendMember(dst, nodes, id)
		}
	}
	return append(dst, '}')
}

// appendMember writes an element and those that repeat its name: an array when
// there are several, or when it is called item.
func appendMember(dst []byte, nodes []element, id int32) []byte {
	if nodes[id].again == 0 && string(nodes[id].name) != "item" {
		return appendElement(dst, nodes, id)
	}
	for open := byte('['); id != 0; id = nodes[id].again {
		dst = append(dst, open)
		dst = appendElement(dst, nodes, id)
		open = ','
	}
	return append(dst, ']')
}

// appendElement writes one element: its text, or an object of its children.
// Text beside children is kept under "#text".
func appendElement(dst []byte, nodes []element, id int32) []byte {
	e := &nodes[id]
	if e.first == 0 {
		return appendString(dst, e.text)
	}
	dst = append(dst, '{')
	if len(e.text) > 0 {
		dst = appendString(appendKey(dst, []byte("#text")), e.text)
	}
	for kid := e.first; kid != 0; kid = nodes[kid].next {
		if !nodes[kid].repeat {
			dst = appendMember(appendKey(dst, nodes[kid].name), nodes, kid)
		}
	}
	return append(dst, '}')
}

// appendNumber writes text as a JSON number when it is an integer, else as it is.
func appendNumber(dst, text []byte) []byte {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return appendString(dst, text)
	}
	return strconv.AppendInt(dst, n, 10)
}
