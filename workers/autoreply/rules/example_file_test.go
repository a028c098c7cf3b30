package rules_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

func TestExampleAnswersEveryRule(t *testing.T) {
	location := message(t, "MsgType", "location", "Label", "人民大道")
	video := message(t, "MsgType", "video", "MediaId", "V1")
	picture := message(t, "MsgType", "image", "MediaId", "M1")
	voice := message(t, "MsgType", "voice", "MediaId", "V1")
	chat := []struct {
		rule string
		m    *wechat.Message
		want []string // what each part holds
	}{
		{"桌号二维码", event(t, "subscribe", "qrscene_table8"), []string{"8 号桌"}},
		{"桌号二维码", event(t, "SCAN", "table8"), []string{"8 号桌"}},
		{"欢迎", event(t, "subscribe", ""), []string{"欢迎关注"}},
		{"帮助", event(t, "CLICK", "help"), []string{`"msgmenu"`}},
		{"帮助", text(t, "帮助"), []string{`{"id":"human","content":"找人工"}`}},
		{"帮助", text(t, "Help"), []string{`"msgmenu"`}},
		{"营业时间", tap(t, "hours", "营业时间"), []string{"9:00 – 21:00"}},
		{"营业时间", text(t, "你们几点开门"), []string{"9:00"}},
		{"怎么查订单", tap(t, "order", "怎么查订单"), []string{"订单 10086"}},
		{"找人工", tap(t, "human", "找人工"), []string{"工作人员"}},
		{"下班后找人工", message(t, "MsgType", "text", "Content", "人工", "CreateTime", "1720026000"), []string{"现在是 01:00"}},
		{"谢谢", text(t, "谢谢啦"), []string{""}},
		{"订单", text(t, "订单 10086"), []string{"订单 10086 正在路上"}},
		{"菜单", text(t, "菜单"), []string{"牛肉面", "几号"}},
		{"点餐", text(t, "2"), []string{"2 号"}},
		{"文档", text(t, "文档"), []string{`"msgtype":"news"`}},
		{"你好", text(t, "你好"), []string{"你好呀"}},
		{"你好", text(t, "Hi there"), []string{"你好呀"}},
		{"图片", picture, []string{"谢谢", `"image":{"media_id":"M1"}`}},
		{"语音", voice, []string{"听到", `"voice":{"media_id":"V1"}`}},
		{"位置", location, []string{"人民大道"}},
		{"默认", text(t, "history"), []string{"“history”"}},
		{"其他", video, []string{"收到"}},
	}
	r := rules.Example()
	reached := map[string]bool{}
	for _, tt := range chat {
		reached[tt.rule] = true
		got := answer(t, r, tt.m)
		if len(got) != len(tt.want) {
			t.Fatalf("answer to %s is %q, want %d parts", tt.m.Body, got, len(tt.want))
		}
		for i := range got {
			if !strings.Contains(got[i], tt.want[i]) || strings.Contains(got[i], "$") {
				t.Errorf("answer to %s is %s, want %s in it", tt.m.Body, got[i], tt.want[i])
			}
		}
	}
	for _, name := range exampleNames(t) {
		if !reached[name] {
			t.Errorf("no message here reaches the rule %s", name)
		}
	}
	if got := answer(t, r, event(t, "LOCATION", "")); got != nil {
		t.Errorf("an event without rule is answered: %q", got)
	}
}

// exampleNames returns the Chinese names of all rules of the example.
func exampleNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(exampleFile(t)) {
		if name, ok := strings.CutPrefix(line, "  - name: "); ok {
			name, _, _ = strings.Cut(name, " / ")
			names = append(names, name)
		}
	}
	if strings.Count(exampleFile(t), "\n    reply:") != len(names) {
		t.Errorf("the example has rules without name")
	}
	return names
}

func exampleFile(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Every tap on the menu of the example is answered by a rule of its own, even
// when its text means nothing.
func TestExampleAnswersItsMenu(t *testing.T) {
	r := rules.Example()
	replies, err := r.Answer(context.Background(), text(t, "帮助"))
	if err != nil {
		t.Fatal(err)
	}
	items := replies[0].Content.(map[string]any)["list"].([]wechat.MenuItem)
	for _, item := range items {
		if got := answer(t, r, tap(t, item.ID, "x")); len(got) != 1 || strings.Contains(got[0], "“x”") {
			t.Errorf("answer to a tap on %s is %q", item.ID, got)
		}
	}
	if len(items) < 2 {
		t.Errorf("the menu has %d items", len(items))
	}
}

func TestExampleShowsEverything(t *testing.T) {
	file := exampleFile(t)
	for _, word := range []string{
		"type", "event", "key", "equal", "time", "day", "choose", "cooldown", "contains", "regexp", "menu", "account", "text", "image", "voice", "news", "picurl", "items",
	} {
		if !strings.Contains(file, word+":") && !strings.Contains(file, "#   "+word+" ") {
			t.Errorf("the example does not show %s", word)
		}
	}
}

func TestExampleSubscribesToWhatItAnswers(t *testing.T) {
	want := []wechat.Kind{
		"event.subscribe", "event.scan", "event.click", "text", "image", "voice", "location",
		"video", "shortvideo", "link", "file", "miniprogrampage",
	}
	got := rules.Example().Kinds()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
