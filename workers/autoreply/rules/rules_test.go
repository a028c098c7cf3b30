package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

// message makes a message of pairs of field and value, for the account main.
func message(t *testing.T, pairs ...string) *wechat.Message {
	t.Helper()
	fields := map[string]string{"ToUserName": "gh_1", "FromUserName": "oUser", "CreateTime": "1720001000"}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	push, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wechat.Decode(push)
	if err != nil {
		t.Fatal(err)
	}
	m.Account = "main"
	return m
}

func text(t *testing.T, content string) *wechat.Message {
	t.Helper()
	return message(t, "MsgType", "text", "Content", content)
}

func event(t *testing.T, name, key string) *wechat.Message {
	t.Helper()
	return message(t, "MsgType", "event", "Event", name, "EventKey", key)
}

func tap(t *testing.T, id, content string) *wechat.Message {
	t.Helper()
	return message(t, "MsgType", "text", "Content", content, "bizmsgmenuid", id)
}

func parse(t *testing.T, file string) *rules.Rules {
	t.Helper()
	parsed, err := rules.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// answer returns what r replies to m, as WeChat would get it.
func answer(t *testing.T, r *rules.Rules, m *wechat.Message) []string {
	t.Helper()
	replies, err := r.Answer(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, reply := range replies {
		body, err := wechat.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(body))
	}
	return got
}

// when makes a file whose one rule answers "yes".
func when(condition string) string { return "rules: [{when: " + condition + ", reply: yes}]" }

func TestRulesMatch(t *testing.T) {
	for _, tt := range []struct {
		name string
		when string
		m    *wechat.Message
		want bool
	}{
		{"type", "{type: image}", message(t, "MsgType", "image"), true},
		{"other type", "{type: image}", text(t, "a"), false},
		{"one of the types", "{type: [voice, TEXT]}", text(t, "a"), true},
		{"type event", "{type: event}", event(t, "CLICK", ""), true},
		{"type event, text", "{type: event}", text(t, "a"), false},
		{"event in any case", "{event: click}", event(t, "CLICK", "a"), true},
		{"other event", "{event: click}", event(t, "VIEW", "a"), false},
		{"type and event", "{type: event, event: VIEW}", event(t, "VIEW", "a"), true},
		{"key", "{event: CLICK, key: a}", event(t, "CLICK", "a"), true},
		{"key is exact", "{event: CLICK, key: a}", event(t, "CLICK", "A"), false},
		{"one of the keys", "{event: CLICK, key: [a, b]}", event(t, "CLICK", "b"), true},
		{"key that is a number", "{event: SCAN, key: 007}", event(t, "SCAN", "007"), true},
		{"scene when following", "{event: subscribe, key: a}", event(t, "subscribe", "qrscene_a"), true},
		{"scene with its prefix", "{event: subscribe, key: qrscene_a}", event(t, "subscribe", "qrscene_a"), true},
		{"other scene", "{event: subscribe, key: a}", event(t, "subscribe", "qrscene_ab"), false},
		{"follow without scene", "{event: subscribe, key: a}", event(t, "subscribe", ""), false},
		{"key alone is any event", "{key: a}", event(t, "SCAN", "a"), true},
		{"equal", "{equal: 帮助}", text(t, "帮助"), true},
		{"equal in any case", "{equal: Help}", text(t, "hELP"), true},
		{"equal without blanks", "{equal: help}", text(t, " help\u3000\n"), true},
		{"equal is the whole text", "{equal: help}", text(t, "help me"), false},
		{"case of ASCII alone", "{equal: é}", text(t, "É"), false},
		{"one of equal", "{type: text, equal: [a, 1]}", text(t, "1"), true},
		{"equal, no text", "{equal: a}", message(t, "MsgType", "image", "Content", "a"), false},
		{"contains", "{contains: [b, C]}", text(t, "abc"), true},
		{"contains not", "{contains: [x, y]}", text(t, "abc"), false},
		{"regexp", `{regexp: '^a\d$'}`, text(t, " a1 "), true},
		{"regexp minds case", `{regexp: '^a\d$'}`, text(t, "A1"), false},
		{"one of the regexps", `{regexp: [x, b]}`, text(t, "abc"), true},
		{"menu", "{menu: m1}", tap(t, "m1", "a"), true},
		{"menu with a number", "{menu: [1, 2]}", tap(t, "2", "a"), true},
		{"other menu", "{menu: m1}", tap(t, "m2", "m1"), false},
		{"text, no menu", "{menu: m1}", text(t, "m1"), false},
		{"menu and text", "{menu: m1, equal: a}", tap(t, "m1", "b"), false},
		{"account", "{account: main}", text(t, "a"), true},
		{"other account", "{type: text, account: [shop, test]}", text(t, "a"), false},
		{"account takes no event", "{account: main}", event(t, "CLICK", "a"), false},
		{"first of a list", "[{equal: a}, {event: CLICK}]", text(t, "a"), true},
		{"second of a list", "[{equal: a}, {event: CLICK}]", event(t, "CLICK", "a"), true},
		{"none of a list", "[{equal: a}, {event: CLICK}]", text(t, "b"), false},
		{"nothing asked", "{}", message(t, "MsgType", "invented"), true},
		{"nothing asked, event", "{}", event(t, "LOCATION", ""), false},
		{"nothing asked, platform", "{}", message(t, "InfoType", "authorized"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(answer(t, parse(t, when(tt.when)), tt.m)) > 0; got != tt.want {
				t.Errorf("when %s matches %s: %v, want %v", tt.when, tt.m.Body, got, tt.want)
			}
		})
	}
}

func TestFirstMatchAnswers(t *testing.T) {
	r := parse(t, "rules: [{when: {equal: a}, reply: first}, {when: {contains: a}, reply: second}, {reply: last}]")
	for content, want := range map[string]string{"a": "first", "ab": "second", "b": "last"} {
		got := answer(t, r, text(t, content))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("answer to %q is %q, want %q", content, got, want)
		}
	}
}

func TestAnswerIsNilWhenNothingMatches(t *testing.T) {
	for name, r := range map[string]*rules.Rules{"no match": parse(t, when("{equal: a}")), "zero": new(rules.Rules)} {
		if replies, err := r.Answer(context.Background(), text(t, "b")); replies != nil || err != nil {
			t.Errorf("%s: Answer() = %v, %v, want nil, nil", name, replies, err)
		}
	}
}

func TestKindsAreThoseThatCanMatch(t *testing.T) {
	for file, want := range map[string][]wechat.Kind{
		when("{type: text}"):                           {"text"},
		when("{type: [Image, voice, image]}"):          {"image", "voice"},
		when("{event: [subscribe, CLICK]}"):            {"event.subscribe", "event.click"},
		when("{type: event}"):                          {"event.>"},
		when("{key: a}"):                               {"event.>"},
		when("[{event: CLICK}, {key: a}, {equal: a}]"): {"event.>", "text"},
		when("[{key: a}, {event: CLICK}]"):             {"event.>"},
		when("[{menu: a}, {contains: a}]"):             {"text"},
		when("[{type: text}, {event: CLICK}, {}]"):     {">"},
		"rules: [{reply: a}]":                          {">"},
		when("{event: [a.b, 'x y > *']}"):              {"event.a_b", "event.x_y_"},
	} {
		if diff := cmp.Diff(want, parse(t, file).Kinds()); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
	if kinds := new(rules.Rules).Kinds(); kinds != nil {
		t.Errorf("no rules: %v", kinds)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if _, err := rules.Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	write(t, path, "rules: [{}]")
	if _, err := rules.Load(path); err == nil || err.Error() != path+": line 1: empty rule: it needs a reply" {
		t.Errorf("fault: %v", err)
	}
	// Notepad writes a byte order mark and Windows line ends.
	write(t, path, "\ufeffrules:\r\n  # 问好\r\n  - reply: |\r\n      你好\r\n      再见\r\n")
	r, err := rules.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`{"msgtype":"text","text":{"content":"你好\n再见"}}`}
	if diff := cmp.Diff(want, answer(t, r, text(t, "a"))); diff != "" {
		t.Error(diff)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRulesAreSafeForConcurrentUse(t *testing.T) {
	r := rules.Example()
	m := text(t, "订单 42")
	want := answer(t, r, m)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				replies, _ := r.Answer(context.Background(), m)
				body, err := wechat.Marshal(replies[0])
				if err != nil || string(body) != want[0] || len(r.Kinds()) == 0 {
					t.Errorf("Answer() = %s, %v, want %s", body, err, want[0])
				}
			}
		})
	}
	group.Wait()
}
