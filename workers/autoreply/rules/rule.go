package rules

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// file reads all rules. What it returns counts only when there is no fault.
func (r *reader) file(data []byte) *Rules {
	rules := new(Rules)
	root := r.document(data)
	if root != nil {
		r.mapping(root, field{"rules", func(node ast.Node) { rules.rules = r.rules(node) }},
			field{"timezone", func(node ast.Node) { rules.zone = r.zone(node) }})
	}
	if len(r.faults) > 0 {
		return rules
	}
	if len(rules.rules) == 0 {
		r.faults.add(1, "no rules: the file begins with rules: and a list of them")
	}
	r.shadowed(rules.rules)
	return rules
}

func (r *reader) rules(node ast.Node) []rule {
	var rules []rule
	for _, entry := range list(node) {
		rules = append(rules, r.rule(entry))
	}
	return rules
}

func (r *reader) rule(node ast.Node) rule {
	got := rule{line: line(node), when: []condition{{}}}
	if empty(node) {
		r.fault(node, "empty rule: it needs a reply")
		return got
	}
	found := r.mapping(node,
		field{"name", func(node ast.Node) { got.name = r.text(node) }},
		field{"when", func(node ast.Node) { got.when = r.when(node) }},
		field{"reply", func(node ast.Node) { got.parts = r.reply(node) }},
		field{"choose", func(node ast.Node) { got.random = r.choose(node) }},
		field{"cooldown", func(node ast.Node) { got.cooldown = r.duration("cooldown", node, leastCooldown, mostCooldown) }},
	)
	if !slices.Contains(found, "reply") {
		r.fault(node, "rule without reply")
	}
	r.weigh(node, &got)
	return got
}

// choose reads which parts of a reply are sent: all, or one at random.
func (r *reader) choose(node ast.Node) (random bool) {
	switch name := r.text(node); lower(name) {
	case "all", "全部":
	case "random", "随机":
		return true
	default:
		r.fault(node, "choose: %q is neither all nor random", name)
	}
	return false
}

// empty reports whether a node is nothing, or {}.
func empty(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.NullNode:
		return true
	case *ast.MappingNode:
		return len(node.Values) == 0
	}
	return false
}

// weigh counts the groups that a rule captures, and its parts: those that
// WeChat does not take would be lost one by one, with errcode 45047.
func (r *reader) weigh(node ast.Node, got *rule) {
	most := answersToMessage
	for _, condition := range got.when {
		most = min(most, condition.answers())
		for _, re := range condition.regexps {
			got.groups = max(got.groups, re.NumSubexp())
		}
	}
	if len(got.parts) > most && !got.random {
		r.fault(node, "reply has %d parts: WeChat takes at most %d here", len(got.parts), most)
	}
}

// shadowed finds rules that no message reaches, for a rule before them takes
// all that they ask for.
func (r *reader) shadowed(rules []rule) {
	var before []*condition
	owner := map[*condition]rule{}
	for i := range rules {
		if by := shadow(before, rules[i].when); by != nil {
			r.faults.add(rules[i].line, "this rule is never reached: the rule at line %d%s takes all its messages; move it up",
				owner[by].line, quoted(owner[by].name))
		}
		for j := range rules[i].when {
			if rules[i].cooldown > 0 {
				break // what it does not answer is left for others
			}
			before = append(before, &rules[i].when[j])
			owner[&rules[i].when[j]] = rules[i]
		}
	}
}

// shadow returns the condition that takes what is asked for, or the last of
// them when it takes several; nil when something is left.
func shadow(before []*condition, when []condition) (by *condition) {
	for i := range when {
		at := slices.IndexFunc(before, func(c *condition) bool { return c.shadows(&when[i]) })
		if at < 0 {
			return nil
		}
		by = before[at]
	}
	return by
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}
