package wechat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestDecodeRefusesWhatIsNoPush(t *testing.T) {
	const secret = "secret"
	for name, push := range map[string]string{
		"nothing":            "",
		"blanks":             "\ufeff \r\n",
		"text":               secret,
		"JSON array":         `[{"MsgType":"text"}]`,
		"JSON string":        `"text"`,
		"two marks":          "\ufeff\ufeff{}",
		"UTF-16":             "\xff\xfe<\x00x\x00m\x00l\x00>\x00",
		"no kind, XML":       `<xml><Content>secret</Content></xml>`,
		"no kind, JSON":      `{"Content":"secret","msgtype":"text"}`,
		"no fields, XML":     `<xml/>`,
		"no fields, JSON":    `{}`,
		"kind further down":  `<xml><A><MsgType>text</MsgType></A></xml>`,
		"kind is an element": `<xml><MsgType>text<a/></MsgType></xml>`,
		"kind is null":       `{"MsgType":null,"InfoType":[]}`,

		"JSON cut off":         `{"MsgType":"text","Content":"secret`,
		"JSON and more":        `{"MsgType":"text"}{}`,
		"JSON comma":           `{"MsgType":"text",}`,
		"JSON control":         "{\"MsgType\":\"text\",\"A\":\"\x01\"}",
		"JSON too deep":        `{"MsgType":"text","A":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"JSON in single quote": `{'MsgType':'text'}`,
	} {
		checkMalformed(t, name, push, secret)
	}
}

func TestDecodeRefusesBrokenXML(t *testing.T) {
	const secret = "secret"
	for name, push := range map[string]string{
		"cut off":                   `<A>secret`,
		"end tag missing":           `<A>secret</xml>`,
		"wrong end tag":             `<A>secret</B></xml>`,
		"end tag in another case":   `<A>secret</a></xml>`,
		"end tag twice":             `<A>secret</A></A></xml>`,
		"end tag with attribute":    `<A>secret</A b="c"></xml>`,
		"end tag unfinished":        `<A>secret</A`,
		"tag unfinished":            `<A b="secret></A></xml>`,
		"tag inside a tag":          `<A <B></B></xml>`,
		"tag without name":          `<></xml>`,
		"blank before the name":     `< A>secret</A></xml>`,
		"section unfinished":        `<A><![CDATA[secret</A></xml>`,
		"comment unfinished":        `<!-- secret</xml>`,
		"instruction unfinished":    `<?secret</xml>`,
		"two roots":                 `</xml><xml></xml>`,
		"text behind the root":      `</xml>secret`,
		"section behind the root":   `</xml><![CDATA[secret]]>`,
		"unknown entity":            `<A>&secret;</A></xml>`,
		"entity of HTML":            `<A>a&nbsp;b</A></xml>`,
		"empty reference":           `<A>&#;</A></xml>`,
		"reference in capitals":     `<A>&#X41;</A></xml>`,
		"reference out of range":    `<A>&#x110000;</A></xml>`,
		"reference over 32 bits":    `<A>&#99999999999;</A></xml>`,
		"reference with a sign":     `<A>&#-65;</A></xml>`,
		"DOCTYPE inside":            `<!DOCTYPE a></xml>`,
		"ELEMENT":                   `<!ELEMENT a ANY></xml>`,
		"section in lower case":     `<![cdata[secret]]></xml>`,
		"NUL as a blank in end tag": "<A></A\x00></xml>",
	} {
		checkMalformed(t, name, `<xml><MsgType>text</MsgType>`+push, secret)
	}
}

// DOCTYPE is the door to XML's bombs: it is not read at all.
func TestDecodeRefusesDeclarations(t *testing.T) {
	const push = `<xml><MsgType>text</MsgType><A>&a;</A></xml>`
	for name, before := range map[string]string{
		"external entity": `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>`,
		"external subset": `<?xml version="1.0"?><!DOCTYPE xml SYSTEM "http://127.0.0.1/a.dtd">`,
		"billion laughs":  `<!DOCTYPE xml [<!ENTITY b "ha"><!ENTITY a "&b;&b;&b;&b;&b;&b;&b;&b;">]>`,
		"in lower case":   `<!doctype xml>`,
	} {
		checkMalformed(t, name, before+push, "passwd")
		checkMalformed(t, name, before+strings.Replace(push, "&a;", "", 1), "passwd")
	}
}

// checkMalformed wants an error that says what is wrong and not what is in it.
func checkMalformed(t *testing.T, name, push, secret string) {
	t.Helper()
	switch m, err := wechat.Decode([]byte(push)); {
	case !errors.Is(err, wechat.ErrMalformed) || m != nil:
		t.Errorf("%s: Decode gives %v, want ErrMalformed alone", name, err)
	case strings.Contains(err.Error(), secret):
		t.Errorf("%s: the error tells content: %v", name, err)
	}
}

func TestDecodeTakesDeepAndLongPushes(t *testing.T) {
	for name, push := range map[string]string{
		"62 levels":       strings.Repeat("<a>", 62) + strings.Repeat("</a>", 62),
		"19 000 elements": strings.Repeat("<a/>", 19_000),
		"1 MiB of text":   "<a>" + strings.Repeat("好", 1<<20/3) + "</a>",
	} {
		if _, err := wechat.Decode([]byte(beforeXML + push + afterXML)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A push of 512 KiB costs some milliseconds whatever is in it. The limit lets a
// slow machine pass, and nothing that grows with the square.
func TestDecodeBoundsItsWork(t *testing.T) {
	const size, limit = 1 << 19, 3 * time.Second
	bombs := map[string]string{
		"levels": "<a>", "elements": "<a></a>", "empty elements": "<a/>", "elements with sections": "<a><![CDATA[b]]></a>",
		"sections": "<![CDATA[a]]>", "nested sections": "<![CDATA[<![CDATA[a]]>", "section starts": "<![CDATA[", "section ends": "]]>",
		"section ends and blanks": "]]>          ", "ends of Content": "]]></Content>", "Content": "<Content><![CDATA[a]]></Content>",
		"broken Content": "<Content><![CDATA[]]><b/></Content>", "comments": "a<!---->", "instructions": "<?a?>", "ampersands": "&",
		"ampersands with names": "&a", "entities": "&amp;", "references": "&#38;", "attributes": `<a b=""/>`, "quotes": `<a b='`,
		"control characters": "\x01", "broken characters": "\xff", "blanks": " ", "JSON levels": `{"a":`, "JSON members": `"a":1,`,
		"JSON escapes": `\u003c`, "backslashes": `\`,
	}
	for name, part := range bombs {
		text := strings.Repeat(part, size/len(part))
		for _, around := range [][2]string{
			{beforeXML, afterXML},
			{beforeXML, "<a/>" + afterXML}, // no section ends before its own end tag
			{beforeXML + "<Content>", "</Content>" + afterXML},
			{beforeXML + "<Content><![CDATA[", "]]></Content>" + afterXML},
			{beforeXML + "<A><![CDATA[", "]]></A>" + afterXML},
			{beforeJSON + `,"A":"`, `"}`},
			{beforeJSON + `,`, `"a":1}`},
			{``, ``},
		} {
			start := time.Now()
			_, err := wechat.Decode([]byte(around[0] + text + around[1]))
			if took := time.Since(start); took > limit {
				t.Errorf("%s in %q takes %s", name, around[0], took)
			}
			if err != nil && !errors.Is(err, wechat.ErrMalformed) {
				t.Errorf("%s in %q: %v", name, around[0], err)
			}
		}
	}
}

func TestDecodeRefusesBombs(t *testing.T) {
	for name, push := range map[string]string{
		"levels":   strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100),
		"elements": strings.Repeat("<a/>", 30_000),
	} {
		checkMalformed(t, name, beforeXML+push+afterXML, "<a")
	}
}
