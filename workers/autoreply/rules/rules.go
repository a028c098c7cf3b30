// Package rules answers messages by rules that are written in a YAML file: when
// this comes, reply that. It knows no network and no queue; who calls
// [Rules.Answer] sends what it returns. example.yaml shows and explains all
// that a file can say.
package rules

import (
	"context"
	_ "embed"
	"fmt"
	"os"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Rules are the rules of one file, in its order; the first that matches
// answers. They do not change once they are read and are safe for concurrent
// use. The zero Rules answer nothing.
type Rules struct {
	rules []rule
}

// rule is what a file says between two hyphens.
type rule struct {
	line   int
	name   string
	when   []condition // one of them must hold; none stands for any message
	parts  []part
	groups int // how many groups its regexps capture at most
}

// Load reads and checks the rules in a file. It returns the error of
// [os.ReadFile], or every fault as [Parse] does, each with the path before it.
func Load(path string) (*Rules, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return parse(data, path+": ")
}

// Parse checks and returns the rules that data, a YAML file, holds. The error
// joins every fault of the file, each on a line of its own that begins with
// "line 12: ". What is not YAML at all is one fault, for YAML ends there.
func Parse(data []byte) (*Rules, error) { return parse(data, "") }

func parse(data []byte, prefix string) (*Rules, error) {
	r := reader{}
	rules := r.file(data)
	if err := r.faults.err(prefix); err != nil {
		return nil, err
	}
	return rules, nil
}

//go:embed example.yaml
var example []byte

// Example returns the shipped example, which answers when somebody just tries
// wxbus: say 你好 or 帮助 to it.
func Example() *Rules {
	rules, err := Parse(example)
	if err != nil {
		panic("rules: example.yaml: " + err.Error()) // a test reads it before
	}
	return rules
}

// Kinds returns the kinds of message that some rule can match, to subscribe to.
// They do not overlap: [wechat.AnyEvent] and [wechat.AnyKind] stand without the
// kinds they cover. AnyKind is there for a rule that names neither type nor
// event, although such a rule answers no event.
func (r *Rules) Kinds() []wechat.Kind {
	var kinds []wechat.Kind
	for _, rule := range r.rules {
		for _, condition := range rule.when {
			for _, kind := range condition.subscribed() {
				kinds = addKind(kinds, kind)
			}
		}
	}
	return kinds
}

// addKind adds a kind that no other covers, in place of those that it covers.
func addKind(kinds []wechat.Kind, kind wechat.Kind) []wechat.Kind {
	kept := make([]wechat.Kind, 0, len(kinds)+1)
	for _, other := range kinds {
		if other.Covers(kind) {
			return kinds
		}
		if !kind.Covers(other) {
			kept = append(kept, other)
		}
	}
	return append(kept, kind)
}

// Answer returns what the first matching rule replies to m, in order, or nil
// when none matches. A part that holds nothing for this m is left out, such as
// a picture $MediaId for a message without one: WeChat refuses it. The error is
// always nil; Answer never blocks and does not look at ctx.
func (r *Rules) Answer(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
	if rule, groups := r.match(m); rule != nil {
		return rule.reply(expansion{message: m, groups: groups, known: rule.groups}), nil
	}
	return nil, nil
}

// match returns the first rule that m matches, and what its regexp captured.
func (r *Rules) match(m *wechat.Message) (*rule, []string) {
	for i := range r.rules {
		for j := range r.rules[i].when {
			if groups, ok := r.rules[i].when[j].match(m); ok {
				return &r.rules[i], groups
			}
		}
	}
	return nil, nil
}

func (r *rule) reply(x expansion) wechat.Replies {
	var replies wechat.Replies
	for _, part := range r.parts {
		if reply, ok := part(x); ok {
			replies = append(replies, reply)
		}
	}
	return replies
}
