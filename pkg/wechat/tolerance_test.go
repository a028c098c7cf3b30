package wechat_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// XML 1.0 forbids most of them. Users type them all the same.
func TestXMLKeepsEveryControlCharacter(t *testing.T) {
	short := map[byte]string{'\t': `\t`, '\n': `\n`, '\r': `\r`}
	for c := range byte(' ') {
		escape, ok := short[c]
		if !ok {
			escape = fmt.Sprintf(`\u%04x`, c)
		}
		in, want := "a"+string(rune(c))+"b", `,"A":"a`+escape+`b"`
		checkBodies(t, beforeXML, afterXML, []bodyTest{
			{escape + " in CDATA", "<A><![CDATA[" + in + "]]></A>", want},
			{escape + " in text", "<A>" + in + "</A>", want},
			{escape + " as a decimal reference", fmt.Sprintf("<A>a&#%d;b</A>", c), want},
			{escape + " as a hexadecimal reference", fmt.Sprintf("<A>a&#x%04X;b</A>", c), want},
			{escape + " in an attribute", "<A b='" + in + "'>1</A>", `,"A":"1"`},
			{escape + " between elements", "<A>1</A>" + in + "<B>2</B>", `,"A":"1","B":"2"`},
			{escape + " in a comment", "<!--" + in + "--><A>1</A>", `,"A":"1"`},
		})
	}
}

// Every byte that is no part of a character becomes one U+FFFD, so that Body
// is UTF-8 and nothing goes unseen.
func TestXMLReplacesBrokenUTF8ByteForByte(t *testing.T) {
	for name, in := range map[string]string{
		"lone continuation": "\x80", "continuations": "\xbf\xbf\xbf",
		"overlong in two bytes": "\xc0\xaf", "overlong in three": "\xe0\x80\xaf", "overlong in four": "\xf0\x80\x80\xaf", "overlong NUL": "\xc0\x80",
		"half a surrogate pair": "\xed\xa0\xbd", "emoji as two surrogates": "\xed\xa0\xbd\xed\xba\x80",
		"above U+10FFFF": "\xf4\x90\x80\x80", "five bytes": "\xf8\x88\x80\x80\x80", "no start at all": "\xff\xfe",
		"two of three bytes": "\xe4\xbd", "three of four bytes": "\xf0\x9f\x9a", "GBK": "\xc4\xe3\xba\xc3",
	} {
		t.Run(name, func(t *testing.T) {
			want := "你" + strings.Repeat("\ufffd", len(in))
			const push = `<xml><MsgType>text</MsgType><FromUserName>你%[1]s</FromUserName><A><![CDATA[你%[1]s]]></A><B%[1]s>2</B%[1]s></xml>`
			m := mustDecode(t, fmt.Sprintf(push, in))
			if m.FromUserName != want || m.Field("FromUserName") != want || m.Field("A") != want {
				t.Errorf("got %q and %q, want %q", m.FromUserName, m.Field("A"), want)
			}
			if got := m.Field("B" + want[len("你"):]); got != "2" {
				t.Errorf("a broken name gives %s", m.Body)
			}
		})
	}
}

func TestXMLTakesWhatWritersMakeOfIt(t *testing.T) {
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"lines end in CRLF", "\r\n  <A>\r\n  </A>\r\n  <L>\r\n\t<B>1</B>\r\n  </L>\r\n", `,"A":"","L":{"B":"1"}`},
		{"invisible characters between fields", "\u200b<A>1</A>\ufeff\u00a0\u2060<B>2</B>\u200b", `,"A":"1","B":"2"`},
		{"invisible characters are no blanks", "<A>\u200b\ufeff\u00a0</A>", ",\"A\":\"\u200b\ufeff\u00a0\""},
		{"prefix of a namespace", `<a:B xmlns:a="urn:a">1</a:B><B>2</B>`, `,"a:B":"1","B":"2"`},
		{"names of all sorts", `<a.b-c_d>1</a.b-c_d><_>2</_><9>3</9>`, `,"a.b-c_d":"1","_":"2","9":"3"`},
		{"attributes of one name", `<A b="1" b="2" c>3</A>`, `,"A":"3"`},
		{"markup in an attribute", `<A b='<MsgId>1</MsgId>' c="]]>">3</A>`, `,"A":"3"`},
		{"unknown elements at every depth", `<A><x><B><y><C>1</C></y><z/></B></x></A>`, `,"A":{"x":{"B":{"y":{"C":"1"},"z":""}}}`},
		{"item in item", `<item><item>1</item></item>`, `,"item":[{"item":["1"]}]`},
		{"comment with markup", `<!-- ]]> <![CDATA[ <MsgId>1</MsgId> -- &nbsp; --><A>1<!-- </A> -->2</A>`, `,"A":"12"`},
		{"instruction with markup", `<?a ]]> <MsgId>1</MsgId> ?><A>1<?b </A>?>2</A>`, `,"A":"12"`},
		{"declaration further down", `<A><?xml version="1.0" encoding="gbk"?>你</A>`, `,"A":"你"`},

		{"address", `<A>https://example.com/?a=1&b=2&copy=3&amp=4&#</A>`, `,"A":"https://example.com/?a=1&b=2&copy=3&amp=4&#"`},
		{"ampersands", `<A>AT&T && &</A><B>&amp</B>`, `,"A":"AT&T && &","B":"&amp"`},
		{"escaped twice", `<A>&amp;lt;&amp;#38;</A>`, `,"A":"&lt;&#38;"`},
		{"references with zeros", `<A>&#0000065;&#x00000042;</A>`, `,"A":"AB"`},
		{"references to no characters", `<A>&#xD800;&#xDFFF;&#xFFFE;&#x10FFFF;</A>`, ",\"A\":\"\ufffd\ufffd\ufffe\U0010ffff\""},
		{"references in CDATA", `<A><![CDATA[&#65;&amp;]]></A>`, `,"A":"&#65;&amp;"`},
		{"escaped section", `<A>&lt;![CDATA[a]]&gt;</A>`, `,"A":"<![CDATA[a]]>"`},

		{"section, text, section", `<A>a<![CDATA[ b ]]>c<![CDATA[ d ]]> </A>`, `,"A":"a b c d "`},
		{"section beside elements", `<A>a<B>1</B><![CDATA[ b ]]><C/>c </A>`, `,"A":{"#text":"a b c","B":"1","C":""}`},
		{"section before an element", `<A><![CDATA[a]]><B>1</B></A>`, `,"A":{"#text":"a","B":"1"}`},
		{"empty section beside elements", `<A><![CDATA[]]><B>1</B></A>`, `,"A":{"B":"1"}`},

		{"section without <", `<A>![CDATA[a]]></A>`, `,"A":"![CDATA[a]]>"`},
		{"section without < and >", `<A>![CDATA[a]]</A><B>[CDATA[a]]</B>`, `,"A":"![CDATA[a]]","B":"[CDATA[a]]"`},
		{"end of a section in text", `<A>]]></A><B>a]]>b</B>`, `,"A":"]]>","B":"a]]>b"`},
	})
}

// So does WeChat write cards, invoices and published articles.
func TestBlanksAroundSectionsBelongToNoField(t *testing.T) {
	const push = "<xml><ToUserName> <![CDATA[gh_a]]> </ToUserName> <FromUserName>\n<![CDATA[oA]]>\n</FromUserName>\r\n<CreateTime> 1720000001 </CreateTime>" +
		"<MsgType> <![CDATA[event]]></MsgType><Event>\t<![CDATA[SCAN]]>\t</Event><EventKey> <![CDATA[ k ]]> </EventKey><MsgId>\n <![CDATA[7]]> </MsgId></xml>"
	const want = `{"ToUserName":"gh_a","FromUserName":"oA","CreateTime":1720000001,"MsgType":"event","Event":"SCAN","EventKey":" k ","MsgId":"7"}`
	m := mustDecode(t, push)
	if diff := cmp.Diff(want, string(m.Body)); diff != "" {
		t.Errorf("Body (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(routing(mustDecode(t, want)), routing(m)); diff != "" {
		t.Errorf("routing fields (-want +got):\n%s", diff)
	}
}

func TestTheOrderOfFieldsDoesNotMatter(t *testing.T) {
	fields := []string{"<MsgId>7</MsgId>", "<Content><![CDATA[a]]></Content>", "<MsgType><![CDATA[text]]></MsgType>", "<CreateTime>5</CreateTime>", "<FromUserName>oA</FromUserName>"}
	want := map[string]any{
		"ToUserName": "", "FromUserName": "oA", "CreateTime": int64(5), "MsgType": "text", "Event": "", "InfoType": "", "MsgId": "7", "Kind": kind("text"),
	}
	for range fields {
		fields = append(fields[1:], fields[0])
		for i := range fields[1:] {
			order := append([]string{}, fields...)
			order[0], order[i+1] = order[i+1], order[0]
			m := mustDecode(t, "<xml>"+strings.Join(order, "")+"</xml>")
			if diff := cmp.Diff(want, routing(m)); diff != "" || m.Field("Content") != "a" {
				t.Errorf("%s: routing fields (-want +got):\n%s", order, diff)
			}
		}
	}
}

// Body is UTF-8 whatever a declaration says: WeChat knows no other encoding.
func TestDeclarationsAreNotBelieved(t *testing.T) {
	const push = `<xml><MsgType>text</MsgType><A>你</A></xml>`
	for _, before := range []string{
		`<?xml version="1.0" encoding="gb18030" standalone="yes"?>`, `<?xml version='1.1' encoding='UTF-16'?>`, `<?xml encoding="gbk"?>`,
		"\ufeff<?xml version=\"1.0\" encoding=\"GB2312\" ?>\r\n", `<?xml?>`, `<?xml version="1.0"?><?xml version="1.0" encoding="big5"?>`,
		"<!-- a -->\n<?xml-stylesheet href='a'?>",
	} {
		if got := string(mustDecode(t, before+push).Body); got != `{"MsgType":"text","A":"你"}` {
			t.Errorf("%s: Body = %s", before, got)
		}
	}
}

func TestDecodeRefusesSectionsThatAreNone(t *testing.T) {
	for name, push := range map[string]string{
		"blank after <!":             `<A><! [CDATA[secret]]></A></xml>`,
		"blank before [":             `<A><![CDATA [secret]]></A></xml>`,
		"no second [":                `<A><![CDATA secret]]></A></xml>`,
		"ended by ]]":                `<A><![CDATA[secret]]</A><B><![CDATA[b]]></B></xml>`,
		"ended by ]>":                `<A><![CDATA[secret]></A><B><![CDATA[b]]></B></xml>`,
		"entity amid text":           `<A>a&secret;b</A></xml>`,
		"root of a namespace behind": `</xml><x:xml xmlns:x="urn:x"><x:MsgType>text</x:MsgType></x:xml>`,
		"NUL behind the root":        "</xml>\x00",
	} {
		checkMalformed(t, name, beforeXML+push, "secret")
	}
	checkMalformed(t, "MsgType under a prefix", `<x:xml xmlns:x="urn:x"><x:MsgType>text</x:MsgType></x:xml>`, "urn")
}

// A section, text and a section are one text: there XML is right and the user,
// who typed an end and a start, is not.
var oneText = regexp.MustCompile(`\]\]>[^<]*<!\[CDATA\[`)

// WeChat may or may not break up a ]]> that a user types. Where it does not,
// the text is still the user's, in an element that others follow and in one
// that is the last of its parent.
func TestTypedSectionEndsStayInTheirElement(t *testing.T) {
	typed := []string{"", "a", "好", " ", "\n", "]", "]]", ">", "]]>", "&amp;", "<br>", "<![CDATA[", "<!", "<!--", "-->", "<!DOCTYPE html>", "<", "</b>", "<?", "</", "&"}
	for _, first := range typed {
		for _, second := range typed {
			for _, third := range typed {
				text := first + second + third
				if oneText.MatchString(text) {
					continue
				}
				link := mustDecode(t, fmt.Sprintf(typedLink, "link", text, "d"))
				scan := mustDecode(t, fmt.Sprintf(typedScan, "event", text))
				if got := link.Field("Title"); got != text || link.Field("Description") != "d" || link.MsgId != "123" {
					t.Fatalf("Title %q is read as %q, Body is %s", text, got, link.Body)
				}
				if got := scan.Field("ScanCodeInfo", "ScanResult"); got != text {
					t.Fatalf("ScanResult %q is read as %q, Body is %s", text, got, scan.Body)
				}
			}
		}
	}
}

func TestHugeNumbersStayTexts(t *testing.T) {
	digits := strings.Repeat("9", 400)
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"field", "<A>" + digits + "</A>", `,"A":"` + digits + `"`},
		{"MsgId", "<MsgId>" + digits + "</MsgId>", `,"MsgId":"` + digits + `"`},
		{"CreateTime", "<CreateTime>" + digits + "</CreateTime>", `,"CreateTime":"` + digits + `"`},
		{"CreateTime in milliseconds", "<CreateTime>1720000001000</CreateTime>", `,"CreateTime":1720000001000`},
		{"CreateTime with a fraction", "<CreateTime>1720000001.5</CreateTime>", `,"CreateTime":"1720000001.5"`},
		{"negative MsgId", "<MsgId>-1</MsgId>", `,"MsgId":"-1"`},
		{"MsgId with zeros", "<MsgId>007</MsgId>", `,"MsgId":"007"`},
		{"MsgId with blanks", "<MsgId>\t<![CDATA[ 7 ]]>\n</MsgId>", `,"MsgId":" 7 "`},
		{"infinity", "<A>1e999</A><B>NaN</B>", `,"A":"1e999","B":"NaN"`},
	})
	checkBodies(t, beforeJSON, afterJSON, []bodyTest{
		{"JSON field", `,"A":` + digits, `,"A":` + digits},
		{"JSON MsgId", `,"MsgId":` + digits, `,"MsgId":"` + digits + `"`},
		{"JSON MsgId with an exponent", `,"MsgId":1E3`, `,"MsgId":"1E3"`},
		{"JSON CreateTime", `,"CreateTime":"` + digits + `"`, `,"CreateTime":"` + digits + `"`},
	})
}

func TestJSONTakesAllThatJSONAllows(t *testing.T) {
	checkBodies(t, beforeJSON, afterJSON, []bodyTest{
		{"list that is one object", `,"List":{"A":"1"}`, `,"List":{"A":"1"}`},
		{"control characters", `,"A":"\u0000\u001f\u007f"`, `,"A":"\u0000\u001f\u007f"`},
		{"DEL and C1", ",\"A\":\"\x7f\u0085\"", ",\"A\":\"\x7f\u0085\""},
		{"markup", `,"A":"]]></xml><![CDATA["`, `,"A":"]]></xml><![CDATA["`},
		{"overlong and surrogates", ",\"A\":\"\xc0\xaf\xed\xa0\xbd\"", ",\"A\":\"\ufffd\ufffd\ufffd\ufffd\ufffd\""},
		{"broken name", ",\"\xff\":1", ",\"\ufffd\":1"},
		{"empty values", `,"A":"","B":[],"C":{},"D":null`, `,"A":"","B":[],"C":{},"D":null`},
		{"routing names further down", `,"A":{"MsgId":1,"CreateTime":"2","MsgType":"b"}`, `,"A":{"MsgId":1,"CreateTime":"2","MsgType":"b"}`},
	})
	for name, push := range map[string]string{
		"mark":            "\ufeff{\"MsgType\":\"text\"}",
		"mark and blanks": "\ufeff \r\n\t{ \"MsgType\" : \"text\" }\r\n ",
		"escaped name":    `{"\u004dsgType":"text"}`,
	} {
		if m := mustDecode(t, push); string(m.Body) != `{"MsgType":"text"}` || m.MsgType != "text" || !utf8.Valid(m.Body) {
			t.Errorf("%s: Body = %s", name, m.Body)
		}
	}
	for name, push := range map[string]string{
		"NUL behind":                 "{\"MsgType\":\"text\"}\x00",
		"invisible character before": "\u200b{\"MsgType\":\"secret\"}",
		"comment":                    `{"MsgType":"secret"/* a */}`,
		"lower-case names":           `{"msgtype":"secret","infotype":"secret"}`,
		"NaN":                        `{"MsgType":"secret","A":NaN}`,
		"zero before a number":       `{"MsgType":"secret","CreateTime":01}`,
	} {
		checkMalformed(t, name, push, "secret")
	}
}
