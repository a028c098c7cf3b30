package wechat_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

const blanks = " \t\r\n"

// routingFields stay single values: their first occurrence counts.
var routingFields = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "InfoType", "MsgId"}

// node is an element as encoding/xml gives it.
type node struct {
	name    string
	kids    []*node
	text    string
	fixed   int  // text[:fixed] ends with a section
	section bool // a section has been read
	strange bool // markup stands behind a section
}

// document is what encoding/xml reads of a push.
type document struct {
	root       *node
	open       []*node
	elements   int
	depth      int
	contents   int  // elements called Content
	sections   int  // CDATA sections
	directives bool // <!DOCTYPE and the like
	outside    bool // something beside the root, or a second root
	push       []byte
}

// readXML reads a push with encoding/xml and reports whether it is well-formed.
func readXML(push []byte) (*document, bool) {
	push = bytes.TrimPrefix(push, []byte("\ufeff"))
	doc := &document{push: push}
	decoder := xml.NewDecoder(bytes.NewReader(push))
	for {
		start := decoder.InputOffset()
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return doc, doc.root != nil && len(doc.open) == 0
		}
		if err != nil || !doc.take(token, push[start:decoder.InputOffset()]) {
			return nil, false
		}
	}
}

// take adds a token and reports whether it may stand where it does.
func (d *document) take(token xml.Token, raw []byte) bool {
	switch token := token.(type) {
	case xml.StartElement:
		d.start(fullName(token.Name))
	case xml.EndElement:
		if len(d.open) == 0 || d.current().name != fullName(token.Name) {
			return false
		}
		d.current().trim()
		d.open = d.open[:len(d.open)-1]
	case xml.CharData:
		d.text(string(token), bytes.HasPrefix(raw, []byte("<![CDATA[")), raw)
	case xml.Directive:
		d.directives = true
		d.markup()
	case xml.Comment, xml.ProcInst:
		d.markup()
	}
	return true
}

// markup notes that something other than text or an end tag comes.
func (d *document) markup() {
	if len(d.open) > 0 {
		d.current().strange = d.current().strange || d.current().section
	}
}

func fullName(name xml.Name) string {
	if name.Space != "" {
		return name.Space + ":" + name.Local
	}
	return name.Local
}

func (d *document) current() *node { return d.open[len(d.open)-1] }

func (d *document) start(name string) {
	n := &node{name: name}
	d.markup()
	switch {
	case len(d.open) > 0:
		d.current().kids = append(d.current().kids, n)
	case d.root == nil:
		d.root = n
	default:
		d.outside = true
	}
	d.open = append(d.open, n)
	d.elements++
	d.depth = max(d.depth, len(d.open))
	if name == "Content" {
		d.contents++
	}
}

// text adds text without the blanks that stand before it outside sections.
func (d *document) text(text string, section bool, raw []byte) {
	if len(d.open) == 0 {
		d.outside = d.outside || strings.Trim(string(raw), blanks) != ""
		return
	}
	n := d.current()
	if !section && n.text == "" {
		text = strings.TrimLeft(text, blanks)
	}
	n.text += text
	if section {
		d.sections++
		n.strange = n.strange || n.section && n.name == "Content"
		n.section, n.fixed = true, len(n.text)
	}
}

func (n *node) trim() { n.text = n.text[:n.fixed] + strings.TrimRight(n.text[n.fixed:], blanks) }

// plain reports whether a document holds nothing that we read as a user typed
// it, which is not as XML has it: a section that holds the start of another or
// stands before markup, an end of a section that ends none, a second Content.
func (d *document) plain() bool {
	starts, ends := bytes.Count(d.push, []byte("<![CDATA[")), bytes.Count(d.push, []byte("]]>"))
	return starts == d.sections && ends == d.sections && d.contents <= 1 && !d.outside && !d.root.anyStrange()
}

func (n *node) anyStrange() bool { return n.strange || slices.ContainsFunc(n.kids, (*node).anyStrange) }

// refused reports whether a well-formed document is no push.
func (d *document) refused() bool {
	kinds := slices.ContainsFunc([]string{"MsgType", "InfoType"}, func(name string) bool {
		first := slices.IndexFunc(d.root.kids, func(n *node) bool { return n.name == name })
		return first >= 0 && len(d.root.kids[first].kids) == 0
	})
	return d.directives || !kinds || d.depth > 64 || d.elements > 20_000
}

// mayBeForged reports whether a field is repeated under the root, which may
// make another look like one that a user typed.
func (d *document) mayBeForged() bool {
	seen := map[string]bool{}
	return slices.ContainsFunc(d.root.kids, func(n *node) bool {
		repeated := seen[n.name]
		seen[n.name] = true
		return repeated
	})
}

// body writes the document as Body shall be.
func (d *document) body() string {
	var members []string
	for i, n := range d.root.kids {
		name := `"` + n.name + `":`
		switch number, err := strconv.ParseInt(n.text, 10, 64); {
		case slices.ContainsFunc(d.root.kids[:i], n.namesake):
		case n.name == "CreateTime" && len(n.kids) == 0 && err == nil:
			members = append(members, name+strconv.FormatInt(number, 10))
		case slices.Contains(routingFields, n.name):
			members = append(members, name+n.json())
		default:
			members = append(members, name+all(d.root.kids[i:], n))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (n *node) namesake(other *node) bool { return other.name == n.name }

// all writes n and those that repeat its name.
func all(kids []*node, n *node) string {
	var values []string
	for _, kid := range kids {
		if kid.name == n.name {
			values = append(values, kid.json())
		}
	}
	if len(values) == 1 && n.name != "item" {
		return values[0]
	}
	return "[" + strings.Join(values, ",") + "]"
}

var quoted = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func (n *node) json() string {
	text := `"` + quoted.Replace(n.text) + `"`
	if len(n.kids) == 0 {
		return text
	}
	var members []string
	if n.text != "" {
		members = append(members, `"#text":`+text)
	}
	for i, kid := range n.kids {
		if !slices.ContainsFunc(n.kids[:i], kid.namesake) {
			members = append(members, `"`+kid.name+`":`+all(n.kids[i:], kid))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
