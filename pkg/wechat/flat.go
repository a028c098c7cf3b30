package wechat

import "bytes"

// maxFlat is how many elements a push may have to be read without a tree.
const maxFlat = 16

// flat reads a push whose root has leaves only, each of another name: a text,
// an image, a click. It makes JSON of it while it reads. Whatever it does not
// know it leaves to the scanner, which reads all that there is: this is nothing
// but the short way to the same.
type flat struct {
	data  []byte
	pos   int
	names [maxFlat][]byte
	count int
	texts [fields][]byte // of the routing fields
}

// decodeFlat reports whether it has read the push.
func (m *Message) decodeFlat(push, body []byte) bool {
	f := flat{data: push}
	root := f.startTag()
	if root == nil {
		return false
	}
	body = append(body, '{')
	for !f.ends(root) {
		var ok bool
		if body, ok = f.member(body); !ok {
			return false
		}
	}
	if f.pos < len(push) {
		return false
	}
	body = append(body, '}')
	m.Body = body
	m.routeTexts(&f.texts)
	return true
}

// startTag reads blanks and <name>. It returns nil for anything else.
func (f *flat) startTag() []byte {
	start := skipBlanks(f.data, f.pos) + 1
	if start >= len(f.data) || f.data[start-1] != '<' || f.data[start] == '!' || f.data[start] == '?' {
		return nil
	}
	at := start
	for at < len(f.data) && !nameEnds[f.data[at]] {
		at++
	}
	if at == start || at == len(f.data) || f.data[at] != '>' {
		return nil
	}
	f.pos = at + 1
	return f.data[start:at]
}

// ends reads the end of the root, and blanks up to the end of the push.
func (f *flat) ends(root []byte) bool {
	at := skipBlanks(f.data, f.pos)
	if !isEndTag(f.data[at:], root) {
		return false
	}
	f.pos = skipBlanks(f.data, at+len("</>")+len(root))
	return true
}

// member reads one element and appends it to body.
func (f *flat) member(body []byte) ([]byte, bool) {
	name := f.startTag()
	if name == nil || !f.isNew(name) {
		return body, false
	}
	part, cdata, after, ok := leafText(f.data, f.pos, name, true)
	if !ok {
		return body, false
	}
	f.pos = after
	text := f.data[part.from:part.to]
	if !cdata {
		text = trimBlanks(text)
		for len(text) > 0 && isBlank(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	return f.append(body, name, text), true
}

// isNew notes a name and reports whether it is one that makes no array.
func (f *flat) isNew(name []byte) bool {
	if f.count == maxFlat || string(name) == "item" {
		return false
	}
	for _, known := range f.names[:f.count] {
		if bytes.Equal(known, name) {
			return false
		}
	}
	f.names[f.count] = name
	f.count++
	return true
}

func (f *flat) append(body, name, text []byte) []byte {
	body = appendKey(body, name)
	id := fieldOf(name)
	f.texts[id] = text
	if id == createTime {
		return appendNumber(body, string(text))
	}
	return appendString(body, text)
}
