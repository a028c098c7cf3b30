package wechat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type bodyTest struct{ name, in, want string }

// checkBodies decodes pushes that have a MsgType before what is looked at.
func checkBodies(t *testing.T, before, after string, tests []bodyTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := mustDecode(t, before+tt.in+after)
			if diff := cmp.Diff(`{"MsgType":"text"`+tt.want+`}`, string(m.Body)); diff != "" {
				t.Errorf("Body (-want +got):\n%s", diff)
			}
		})
	}
}

const (
	beforeXML = `<xml><MsgType>text</MsgType>`
	afterXML  = `</xml>`
)

func TestXMLLeavesStayAsReceived(t *testing.T) {
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"empty", `<A></A>`, `,"A":""`},
		{"self-closing", `<A/><B />`, `,"A":"","B":""`},
		{"empty section", `<A><![CDATA[]]></A>`, `,"A":""`},
		{"number", `<A>007.50</A>`, `,"A":"007.50"`},
		{"blanks inside CDATA", "<A><![CDATA[ \t\n a \n]]></A>", `,"A":" \t\n a \n"`},
		{"blanks outside CDATA", "<A> \t\n a  b \n</A>", `,"A":"a  b"`},
		{"blanks around CDATA", "<A>\n <![CDATA[ a ]]>\n </A>", `,"A":" a "`},
		{"nothing but blanks", "<A> \n </A><B><![CDATA[ ]]></B>", `,"A":"","B":" "`},
		{"carriage returns", "<A><![CDATA[a\r\nb\rc]]></A>", `,"A":"a\r\nb\rc"`},
		{"control characters", "<A><![CDATA[\x00\x08\x1f\x7f]]></A>", `,"A":"\u0000\u0008\u001f` + "\x7f" + `"`},
		{"line separators", "<A>\u2028\u2029\ufeff</A>", ",\"A\":\"\u2028\u2029\ufeff\""},
		{"quotes and backslashes", `<A>"a\n"</A>`, `,"A":"\"a\\n\""`},
		{"markup in CDATA", `<A><![CDATA[<b a="1">&amp;&nbsp;</b><!-- c --><?d?>]]></A>`, `,"A":"<b a=\"1\">&amp;&nbsp;</b><!-- c --><?d?>"`},
		{"entities", `<A>&lt;&gt;&amp;&quot;&apos;&amp;lt;</A>`, `,"A":"<>&\"'&lt;"`},
		{"character references", `<A>&#20320;&#x597D;&#x1f680;</A>`, `,"A":"你好🚀"`},
		{"reference to half a character", `<A>&#xD83D;</A>`, `,"A":"` + "\ufffd" + `"`},
		{"ampersand that starts no entity", `<A>a&b & c&; d&e f&</A>`, `,"A":"a&b & c&; d&e f&"`},
		{"private use and emoji", "<A>\ue415👨‍👩‍👧</A>", ",\"A\":\"\ue415👨‍👩‍👧\""},
		{"broken UTF-8", "<A><![CDATA[a\xff\xfeb\xe4\xbd]]></A>", ",\"A\":\"a\ufffd\ufffdb\ufffd\ufffd\""},
	})
}

func TestXMLSectionsEndWhereTheirElementDoes(t *testing.T) {
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"two sections", `<A><![CDATA[a]]><![CDATA[b]]></A>`, `,"A":"ab"`},
		{"two sections apart", "<A><![CDATA[a]]>\n<![CDATA[b]]></A>", `,"A":"a\nb"`},
		{"]]> in two sections, as XML wants it", `<A><![CDATA[a]]]]><![CDATA[>b]]></A>`, `,"A":"a]]>b"`},
		{"section and text", `<A>a<![CDATA[ b ]]> c </A>`, `,"A":"a b  c"`},
		{"section and comment", `<A><![CDATA[a]]><!-- b --></A>`, `,"A":"a"`},
		{"brackets at the end", `<A><![CDATA[a[b[0]]]]></A>`, `,"A":"a[b[0]]"`},
		{"nested", `<A><![CDATA[<![CDATA[a]]>]]></A>`, `,"A":"<![CDATA[a]]>"`},
		{"nested in another element", `<A><![CDATA[<B><![CDATA[a]]></B>]]></A><B>c</B>`, `,"A":"<B><![CDATA[a]]></B>","B":"c"`},
		{"nested twice", `<A><![CDATA[<![CDATA[<![CDATA[a]]>]]>]]></A>`, `,"A":"<![CDATA[<![CDATA[a]]>]]>"`},
		{"nested, before blanks", "<A><![CDATA[<![CDATA[a]]>]]> \n</A >", `,"A":"<![CDATA[a]]>"`},
		{"started and not ended", `<A><![CDATA[a<![CDATA[b]]></A><C><![CDATA[d]]></C>`, `,"A":"a<![CDATA[b","C":"d"`},
		{"typed before text", `<A><![CDATA[a]]>b]]></A>`, `,"A":"a]]>b"`},
		{"typed at the end", `<A><![CDATA[a]]>]]></A>`, `,"A":"a]]>"`},
		{"typed twice", `<A><![CDATA[]]>]]>]]></A>`, `,"A":"]]>]]>"`},
		{"typed before a tag", `<A><![CDATA[a[b[0]]><br>]]></A>`, `,"A":"a[b[0]]><br>"`},
		{"typed before text and a tag", `<A><![CDATA[]]>a<b]]></A>`, `,"A":"]]>a<b"`},
		{"typed before an element", `<A><![CDATA[]]><b>c</b><![CDATA[]]></A>`, `,"A":"]]><b>c</b><![CDATA["`},
		{"typed before another's end tag", `<A><![CDATA[]]></B>]]></A>`, `,"A":"]]></B>"`},
	})
}

func TestXMLKeepsEveryFieldInOrder(t *testing.T) {
	many := strings.Repeat("<A>1</A><B>2</B>", 1000)
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"order", `<Z>1</Z><a>2</a><M>3</M>`, `,"Z":"1","a":"2","M":"3"`},
		{"spellings", `<AppId>1</AppId><appid>2</appid><MsgID>3</MsgID><MsgId>4</MsgId>`, `,"AppId":"1","appid":"2","MsgID":"3","MsgId":"4"`},
		{"nested", `<A><B><C>1</C></B><D/></A>`, `,"A":{"B":{"C":"1"},"D":""}`},
		{"repeated", `<A>1</A><A>2</A><A>3</A>`, `,"A":["1","2","3"]`},
		{"repeated apart", `<A>1</A><B>2</B><A>3</A>`, `,"A":["1","3"],"B":"2"`},
		{"repeated inside", `<L><A>1</A><A/></L>`, `,"L":{"A":["1",""]}`},
		{"repeated objects", `<L><A>1</A></L><L><B>2</B></L>`, `,"L":[{"A":"1"},{"B":"2"}]`},
		{"one item", `<L><item><A>1</A></item></L>`, `,"L":{"item":[{"A":"1"}]}`},
		{"empty item", `<item/>`, `,"item":[""]`},
		{"two items", `<L><item>1</item><item>2</item></L>`, `,"L":{"item":["1","2"]}`},
		{"Item is another name", `<L><Item>1</Item></L>`, `,"L":{"Item":"1"}`},
		{"hundreds", many, `,"A":[` + strings.Repeat(`"1",`, 999) + `"1"],"B":[` + strings.Repeat(`"2",`, 999) + `"2"]`},
		{"text beside elements", `<A>x<B>1</B>y</A>`, `,"A":{"#text":"xy","B":"1"}`},
		{"blanks beside elements", "<A>\n <B>1</B>\n </A>", `,"A":{"B":"1"}`},
		{"routing names further down", `<A><MsgId>1</MsgId><MsgId>2</MsgId><CreateTime>3</CreateTime></A>`, `,"A":{"MsgId":["1","2"],"CreateTime":"3"}`},
		{"names that JSON must escape", "<c\x01\\>2</c\x01\\>", `,"c\u0001\\":"2"`},
		{"Chinese names", `<名>1</名>`, `,"名":"1"`},
		{"attributes", `<A b="1" c='>' d="</A>">2</A><E f="/"/>`, `,"A":"2","E":""`},
		{"comments", `<!-- <X>1</X> --><A>1<!-- 2 -->3</A><!---->`, `,"A":"13"`},
		{"instructions", `<?php echo ">" ?><A>1</A>`, `,"A":"1"`},
		{"blanks in tags", "<A\n>1</A\t>", `,"A":"1"`},
	})
}

func TestXMLSurroundingsDoNotMatter(t *testing.T) {
	const want = `{"MsgType":"text","A":"你"}`
	const push = `<xml><MsgType>text</MsgType><A>你</A></xml>`
	for name, push := range map[string]string{
		"byte order mark":     "\ufeff" + push,
		"mark and blanks":     "\ufeff\r\n\t " + push + " \r\n",
		"declaration":         `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + push,
		"declaration of GBK":  `<?xml version="1.0" encoding="gbk"?>` + push,
		"comments":            "<!-- a -->" + push + "<!-- b -->",
		"another root":        "<root>" + strings.TrimPrefix(strings.TrimSuffix(push, "</xml>"), "<xml>") + "</root>",
		"attribute of root":   `<xml xmlns="urn:a" b='c'>` + strings.TrimPrefix(push, "<xml>"),
		"text beside fields":  "<xml>a\u200bb" + strings.TrimPrefix(push, "<xml>"),
		"indented by newline": strings.ReplaceAll(push, "><", ">\n  <"),
	} {
		if got := string(mustDecode(t, push).Body); got != want {
			t.Errorf("%s: Body = %s, want %s", name, got, want)
		}
	}
}
