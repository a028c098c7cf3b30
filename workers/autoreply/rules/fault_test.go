package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

func TestParseNamesEveryFaultWithItsLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		want string
	}{
		{"empty file", "", "line 1: no rules: the file begins with rules: and a list of them"},
		{"comment only", "# rules\n", "line 1: no rules: the file begins with rules: and a list of them"},
		{"no rules", "rules: []", "line 1: no rules: the file begins with rules: and a list of them"},
		{"rules empty", "\nrules:\n", "line 2: rules is empty; a text that begins with # needs quotes"},
		{"list at the top", "- reply: a", "line 1: a list where keys are expected, as in \"key: value\""},
		{"unknown key at the top", "rules: [{reply: a}]\nrule: []", `line 2: unknown key "rule": known here are rules, timezone`},
		{"unknown key in rule", "rules:\n- reply: a\n  then: b", `line 3: unknown key "then": known here are name, when, reply, choose, cooldown`},
		{
			"unknown key in when", "rules:\n- when:\n    typ: text\n  reply: a",
			`line 3: unknown key "typ": known here are type, event, key, equal, contains, regexp, menu, time, day, account`,
		},
		{
			"unknown key in news", "rules:\n- reply:\n    news:\n      title: a\n      url: https://a\n      pic: b",
			`line 6: unknown key "pic": known here are title, description, url, picurl`,
		},
		{"merge key", "rules:\n- reply: a\n  <<: {name: b}", `line 3: unknown key "<<": known here are name, when, reply, choose, cooldown`},
		{"not UTF-8", "rules:\n- reply: \xc4\xe3", "line 2: not UTF-8: save the file in the encoding UTF-8"},
		{"not YAML", "rules:\n- reply: a\n  when: {", "line 3: not YAML: could not find flow mapping end token '}'"},
		{"tab", "rules:\n\t- reply: a", "line 2: not YAML: found character '\t' that cannot start any token"},
		{"key twice", "rules:\n- reply: a\n  reply: b", `line 3: not YAML: mapping key "reply" already defined at [2:3]`},
		{"bad escape", "rules:\n- when: {regexp: \"\\d\"}\n  reply: a", "line 2: not YAML: found unknown escape character 'd'"},
		{
			"two documents", "rules: [{reply: a}]\n---\nrules: [{reply: b}]",
			"line 3: second document: a file of rules has one, remove the line ---",
		},
		{"line after Windows line ends", "rules:\r\n# a\r\n# b\r\n- name: c\r\n", "line 4: rule without reply"},

		{"empty rule", "rules:\n- reply: a\n  when: {equal: b}\n-\n- {}", "line 4: empty rule: it needs a reply\nline 5: empty rule: it needs a reply"},
		{"text as rule", "rules:\n- a", "line 2: a text where keys are expected, as in \"key: value\"\nline 2: rule without reply"},
		{"no reply", "rules:\n- name: a\n  when: {type: text}", "line 2: rule without reply"},
		{"empty reply", "rules:\n- name: a\n  reply:", "line 3: reply is empty; a text that begins with # needs quotes"},
		{"comment for a text", "rules:\n- reply: #1", "line 2: reply is empty; a text that begins with # needs quotes"},
		{"empty list of replies", "rules:\n- reply: []", "line 2: empty list"},
		{"list as name", "rules:\n- name: [a]\n  reply: b", "line 2: a list where a text is expected; a text with : or { or [ needs quotes"},
		{
			"alias", "rules:\n- name: &a b\n  reply: *a",
			"line 2: an anchor, alias or tag where a text is expected; a text with : or { or [ needs quotes\n" +
				"line 3: an anchor, alias or tag where keys are expected, as in \"key: value\"",
		},

		{"bad time", "rules:\n- when: {time: ['9:00-18:00', '9-18']}\n  reply: a", `line 2: time: "9-18" is not like 9:00-18:00`},
		{"time of no length", "rules:\n- when: {time: '9:00-9:00'}\n  reply: a", `line 2: time: "9:00-9:00" is not like 9:00-18:00`},
		{"bad day", "rules:\n- when: {day: [mon, funday]}\n  reply: a", `line 2: day: "funday" is none of mon, tue, wed, thu, fri, sat, sun, weekday, weekend, 周一 to 周日, 工作日, 周末`},
		{"bad zone", "timezone: Peking\nrules: [{reply: a}]", `line 1: timezone: "Peking" is not like Asia/Shanghai`},
		{"bad choice", "rules:\n- reply: [a, b]\n  choose: some", `line 3: choose: "some" is neither all nor random`},
		{"bad cool-down", "rules:\n- reply: a\n  cooldown: 5", `line 3: cooldown: "5" is not a time of 1s to 48h0m0s, such as 10m or 1h30m`},

		{"bad regexp", "rules:\n- when:\n    regexp:\n    - a\n    - b(\n  reply: a", "line 5: regexp: missing closing ): `b(`"},
		{"empty regexp", "rules:\n- when: {regexp: ''}\n  reply: a", "line 2: empty text"},
		{"empty equal", "rules:\n- when: {equal: [a, ' ']}\n  reply: a", "line 2: empty text"},
		{"empty contains", "rules:\n- when: {contains: []}\n  reply: a", "line 2: empty list"},
		{"empty regexps", "rules:\n- when: {regexp: []}\n  reply: a", "line 2: empty list"},
		{"empty type", "rules:\n- when: {type: }\n  reply: a", "line 2: type is empty; a text that begins with # needs quotes"},
		{"empty when", "rules:\n- when:\n  reply: a", "line 2: when is empty; a text that begins with # needs quotes"},
		{"empty list of conditions", "rules:\n- when: []\n  reply: a", "line 2: empty list"},
		{"text as when", "rules:\n- when: text\n  reply: a", "line 2: a text where keys are expected, as in \"key: value\""},
		{"event as type", "rules:\n- when: {type: Subscribe}\n  reply: a", "line 2: type: Subscribe is an event: write event: Subscribe"},
		{"user has left", "rules:\n- when: {event: unsubscribe}\n  reply: a", "line 2: event: unsubscribe cannot be answered: the user has left"},
		{
			"two ways to match", "rules:\n- when: {equal: a, contains: b}\n  reply: a",
			"line 2: equal and contains in one condition: choose one, or write when as a list of conditions",
		},
		{"text and event", "rules:\n- when: {event: CLICK, equal: a}\n  reply: a", "line 2: equal asks for a text message, event for an event: nothing is both"},
		{"text of an image", "rules:\n- when: {type: image, menu: a}\n  reply: a", "line 2: menu asks for a text message, type: image for another"},
		{"key of a text", "rules:\n- when: {type: text, key: a}\n  reply: a", "line 2: key asks for an event, type: text for another message"},

		{"unknown kind of reply", "rules:\n- reply:\n  - sticker: a", `line 3: unknown key "sticker": known here are text, image, voice, news, menu`},
		{"two kinds in one part", "rules:\n- reply:\n  - text: a\n    image: b", "line 3: text and image in one part: each begins with a hyphen of its own"},
		{"empty part", "rules:\n- reply: [a, {}]", "line 2: empty part of a reply"},
		{"blank text", "rules:\n- reply: [{text: ' '}]", "line 2: empty text"},
		{"empty image", "rules:\n- reply:\n  - image:", "line 3: image is empty; a text that begins with # needs quotes"},
		{"news without url", "rules:\n- reply:\n  - news: {title: a}", "line 3: news without url"},
		{"news without anything", "rules:\n- reply: [{news: {}}]", "line 2: news without title\nline 2: news without url"},
		{
			"news with half an address", "rules:\n- reply: [{news: {title: a, url: www.example.com}}]",
			`line 2: address "www.example.com" does not begin with https:// or http://`,
		},
		{"menu without items", "rules:\n- reply:\n  - menu: {head: a}", "line 3: menu without items"},
		{"menu with empty items", "rules:\n- reply: [{menu: {items: {}}}]", "line 2: menu without items"},
		{"menu with a list", "rules:\n- reply:\n    menu:\n      items:\n      - {a: b}", "line 5: items are written as id: text, without hyphens"},
		{"menu with an empty item", "rules:\n- reply:\n    menu:\n      items:\n        a:", "line 5: a is empty; a text that begins with # needs quotes"},
		{"too many parts", "rules:\n- reply: [a, b, c, d, e, f]", "line 2: reply has 6 parts: WeChat takes at most 5 here"},
		{
			"too many parts after a follow", "rules:\n- when: [{equal: a}, {event: subscribe}]\n  reply: [a, b, c, d]",
			"line 2: reply has 4 parts: WeChat takes at most 3 here",
		},

		{
			"never reached", "rules:\n- name: all\n  when: {type: text}\n  reply: a\n- when: {equal: b}\n  reply: c",
			"line 5: this rule is never reached: the rule at line 2 (all) takes all its messages; move it up",
		},
		{
			"never reached by two", "rules:\n- reply: a\n- when: {type: event}\n  reply: a\n- when: [{equal: b}, {key: d}]\n  reply: c",
			"line 5: this rule is never reached: the rule at line 3 takes all its messages; move it up",
		},
		{
			"several faults", "rules:\n- name: a\n- when: {regexp: '('}\n  reply: [{foo: a}]\n- reply: a\n  bar: b",
			"line 2: rule without reply\n" +
				"line 3: regexp: missing closing ): `(`\n" +
				"line 4: unknown key \"foo\": known here are text, image, voice, news, menu\n" +
				"line 6: unknown key \"bar\": known here are name, when, reply, choose, cooldown",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := rules.Parse([]byte(tt.file))
			if err == nil || got != nil {
				t.Fatalf("Parse() = %v, %v, want %s", got, err, tt.want)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Partly covered rules are fine: something is left for each.
func TestParseAcceptsRulesThatAreReached(t *testing.T) {
	for _, file := range []string{
		"rules: [{when: {type: text, account: a}, reply: a}, {when: {type: text}, reply: b}]",
		"rules: [{when: {type: text}, reply: a}, {when: {type: [text, image]}, reply: b}]",
		"rules: [{when: {type: text}, reply: a}, {reply: b}]",
		"rules: [{reply: a}, {when: {event: CLICK}, reply: b}]",
		"rules: [{when: {event: CLICK}, reply: a}, {when: {key: a}, reply: b}]",
		"---\nrules: [{reply: a}]\n",
		"rules: {reply: a}",
	} {
		parse(t, file)
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("rules: [{when: {type: text, equal: [a]}, reply: [{menu: {items: {a: b}}}]}]")
	f.Add("rules:\n- when: [{regexp: '('}]\n  reply:\n  - news: {}\n")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := rules.Parse([]byte(file))
		if err == nil {
			answer(t, r, text(t, "a"))
			return
		}
		if r != nil || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("Parse() = %v, %v", r, err)
		}
	})
}
