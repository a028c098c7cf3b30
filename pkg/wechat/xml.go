package wechat

import (
	"bytes"
	"sync"
)

// Bounds of one push. WeChat's deepest has six levels, its longest some
// thousand elements; what goes beyond is not WeChat's.
const (
	maxDepth    = 64
	maxElements = 20_000
	maxPush     = 1 << 30 // bytes
)

// scanner reads XML as WeChat and its users write it, which is more than
// encoding/xml accepts: control characters, broken UTF-8 and CDATA inside
// CDATA are text. It refuses a DOCTYPE and unknown entities.
type scanner struct {
	data   []byte
	pos    int
	nodes  []element                  // the tree; its root is the first
	copies [][]byte                   // texts that stand in the push in several parts
	open   []int32                    // the path from the root to the current element
	names  map[int32]map[string]int32 // last child by name, of elements with many
	late   bool                       // Content shall end as late as it can
	moved  bool                       // that was later than its first ]]>
}

// scanners are used again: a push is small, its tree is not.
var scanners = sync.Pool{New: func() any { return new(scanner) }}

// scanXML reads push into the nodes of a scanner, which is to be released.
// What a user types may read as markup, also as fields of WeChat's: Content is
// one text up to its last end, unless the push does not read so. A push in
// which a routing field is typed all the same is refused.
func scanXML(push []byte) (*scanner, error) {
	if len(push) > maxPush {
		return nil, malformed("too long", maxPush)
	}
	s := scanners.Get().(*scanner)
	s.reset(push, true)
	err := s.scan()
	if err != nil && s.moved {
		s.reset(push, false)
		err = s.scan()
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *scanner) reset(push []byte, late bool) {
	*s = scanner{data: push, late: late, nodes: s.nodes[:0], open: s.open[:0]}
}

// release gives the scanner and its nodes to the next push. A large one is
// left to the collector.
func (s *scanner) release() {
	const usual = 256
	if cap(s.nodes) > usual {
		return
	}
	s.reset(nil, false)
	scanners.Put(s)
}

func (s *scanner) scan() error {
	for s.pos < len(s.data) {
		if err := s.step(); err != nil {
			return err
		}
	}
	if len(s.nodes) == 0 || len(s.open) > 0 {
		return s.fail("unexpected end")
	}
	if forged(s.nodes) {
		return s.fail("a field inside a text")
	}
	return nil
}

func (s *scanner) fail(what string) error { return malformed(what, s.pos) }

// step reads one tag, comment, section or run of text.
func (s *scanner) step() error {
	rest := s.data[s.pos:]
	switch {
	case rest[0] != '<':
		return s.characters()
	case len(rest) == 1:
		return s.fail("unexpected end")
	case rest[1] == '/':
		return s.endTag()
	case rest[1] == '?':
		return s.skip("<?", "?>")
	case rest[1] != '!':
		return s.startTag()
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.skip("<!--", "-->")
	case bytes.HasPrefix(rest, []byte(cdataStart)):
		return s.section()
	}
	return s.fail("DOCTYPE or other declaration")
}

func (s *scanner) skip(from, to string) error {
	i := bytes.Index(s.data[s.pos+len(from):], []byte(to))
	if i < 0 {
		return s.fail("unexpected end")
	}
	s.pos += len(from) + i + len(to)
	return nil
}

// startTag reads <name attributes> or <name/>. Attributes are skipped: WeChat
// sends none.
func (s *scanner) startTag() error {
	name := s.readName(s.pos + 1)
	if name.from == name.to {
		return s.fail("no name after <")
	}
	end, ok := s.tagEnd(int(name.to))
	if !ok {
		return s.fail("unexpected end")
	}
	if err := s.push(name); err != nil {
		return err
	}
	s.pos = end + 1
	if s.data[end-1] == '/' || s.leaf() {
		s.open = s.open[:len(s.open)-1]
	}
	return nil
}

func (s *scanner) endTag() error {
	name := s.readName(s.pos + 2)
	at := skipBlanks(s.data, int(name.to))
	if at == len(s.data) || s.data[at] != '>' {
		return s.fail("unfinished end tag")
	}
	if len(s.open) == 0 || !bytes.Equal(s.part(name), s.part(s.current().name)) {
		return s.fail("end tag without its start")
	}
	s.trim(s.current())
	s.open = s.open[:len(s.open)-1]
	s.pos = at + 1
	return nil
}

// nameEnds are the bytes that end a name, those that none may hold among them.
var nameEnds = func() (set [256]bool) {
	for _, b := range []byte(blanks + "/><\"'=&") {
		set[b] = true
	}
	return set
}()

// readName reads the name at a position. One that does not end as names do is
// empty.
func (s *scanner) readName(start int) span {
	at := start
	for at < len(s.data) && !nameEnds[s.data[at]] {
		at++
	}
	if at == len(s.data) {
		return spanOf(at, at)
	}
	switch s.data[at] {
	case '<', '"', '\'', '=', '&':
		return spanOf(at, at)
	}
	return spanOf(start, at)
}

// tagEnd returns the position of the > that ends a tag, past quoted values.
func (s *scanner) tagEnd(at int) (int, bool) {
	for quote := byte(0); at < len(s.data); at++ {
		b := s.data[at]
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>':
			return at, true
		case b == '<':
			return 0, false
		}
	}
	return 0, false
}

func (s *scanner) current() *element { return &s.nodes[s.open[len(s.open)-1]] }

// push opens an element under the current one.
func (s *scanner) push(name span) error {
	if len(s.open) == 0 && len(s.nodes) > 0 {
		return s.fail("second root element")
	}
	if len(s.open) >= maxDepth {
		return s.fail("nested too deep")
	}
	if len(s.nodes) >= maxElements {
		return s.fail("too many elements")
	}
	id := int32(len(s.nodes)) //nolint:gosec // bounded by maxElements
	s.nodes = append(s.nodes, element{name: name})
	if len(s.open) == 1 {
		s.nodes[id].field = fieldOf(s.part(name))
	}
	if len(s.open) > 0 {
		s.adopt(s.open[len(s.open)-1], id)
	}
	s.open = append(s.open, id)
	return nil
}

// adopt makes child the last child of parent and links it to the one before
// it that has the same name.
func (s *scanner) adopt(parent, child int32) {
	p := &s.nodes[parent]
	if before := s.named(parent, s.name(child)); before != 0 {
		s.nodes[before].again = child
		s.nodes[child].repeat = true
	}
	if p.first == 0 {
		p.first = child
	} else {
		s.nodes[p.last].next = child
	}
	p.last = child
	s.remember(parent, child)
}

// named returns the last child of parent with a name, or 0.
func (s *scanner) named(parent int32, name []byte) int32 {
	if s.nodes[parent].kids >= many {
		return s.names[parent][string(name)]
	}
	found := int32(0)
	for id := s.nodes[parent].first; id != 0; id = s.nodes[id].next {
		if bytes.Equal(s.name(id), name) {
			found = id
		}
	}
	return found
}

// many is how many children an element has when they get an index, so that ten
// thousand of them do not cost ten thousand looks each.
const many = 32

// remember counts the children of an element and keeps the index of those that
// have many.
func (s *scanner) remember(parent, child int32) {
	p := &s.nodes[parent]
	if p.kids++; p.kids < many {
		return
	}
	if p.kids > many {
		s.names[parent][string(s.name(child))] = child
		return
	}
	if s.names == nil {
		s.names = make(map[int32]map[string]int32)
	}
	known := make(map[string]int32, 2*many)
	for id := p.first; id != 0; id = s.nodes[id].next {
		known[string(s.name(id))] = id
	}
	s.names[parent] = known
}
