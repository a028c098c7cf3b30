package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestReplies(t *testing.T) {
	picture := []string{"MsgType", "image", "MediaId", "M1", "PicUrl", "http://p/1"}
	for _, tt := range []struct {
		name  string
		reply string
		want  []string
	}{
		{"bare text", "hi", []string{`{"msgtype":"text","text":{"content":"hi"}}`}},
		{"text", "{text: hi}", []string{`{"msgtype":"text","text":{"content":"hi"}}`}},
		{"number", "42", []string{`{"msgtype":"text","text":{"content":"42"}}`}},
		{"several", "[a, {text: b}]", []string{`{"msgtype":"text","text":{"content":"a"}}`, `{"msgtype":"text","text":{"content":"b"}}`}},
		{"image", "{image: X_1}", []string{`{"image":{"media_id":"X_1"},"msgtype":"image"}`}},
		{"own image", "[{image: $MediaId}]", []string{`{"image":{"media_id":"M1"},"msgtype":"image"}`}},
		{"voice", "{voice: V}", []string{`{"msgtype":"voice","voice":{"media_id":"V"}}`}},
		{
			"news", "{news: {title: t $MediaId, description: d, url: 'https://u', picurl: $PicUrl}}",
			[]string{`{"msgtype":"news","news":{"articles":[{"title":"t M1","description":"d","url":"https://u","picurl":"http://p/1"}]}}`},
		},
		{
			"menu", "{menu: {head: h, items: {b: 1, a: '2 $MediaId'}, tail: t}}",
			[]string{`{"msgmenu":{"head_content":"h","list":[{"id":"b","content":"1"},{"id":"a","content":"2 M1"}],"tail_content":"t"},"msgtype":"msgmenu"}`},
		},
		{"empty parts are left out", "[{text: $Content}, {image: $Label}, {voice: $Title}]", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := parse(t, "rules: [{reply: "+tt.reply+"}]")
			if diff := cmp.Diff(tt.want, answer(t, r, message(t, picture...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpansion(t *testing.T) {
	for _, tt := range []struct {
		name   string
		regexp string
		reply  string
		sent   string
		want   string
	}{
		{"group", `^订单\s*(\d+)$`, "订单$1好", "订单 7", "订单7好"},
		{"group in braces", `(\d)`, "${1}0", "7", "70"},
		{"group that captured nothing", `a(b)?`, "<$1>", "a", "<>"},
		{"group of the other regexp", `a', '(b)(c)`, "<$1$2>", "a", "<>"},
		{"group that is not there", `(a)`, "$1 $2 $10", "a", "a $2 $10"},
		{"amount without groups", `a`, "$5 $0.5 US$1", "a", "$5 $0.5 US$1"},
		{"dollar sign", `(a)`, "$$1 $$ $", "a", "$1 $ $"},
		{"field", `.`, "$Content，${Content}s", "hi", "hi，his"},
		{"unknown name", `.`, "$AAPL ${Foo} $ContentX", "hi", "$AAPL ${Foo} $ContentX"},
		{"no second expansion", `(.*)`, "$1 $Content", "$Account", "$Account $Account"},
		{"account", `.`, "$Account", "hi", "main"},
		{"literal characters", `(.*)`, "<a href=\"$1\">", `\1&`, `<a href="\1&">`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := parse(t, "rules:\n- when: {regexp: ['"+tt.regexp+"']}\n  reply: '"+tt.reply+"'\n")
			want, err := wechat.Marshal(wechat.TextReply(tt.want))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{string(want)}, answer(t, r, text(t, tt.sent))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpansionOfEvents(t *testing.T) {
	r := parse(t, "rules: [{when: {type: event}, reply: '$EventKey|$ScanResult'}]")
	for body, want := range map[string]string{
		`{"MsgType":"event","Event":"subscribe","EventKey":"qrscene_7"}`:                                          "7|",
		`{"MsgType":"event","Event":"SCAN","EventKey":7}`:                                                         "7|",
		`{"MsgType":"event","Event":"scancode_waitmsg","EventKey":"k","ScanCodeInfo":{"ScanResult":"https://u"}}`: "k|https://u",
	} {
		m, err := wechat.Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := answer(t, r, m); len(got) != 1 || got[0] != `{"msgtype":"text","text":{"content":"`+want+`"}}` {
			t.Errorf("answer to %s is %q, want %q", body, got, want)
		}
	}
}
