package wechat_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestRepliesAreWhatCustomSendTakes(t *testing.T) {
	menu := []wechat.MenuItem{{ID: "1", Content: "满意 <好>"}, {ID: "2", Content: "不满意"}}
	for _, tt := range []struct {
		name  string
		reply wechat.Reply
		want  string
	}{
		{
			"text", wechat.TextReply("你好 <a href=\"https://example.com?a=1&b=2\">\n"),
			`{"msgtype":"text","text":{"content":"你好 <a href=\"https://example.com?a=1&b=2\">\n"}}`,
		},
		{"image", wechat.ImageReply("m<1>&"), `{"image":{"media_id":"m<1>&"},"msgtype":"image"}`},
		{"voice", wechat.VoiceReply("m<1>&"), `{"msgtype":"voice","voice":{"media_id":"m<1>&"}}`},
		{
			"news", wechat.NewsReply(wechat.Article{Title: "<题>", Description: "a&b", URL: "https://example.com?a&b", PicURL: "p"}),
			`{"msgtype":"news","news":{"articles":[{"title":"<题>","description":"a&b","url":"https://example.com?a&b","picurl":"p"}]}}`,
		},
		{
			"menu", wechat.MenuReply("head", menu, "tail"),
			`{"msgmenu":{"head_content":"head","list":[{"id":"1","content":"满意 <好>"},{"id":"2","content":"不满意"}],"tail_content":"tail"},"msgtype":"msgmenu"}`,
		},
		{
			"menu without a tail", wechat.MenuReply("", menu[1:], ""),
			`{"msgmenu":{"head_content":"","list":[{"id":"2","content":"不满意"}]},"msgtype":"msgmenu"}`,
		},
		{
			"another kind",
			wechat.Reply{MsgType: "wxcard", Content: map[string]string{"card_id": "<c>"}},
			`{"msgtype":"wxcard","wxcard":{"card_id":"<c>"}}`,
		},
		{
			"to another user",
			wechat.Reply{ToUser: "oAbCd", MsgType: "text", Content: map[string]string{"content": "a"}},
			`{"msgtype":"text","text":{"content":"a"},"touser":"oAbCd"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for way, marshal := range map[string]func() ([]byte, error){
				"Marshal":     func() ([]byte, error) { return wechat.Marshal(tt.reply) },
				"MarshalJSON": tt.reply.MarshalJSON,
			} {
				got, err := marshal()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, string(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", way, diff)
				}
			}
		})
	}
}

func TestTextRepliesIsOneText(t *testing.T) {
	if diff := cmp.Diff(wechat.Replies{wechat.TextReply("a")}, wechat.TextReplies("a")); diff != "" {
		t.Errorf("TextReplies (-want +got):\n%s", diff)
	}
}

func TestMarshalLeavesCharactersAsTheyAre(t *testing.T) {
	got, err := wechat.Marshal(map[string]any{"a": "<&>\n\"你🚀", "b": []int{1}})
	if want := `{"a":"<&>\n\"你🚀","b":[1]}`; err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v; want %s", got, err, want)
	}
	if _, err := wechat.Marshal(math.Inf(1)); err == nil {
		t.Error("Marshal of what JSON cannot say gives no error")
	}
	if _, err := wechat.Marshal(wechat.Reply{MsgType: "text", Content: func() {}}); err == nil {
		t.Error("Marshal of a Reply without content gives no error")
	}
}

func TestAppendRawWritesRawUTF8(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", `"\u4f60\u597D"`, `"你好"`},
		{"emoji in two halves", `"\ud83d\ude80"`, `"🚀"`},
		{"half an emoji", `"\ud83d"`, "\"\ufffd\""},
		{"HTML", `"\u003ca href=\"b\"\u003e\u0026"`, `"<a href=\"b\">&"`},
		{"line separators", `"\u2028\u2029\ufeff"`, "\"\u2028\u2029\ufeff\""},
		{"short escapes", `"\n\r\t\"\\\/"`, `"\n\r\t\"\\/"`},
		{"control characters are left out", `"a\u0000\b\f\u001f\u007fb"`, "\"a\x7fb\""},
		{"escaped escape", `"\\u4f60"`, `"\\u4f60"`},
		{"broken UTF-8", "\"\xff\xfea\"", "\"\ufffd\ufffda\""},
		{"names too", `{"\u4f60":{"\u003c":[]}}`, `{"你":{"<":[]}}`},
		{"the rest", " { \"a\" : [ 1.50e3 , true , null , -0 ] }\n", `{"a":[1.50e3,true,null,-0]}`},
		{"empty", `""`, `""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := string(wechat.AppendRaw([]byte("x"), []byte(tt.in)))
			if got != "x"+tt.want {
				t.Errorf("AppendRaw = %s, want x%s", got, tt.want)
			}
			if !json.Valid([]byte(strings.TrimPrefix(got, "x"))) {
				t.Errorf("%s is no JSON", got)
			}
		})
	}
}
