package rules

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// reply reads one part, or a list of them. Parts with a fault are nil.
func (r *reader) reply(node ast.Node) []part {
	var parts []part
	for _, entry := range list(node) {
		parts = append(parts, r.part(entry))
	}
	if len(parts) == 0 {
		r.fault(node, "empty list")
	}
	return parts
}

// part reads one message; a bare text is one.
func (r *reader) part(node ast.Node) (got part) {
	if _, isText := scalar(node); isText {
		return textPart(r.text(node))
	}
	if empty(node) {
		r.fault(node, "empty part of a reply")
		return nil
	}
	found := r.mapping(node,
		field{"text", func(node ast.Node) { got = textPart(r.text(node)) }},
		field{"image", func(node ast.Node) { got = mediaPart(r.text(node), wechat.ImageReply) }},
		field{"voice", func(node ast.Node) { got = mediaPart(r.text(node), wechat.VoiceReply) }},
		field{"news", func(node ast.Node) { got = r.news(node) }},
		field{"menu", func(node ast.Node) { got = r.menu(node) }},
	)
	if len(found) > 1 {
		r.fault(node, "%s in one part: each begins with a hyphen of its own", strings.Join(found, " and "))
	}
	return got
}

func (r *reader) news(node ast.Node) part {
	var article wechat.Article
	found := r.mapping(node,
		field{"title", func(node ast.Node) { article.Title = r.text(node) }},
		field{"description", func(node ast.Node) { article.Description = r.text(node) }},
		field{"url", func(node ast.Node) { article.URL = r.url(node) }},
		field{"picurl", func(node ast.Node) { article.PicURL = r.url(node) }},
	)
	r.require(node, "news", found, "title", "url")
	return newsPart(article)
}

// url reads an address; one that is filled in from a message is not checked.
func (r *reader) url(node ast.Node) string {
	url := r.text(node)
	start := lower(url)
	if url != "" && !strings.HasPrefix(start, "http://") && !strings.HasPrefix(start, "https://") && url[0] != '$' {
		r.fault(node, "address %q does not begin with https:// or http://", url)
	}
	return url
}

func (r *reader) menu(node ast.Node) part {
	var head, tail string
	var items []wechat.MenuItem
	found := r.mapping(node,
		field{"head", func(node ast.Node) { head = r.text(node) }},
		field{"items", func(node ast.Node) { items = r.items(node) }},
		field{"tail", func(node ast.Node) { tail = r.text(node) }},
	)
	r.require(node, "menu", found, "items")
	return menuPart(head, items, tail)
}

// items reads the entries of a menu: their ids, each with its text.
func (r *reader) items(node ast.Node) []wechat.MenuItem {
	if _, isList := node.(*ast.SequenceNode); isList {
		r.fault(node, "items are written as id: text, without hyphens")
		return nil
	}
	if empty(node) {
		r.fault(node, "menu without items")
	}
	var items []wechat.MenuItem
	for _, pair := range r.pairs(node) {
		if id := pair.Key.GetToken().Value; r.filled(id, pair.Value) {
			items = append(items, wechat.MenuItem{ID: id, Content: r.text(pair.Value)})
		}
	}
	return items
}

// require finds keys that must be there and are not.
func (r *reader) require(node ast.Node, what string, found []string, names ...string) {
	for _, name := range names {
		if !slices.Contains(found, name) {
			r.fault(node, "%s without %s", what, name)
		}
	}
}
