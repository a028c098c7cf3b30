package rules

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader reads the nodes of a file. It goes on after a fault: who writes rules
// wants to hear of all faults at once.
type reader struct {
	faults faults
}

// document returns the root of a YAML file, nil when there is none.
func (r *reader) document(data []byte) ast.Node {
	if at := firstInvalid(data); at >= 0 {
		r.faults.add(1+bytes.Count(data[:at], []byte("\n")), "not UTF-8: save the file in the encoding UTF-8")
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // the parser counts some lines twice
	file, err := parser.ParseBytes(data, 0)
	switch {
	case err != nil:
		r.syntax(err)
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		r.fault(file.Docs[1].Body, "second document: a file of rules has one, remove the line ---")
	case len(file.Docs) > 0:
		return file.Docs[0].Body
	}
	return nil
}

func firstInvalid(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// syntax takes the line out of an error of the parser, which quotes the file.
func (r *reader) syntax(err error) {
	var fault yaml.Error
	if errors.As(err, &fault) && fault.GetToken() != nil {
		r.faults.add(fault.GetToken().Position.Line, "not YAML: %s", fault.GetMessage())
		return
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	r.faults.add(1, "not YAML: %s", reason)
}

func (r *reader) fault(node ast.Node, format string, args ...any) {
	r.faults.add(line(node), format, args...)
}

func line(node ast.Node) int { return node.GetToken().Position.Line }

// field is a key that may stand in a mapping, and who reads its value.
type field struct {
	name string
	read func(value ast.Node)
}

// mapping reads a mapping with the given keys and no others. It returns the
// keys that are there, filled or not.
func (r *reader) mapping(node ast.Node, fields ...field) []string {
	var found []string
	for _, pair := range r.pairs(node) {
		name := pair.Key.GetToken().Value
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if at < 0 {
			r.fault(pair.Key, "unknown key %q: known here are %s", name, names(fields))
			continue
		}
		found = append(found, name)
		if r.filled(name, pair.Value) {
			fields[at].read(pair.Value)
		}
	}
	return found
}

// pairs returns the entries of a mapping; anything else is a fault.
func (r *reader) pairs(node ast.Node) []*ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	r.fault(node, "%s where keys are expected, as in \"key: value\"", what(node))
	return nil
}

// filled reports whether a value is there; one that is not is a fault.
func (r *reader) filled(name string, value ast.Node) bool {
	if _, empty := value.(*ast.NullNode); empty {
		r.fault(value, "%s is empty; a text that begins with # needs quotes", name)
		return false
	}
	return true
}

// list returns the entries of a list, or the node itself when it is none.
func list(node ast.Node) []ast.Node {
	if sequence, ok := node.(*ast.SequenceNode); ok {
		return sequence.Values
	}
	return []ast.Node{node}
}

// text returns a text without the blanks around it. Numbers and the like count
// as the text that they are written as. An empty one is a fault.
func (r *reader) text(node ast.Node) string {
	text, ok := scalar(node)
	if !ok {
		r.fault(node, "%s where a text is expected; a text with : or { or [ needs quotes", what(node))
		return ""
	}
	if text = strings.TrimSpace(text); text == "" {
		r.fault(node, "empty text")
	}
	return text
}

// texts returns a text, or a list of them.
func (r *reader) texts(node ast.Node) []string {
	var texts []string
	for _, entry := range list(node) {
		texts = append(texts, r.text(entry))
	}
	if len(texts) == 0 {
		r.fault(node, "empty list")
	}
	return texts
}

func scalar(node ast.Node) (text string, ok bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true // as written: 007 stays 007
	}
	return "", false
}

// what names a node to someone who writes YAML and has not read its standard.
func what(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "an anchor, alias or tag"
	}
	return "a text"
}

func names(fields []field) string {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.name
	}
	return strings.Join(known, ", ")
}
