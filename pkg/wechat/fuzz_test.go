package wechat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		push, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(push)
	}
	for _, push := range []string{
		`<xml><MsgType>text</MsgType><A><![CDATA[<![CDATA[a]]>]]></A><A>&#x4f60;&amp;</A><item/><!-- b --></xml>`,
		`<?xml version="1.0"?><xml a="b"><MsgType>a<b/></MsgType><InfoType>c</InfoType><InfoType>d</InfoType></xml>`,
		"<xml><MsgType>\xff\xfe</MsgType><CreateTime>99999999999999999999</CreateTime><A>\r\n \x01]]></A></xml>",
		fmt.Sprintf(typedText, "text", `]]></Content><MsgId>1</MsgId><Content><![CDATA[`),
		`<!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>`,
		"\ufeff {\"MsgType\":\"\\ud83d\\u003c\",\"MsgId\":1e3,\"CreateTime\":\"5\",\"a\":[{\"b\":null}],\"a\":-0,\"MsgId\":2}",
		"{\"InfoType\":\"\xff\xfe\",\"\\u0041\\n\":\"\\\\\\\"\"}",
	} {
		f.Add([]byte(push))
	}
	f.Fuzz(func(t *testing.T, push []byte) {
		given := bytes.Clone(push)
		m, err := wechat.Decode(push)
		if !bytes.Equal(push, given) {
			t.Fatal("Decode changes the push")
		}
		if err != nil {
			if !errors.Is(err, wechat.ErrMalformed) {
				t.Fatalf("Decode: %v", err)
			}
			return
		}
		checkBody(t, m)
		checkAgain(t, m)
	})
}

var kindName = regexp.MustCompile(`^(event\.|info\.)?[a-z0-9_-]{1,64}$`)

func checkBody(t *testing.T, m *wechat.Message) {
	t.Helper()
	if !json.Valid(m.Body) || !utf8.Valid(m.Body) || m.Body[0] != '{' {
		t.Fatalf("Body is no JSON object: %q", m.Body)
	}
	if bytes.Contains(bytes.ReplaceAll(m.Body, []byte(`\\`), nil), []byte(`\u003c`)) {
		t.Fatalf("Body escapes <: %s", m.Body)
	}
	if got := m.Field("MsgId"); got != m.MsgId {
		t.Fatalf("MsgId is %q, in Body %q", m.MsgId, got)
	}
	if !kindName.MatchString(string(m.Kind())) {
		t.Fatalf("Kind is %q", m.Kind())
	}
}

// checkAgain wants that who decodes Body sees what was decoded first.
func checkAgain(t *testing.T, m *wechat.Message) {
	t.Helper()
	again, err := wechat.Decode(m.Body)
	if err != nil {
		t.Fatalf("Decode(Body): %v in %s", err, m.Body)
	}
	if diff := cmp.Diff(routing(m), routing(again)); diff != "" {
		t.Fatalf("routing fields (-push +Body):\n%s", diff)
	}
	if diff := cmp.Diff(string(m.Body), string(again.Body)); diff != "" {
		t.Fatalf("Body (-push +Body):\n%s", diff)
	}
}

func FuzzAppendRaw(f *testing.F) {
	for _, value := range []string{`"\u4f60\ud83d\u0000\\\"<"`, "{\"a\\n\":[1.5e3,true,\"\xff\"]}", ` null `} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		if !json.Valid(value) {
			return
		}
		raw := wechat.AppendRaw(nil, value)
		if !json.Valid(raw) || !utf8.Valid(raw) {
			t.Fatalf("no JSON: %q", raw)
		}
		if bytes.Contains(bytes.ReplaceAll(raw, []byte(`\\`), nil), []byte(`\u`)) {
			t.Fatalf("escapes: %s", raw)
		}
		if again := wechat.AppendRaw(nil, raw); !bytes.Equal(again, raw) {
			t.Fatalf("%s, then %s", raw, again)
		}
	})
}

// FuzzForge lets two texts of a user stand in a push, before WeChat's MsgId.
func FuzzForge(f *testing.F) {
	for _, texts := range [][2]string{
		{`]]></Title><MsgId>1</MsgId><Title><![CDATA[`, `]]>`},
		{`]]></Title><MsgId>1</MsgId><!--`, `--><Description><![CDATA[`},
		{`]]></Title><X><![CDATA[`, `]]></X><MsgId>1</MsgId><Description><![CDATA[`},
		{`]]></Title><Content><![CDATA[`, `]]></Content><MsgId>1</MsgId><Description>`},
		{`<?`, `?><MsgType>event</MsgType><Event>x</Event>`},
	} {
		f.Add(texts[0], texts[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		checkGenuine(t, fmt.Sprintf(typedLink, "link", first, second), genuine("link", "", "123"))
		if text := first + second; utf8.ValidString(text) && !sideBySide.MatchString(text) {
			m := mustDecode(t, fmt.Sprintf(typedText, "text", text))
			if !cmp.Equal(routing(m), genuine("text", "", "123")) || m.Field("Content") != text {
				t.Fatalf("got %s", m.Body)
			}
		}
	})
}
