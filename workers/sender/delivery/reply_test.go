package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseReply(t *testing.T) {
	tests := []struct {
		name, body string
		want       []string
	}{
		{"single", `{"touser":"u","msgtype":"text","text":{"content":"你好"}}`, []string{
			`{"touser":"u","msgtype":"text","text":{"content":"你好"}}`,
		}},
		{"several", `{"touser":"u","messages":[{"msgtype":"text","text":{"content":"1"}},{"msgtype":"image","image":{"media_id":"m"}}]}`, []string{
			`{"touser":"u","msgtype":"text","text":{"content":"1"}}`,
			`{"touser":"u","msgtype":"image","image":{"media_id":"m"}}`,
		}},
		{"blanks and order", " \n{ \"text\" : { \"content\" : \"a b\" } , \"msgtype\" : \"text\",\"touser\":\"u\" }\n", []string{
			`{"touser":"u","msgtype":"text","text":{"content":"a b"}}`,
		}},
		{"more fields of WeChat's", `{"aimsgcontext":{"is_ai_msg":1},"touser":"u","msgtype":"image","image":{"media_id":"m","x":1.50},"customservice":{"kf_account":"a@b"}}`, []string{
			`{"touser":"u","msgtype":"image","image":{"media_id":"m","x":1.50},"aimsgcontext":{"is_ai_msg":1},"customservice":{"kf_account":"a@b"}}`,
		}},
		{"fields for all messages", `{"touser":"u","customservice":{"kf_account":"a@b"},"messages":[{"msgtype":"image","image":{"media_id":"1"}},{"msgtype":"image","image":{"media_id":"2"},"customservice":{"kf_account":"c@d"}}]}`, []string{
			`{"touser":"u","msgtype":"image","image":{"media_id":"1"},"customservice":{"kf_account":"a@b"}}`,
			`{"touser":"u","msgtype":"image","image":{"media_id":"2"},"customservice":{"kf_account":"c@d"}}`,
		}},
		{"touser said twice", `{"touser":"u","messages":[{"touser":"u","msgtype":"image","image":{"media_id":"1"}}]}`, []string{
			`{"touser":"u","msgtype":"image","image":{"media_id":"1"}}`,
		}},
		{"our field within a message", `{"touser":"u","messages":[{"msgtype":"image","image":{"media_id":"1"},"messages":[1]}]}`, []string{
			`{"touser":"u","msgtype":"image","image":{"media_id":"1"}}`,
		}},
		{"escapes", `{"\u0074ouser":"\u0075","msgtype":"text","text":{"content":"\u4f60\u597d \ud83d\ude00 \u003ca href=\"x\"\u003e\u0026\u003c/a> \u2028 \/ \\u0041"}}`, []string{
			`{"touser":"u","msgtype":"text","text":{"content":"你好 😀 <a href=\"x\">&</a> ` + "\u2028" + ` / \\u0041"}}`,
		}},
		{"escapes deep inside", `{"touser":"u","msgtype":"news","news":{"articles":[{"\u0074itle":"\u4f60","url":"a?b=1\u0026c=2"}]}}`, []string{
			`{"touser":"u","msgtype":"news","news":{"articles":[{"title":"你","url":"a?b=1&c=2"}]}}`,
		}},
		{"control characters", `{"touser":"u","msgtype":"text","text":{"content":"a\u0000\u0007\b\f\u001fb\n\r\tc\u007f"}}`, []string{
			`{"touser":"u","msgtype":"text","text":{"content":"ab\n\r\tc` + "\x7f" + `"}}`,
		}},
		{"broken UTF-8 and half a pair", "{\"touser\":\"u\",\"msgtype\":\"text\",\"text\":{\"content\":\"a\xffb\\ud83dc\"}}", []string{
			`{"touser":"u","msgtype":"text","text":{"content":"a` + "\ufffdb\ufffd" + `c"}}`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseReply([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, part := range r.parts {
				got = append(got, string(part.body()))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || r.toUser != "u" {
				t.Errorf("to %q, parts (-want +got):\n%s", r.toUser, diff)
			}
		})
	}
}

func TestParseReplyRefuses(t *testing.T) {
	tests := []struct{ name, body string }{
		{"nothing", ""},
		{"no JSON", "<xml></xml>"},
		{"half", `{"touser":"u","msgtype":"text"`},
		{"more than one", `{"touser":"u","msgtype":"text","text":{"content":"a"}}{}`},
		{"null", "null"},
		{"list", "[]"},
		{"text", `"u"`},
		{"empty object", "{}"},
		{"no touser", `{"msgtype":"text","text":{"content":"a"}}`},
		{"empty touser", `{"touser":"","msgtype":"text","text":{"content":"a"}}`},
		{"touser is a list", `{"touser":["u"],"msgtype":"text","text":{"content":"a"}}`},
		{"touser is null", `{"touser":null,"msgtype":"text","text":{"content":"a"}}`},
		{"touser in other letters", `{"ToUser":"u","msgtype":"text","text":{"content":"a"}}`},
		{"no msgtype", `{"touser":"u","text":{"content":"a"}}`},
		{"msgtype unknown", `{"touser":"u","msgtype":"poll","poll":{"content":"a"}}`},
		{"msgtype is ours", `{"touser":"u","msgtype":"messages","messages":[]}`},
		{"msgtype in other letters", `{"touser":"u","msgtype":"Text","Text":{"content":"a"}}`},
		{"msgtype is a number", `{"touser":"u","msgtype":1,"text":{"content":"a"}}`},
		{"both", `{"touser":"u","msgtype":"text","text":{"content":"a"},"messages":[{"msgtype":"text","text":{"content":"a"}}]}`},
		{"no object", `{"touser":"u","msgtype":"text"}`},
		{"object is a text", `{"touser":"u","msgtype":"text","text":"a"}`},
		{"object is null", `{"touser":"u","msgtype":"text","text":null}`},
		{"content is a number", `{"touser":"u","msgtype":"text","text":{"content":1}}`},
		{"messages is null", `{"touser":"u","messages":null}`},
		{"messages is empty", `{"touser":"u","messages":[]}`},
		{"messages is an object", `{"touser":"u","messages":{"msgtype":"text","text":{"content":"a"}}}`},
		{"a message is null", `{"touser":"u","messages":[null]}`},
		{"a message is wrong", `{"touser":"u","messages":[{"msgtype":"text","text":{"content":"a"}},{"msgtype":"text"}]}`},
		{"a message is to another", `{"touser":"u","messages":[{"touser":"v","msgtype":"text","text":{"content":"a"}}]}`},
		{"a message is to nobody", `{"touser":"u","messages":[{"touser":"","msgtype":"text","text":{"content":"a"}}]}`},
		{"touser in a message only", `{"messages":[{"touser":"u","msgtype":"text","text":{"content":"a"}}]}`},
	}
	for _, tt := range tests {
		if _, err := parseReply([]byte(tt.body)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: parseReply = %v, want malformed", tt.name, err)
		}
	}
}

// Each msgtype needs the fields that WeChat cannot do without.
func TestParseReplyRequiresFields(t *testing.T) {
	fields := map[string]string{
		"text": "content", "image": "media_id", "voice": "media_id", "video": "media_id", "music": "thumb_media_id",
		"news": "articles", "mpnews": "media_id", "mpnewsarticle": "article_id", "msgmenu": "list",
		"wxcard": "card_id", "miniprogrampage": "pagepath", "link": "url",
	}
	for msgType, field := range fields {
		for _, value := range []string{`""`, `"\u0000"`, "null", "[]", " [ ] ", "{}", "{\n}"} {
			body := fmt.Sprintf(`{"touser":"u","msgtype":%q,%q:{%q:%s}}`, msgType, msgType, field, value)
			_, err := parseReply([]byte(body))
			if !errors.Is(err, errMalformed) || !strings.Contains(fmt.Sprint(err), msgType+"."+field) {
				t.Errorf("%s: parseReply = %v, want malformed, naming %s.%s", body, err, msgType, field)
			}
		}
		if _, err := parseReply(fmt.Appendf(nil, `{"touser":"u","msgtype":%q,%q:{}}`, msgType, msgType)); !errors.Is(err, errMalformed) {
			t.Errorf("%s without %s: parseReply = %v, want malformed", msgType, field, err)
		}
	}
	if len(fields) != len(required) {
		t.Errorf("%d msgtypes are tested, %d are known", len(fields), len(required))
	}
}

// What is large or deep is refused as fast as anything.
func TestParseReplyRefusesMonsters(t *testing.T) {
	deep := strings.Repeat("[", 5_000_000)
	monsters := map[string]string{
		"garbage":     strings.Repeat("\x00\xff垃圾", 1<<20),
		"quotes":      strings.Repeat(`"`, 10<<20),
		"deep":        deep,
		"deep inside": `{"touser":"u","msgtype":"image","image":{"media_id":` + deep,
		"deep, whole": `{"touser":"u","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"long list":   `{"touser":"u","messages":[` + strings.Repeat("1,", 1<<20) + `1]}`,
	}
	for name, body := range monsters {
		started := time.Now()
		if _, err := parseReply([]byte(body)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: parseReply = %v, want malformed", name, err)
		} else if len(err.Error()) > 200 {
			t.Errorf("%s: the error is %d bytes long", name, len(err.Error()))
		}
		if took := time.Since(started); took > 20*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

// A text that is too long for one call becomes several, which are as short as
// WeChat wants, whole characters, and the text when put together.
func TestParseReplySplitsText(t *testing.T) {
	tests := []struct {
		name, text string
		parts      int
	}{
		{"2048 bytes", strings.Repeat("a", 2048), 1},
		{"2049 bytes", strings.Repeat("a", 2049), 2},
		{"Chinese", strings.Repeat("好", 700), 2},
		{"sentences", strings.Repeat("今天天气很好。", 300), 4},
		{"families", strings.Repeat("👨‍👩‍👧‍👦", 200), 3},
		{"escapes that shrink", strings.Repeat("\n", 10) + strings.Repeat("<b>&", 512), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			quoted, _ := json.Marshal(tt.text) // with \u003c
			r, err := parseReply(fmt.Appendf(nil, `{"touser":"u","msgtype":"text","text":{"content":%s,"x":1},"customservice":{"kf_account":"a"}}`, quoted))
			if err != nil {
				t.Fatal(err)
			}
			var joined strings.Builder
			for _, part := range r.parts {
				content := contentOf(t, part.body())
				if len(content) > textMax || !utf8.ValidString(content) {
					t.Errorf("a piece of %d bytes: %.50q", len(content), content)
				}
				joined.WriteString(content)
			}
			if joined.String() != tt.text || len(r.parts) != tt.parts {
				t.Errorf("%d pieces, want %d; together: %.100q", len(r.parts), tt.parts, joined.String())
			}
		})
	}
}

// contentOf returns the text of a call's body and checks the rest.
func contentOf(t *testing.T, body []byte) string {
	t.Helper()
	var got struct {
		ToUser, MsgType string
		Text            struct {
			Content string
			X       int
		}
		CustomService struct {
			Account string `json:"kf_account"`
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.ToUser != "u" || got.MsgType != "text" || got.Text.X != 1 || got.CustomService.Account != "a" {
		t.Errorf("fields are lost: %s", body)
	}
	if bytes.Contains(body, []byte(`\u`)) {
		t.Errorf("has an escape: %.100s", body)
	}
	return got.Text.Content
}
