// Package rules answers messages by rules that are written in a YAML file: when
// this comes, reply that. Who calls [Rules.Answer] sends what it returns;
// [Run] does so as a worker, and reads the file again when it changes. example.yaml shows and explains all
// that a file can say.
package rules

import (
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"os"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Rules are the rules of one file, in its order; the first that matches
// answers. They do not change once they are read and are safe for concurrent
// use. The zero Rules answer nothing.
type Rules struct {
	rules  []rule
	zone   *time.Location // of times in conditions; nil for the default
	memory Memory         // of cool-downs; nil for one of its own
}

// rule is what a file says between two hyphens.
type rule struct {
	line   int
	name   string
	when   []condition // one of them must hold; none stands for any message
	parts  []part
	groups int // how many groups its regexps capture at most

	random   bool          // one of parts is the answer
	cooldown time.Duration // for so long a user does not get it again
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
	rules.memory = new(local)
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

// Len returns how many rules there are.
func (r *Rules) Len() int { return len(r.rules) }

// Answer returns what the first matching rule replies to m, in order, or nil
// when none matches. A part that holds nothing for this m is left out, such as
// a picture $MediaId for a message without one: WeChat refuses it. A rule whose
// cool-down lasts for the user does not match. The error is that of the memory
// of cool-downs; without one Answer never blocks.
func (r *Rules) Answer(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
	at := r.timeOf(m)
	for i := range r.rules {
		rule := &r.rules[i]
		groups, ok := rule.match(m, at)
		if ok && rule.cooldown > 0 {
			var err error
			if ok, err = r.memory.Take(ctx, rule.cooldownKey(m), m.ID, rule.cooldown); err != nil {
				return nil, fmt.Errorf("cool-down of the rule at line %d: %w", rule.line, err)
			}
		}
		if ok {
			return rule.reply(expansion{message: m, at: at, groups: groups, known: rule.groups}), nil
		}
	}
	return nil, nil
}

// timeOf is when a message was sent, where its rules are at home.
func (r *Rules) timeOf(m *wechat.Message) time.Time {
	at, known := m.Time()
	if !known {
		at = time.Now()
	}
	if r.zone == nil {
		zone, _ := time.LoadLocation(defaultZone) // is in the program
		return at.In(zone)
	}
	return at.In(r.zone)
}

// match reports whether one of the conditions holds, and what its regexp
// captured.
func (r *rule) match(m *wechat.Message, at time.Time) (groups []string, ok bool) {
	for i := range r.when {
		if groups, ok = r.when[i].match(m, at); ok {
			return groups, true
		}
	}
	return nil, false
}

// chosen are the parts that answer a message: all, or one of them. It is the
// same one when the message is handled again.
func (r *rule) chosen(m *wechat.Message) []part {
	if !r.random {
		return r.parts
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(m.ID + m.FromUserName + m.MsgId))
	at := int(hash.Sum32() % uint32(len(r.parts))) //nolint:gosec // a few
	return r.parts[at : at+1]
}

func (r *rule) reply(x expansion) wechat.Replies {
	var replies wechat.Replies
	for _, part := range r.chosen(x.message) {
		if reply, ok := part(x); ok {
			replies = append(replies, reply)
		}
	}
	return replies
}
