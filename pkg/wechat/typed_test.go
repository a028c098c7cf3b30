package wechat_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// WeChat's order: what a user types stands before MsgId. It is not known
// whether WeChat breaks up a ]]> that a user types; here it does not.
const (
	typedHead = `<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><FromUserName><![CDATA[oAbCd]]></FromUserName>` +
		`<CreateTime>1720000001</CreateTime><MsgType><![CDATA[%s]]></MsgType>`
	typedText = typedHead + `<Content><![CDATA[%s]]></Content><MsgId>123</MsgId></xml>`
	typedLink = typedHead + `<Title><![CDATA[%s]]></Title><Description><![CDATA[%s]]></Description>` +
		`<Url><![CDATA[https://example.com]]></Url><MsgId>123</MsgId></xml>`
	typedScan = typedHead + `<Event><![CDATA[scancode_waitmsg]]></Event><EventKey><![CDATA[k]]></EventKey>` +
		`<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[%s]]></ScanResult></ScanCodeInfo></xml>`
	typedPlace = typedHead + `<Event><![CDATA[location_select]]></Event><EventKey><![CDATA[k]]></EventKey>` +
		`<SendLocationInfo><Label><![CDATA[%s]]></Label><Poiname><![CDATA[%s]]></Poiname></SendLocationInfo></xml>`
)

// genuine returns the routing fields that WeChat wrote.
func genuine(msgType, event, msgID string) map[string]any {
	name := kind(msgType)
	if event != "" {
		name = kind("event." + event)
	}
	return map[string]any{
		"ToUserName": "gh_0a1b2c3d4e5f", "FromUserName": "oAbCd", "CreateTime": int64(1720000001),
		"MsgType": msgType, "Event": event, "InfoType": "", "MsgId": msgID, "Kind": name,
	}
}

// pieces are what markup is made of, and what a user may type of it.
var pieces = []string{
	"a", " \n", "<", "]]>", "<![CDATA[", "<!--", "-->", "<?", "?>", "<b>", "</b>", "</xml>", "&", "&lt;", "<a b='", "'/>",
	"<MsgId>1</MsgId>", "<Event>x</Event>", "<InfoType>x</InfoType>", "<FromUserName>oB</FromUserName>", "<MsgType>event</MsgType>",
}

func TestTextIsWhatTheUserTyped(t *testing.T) {
	for _, typed := range []string{
		`]]></Content><MsgId>1</MsgId>`,
		`]]></Content><MsgId>1</MsgId><Content>`,
		`]]></Content><MsgId>1</MsgId><Content><![CDATA[`,
		`]]></Content><Content><![CDATA[`,
		`]]></Content><bizmsgmenuid>1</bizmsgmenuid><Content><![CDATA[`,
		`]]></Content><FromUserName>oB</FromUserName><Content><![CDATA[`,
		`]]></Content></xml><xml><MsgId>1</MsgId><Content><![CDATA[`,
		`]]></Content><MsgId>1</MsgId></xml><!--`,
		`]]> </Content ><MsgId>1</MsgId><Content a='`,
		`<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hi]]></Content><MsgId>1</MsgId></xml>`,
		`<![CDATA[`, `]]>`, `]]`, `]`, `<Content>`, `</Content>`, `</xml>`, `<!DOCTYPE xml>`, `&nbsp;`,
	} {
		m := mustDecode(t, fmt.Sprintf(typedText, "text", typed))
		if diff := cmp.Diff(genuine("text", "", "123"), routing(m)); diff != "" {
			t.Errorf("%s: routing fields (-want +got):\n%s", typed, diff)
		}
		if got := m.Field("Content"); got != typed {
			t.Errorf("Content = %s, want %s", got, typed)
		}
	}
}

// Two sections side by side are one text: so does XML write ]]>.
var sideBySide = regexp.MustCompile(`\]\]>\s*<!\[CDATA\[`)

func TestTextIsWhatTheUserTypedOfAllPieces(t *testing.T) {
	all := append([]string{"", "</Content>", "<Content>", "]]></Content>", "<Content><![CDATA["}, pieces...)
	want := genuine("text", "", "123")
	for _, first := range all {
		for _, second := range all {
			for _, third := range all {
				typed := first + second + third
				m := mustDecode(t, fmt.Sprintf(typedText, "text", typed))
				if got := routing(m); !cmp.Equal(got, want) {
					t.Fatalf("%s: routing fields are %v", typed, got)
				}
				if got := m.Field("Content"); got != typed && !sideBySide.MatchString(typed) {
					t.Fatalf("Content = %s, want %s", got, typed)
				}
			}
		}
	}
}

// Where a user writes more than one text, a push may come out undecodable, but
// never with a routing field that is not WeChat's. Event is of no account
// outside events.
func TestNobodyForgesARoutingField(t *testing.T) {
	for _, tt := range []struct {
		name, push string
		msgType    string
		event      string
		msgID      string
		texts      int
		elements   []string
	}{
		{"link", typedLink, "link", "", "123", 2, []string{"Title", "Description", "Url", "Content", "X"}},
		{"scan", typedScan, "event", "scancode_waitmsg", "", 1, []string{"ScanResult", "ScanCodeInfo", "EventKey", "Content", "X"}},
		{"place", typedPlace, "event", "location_select", "", 2, []string{"Label", "Poiname", "SendLocationInfo", "EventKey", "Content", "X"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := pieces
			for _, name := range tt.elements {
				all = append(all, "<"+name+">", "</"+name+">", "]]></"+name+">", "<"+name+"><![CDATA[")
			}
			random := rand.New(rand.NewPCG(1, 2))
			want, decoded := genuine(tt.msgType, tt.event, tt.msgID), 0
			for range 20_000 {
				texts := []any{tt.msgType}
				for range tt.texts {
					var text strings.Builder
					for range random.IntN(7) {
						text.WriteString(all[random.IntN(len(all))])
					}
					texts = append(texts, text.String())
				}
				decoded += checkGenuine(t, fmt.Sprintf(tt.push, texts...), want)
			}
			if decoded < 1000 {
				t.Errorf("%d pushes were decoded, want enough to say something", decoded)
			}
		})
	}
}

// checkGenuine returns 1 when push is decoded, 0 when it is refused.
func checkGenuine(t *testing.T, push string, want map[string]any) int {
	t.Helper()
	m, err := wechat.Decode([]byte(push))
	if err != nil {
		if !errors.Is(err, wechat.ErrMalformed) {
			t.Fatalf("%s: %v", push, err)
		}
		return 0
	}
	got := routing(m)
	got["InfoType"] = ""
	if m.MsgType != "event" {
		got["Event"] = ""
	}
	if !cmp.Equal(got, want) {
		t.Fatalf("%s: routing fields are %v", push, got)
	}
	return 1
}

func TestForgedRoutingFieldsAreRefused(t *testing.T) {
	for name, push := range map[string]string{
		"one text opened again": fmt.Sprintf(typedLink, "link", `]]></Title><MsgId>1</MsgId><Title><![CDATA[`, ""),
		"opened as text":        fmt.Sprintf(typedLink, "link", `]]></Title><MsgId>1</MsgId><Title>`, ""),
		"between two texts":     fmt.Sprintf(typedLink, "link", `]]></Title><MsgId>1</MsgId><!--`, `--><Description><![CDATA[`),
		"through another":       fmt.Sprintf(typedLink, "link", `]]></Title><X><![CDATA[`, `]]></X><MsgId>1</MsgId><Description><![CDATA[`),
		"through Content":       fmt.Sprintf(typedLink, "link", `]]></Title><MsgId>1</MsgId><Content><![CDATA[`, `]]></Content><Description><![CDATA[`),
		"twice":                 fmt.Sprintf(typedLink, "link", `]]></Title><MsgId>1</MsgId><MsgId>1</MsgId><X><![CDATA[`, `]]></X><Description><![CDATA[`),
		"in a code":             fmt.Sprintf(typedScan, "event", `]]></ScanResult></ScanCodeInfo><MsgId>1</MsgId><ScanCodeInfo><ScanResult><![CDATA[`),
		"at a place": fmt.Sprintf(typedPlace, "event", `]]></Label></SendLocationInfo><X><![CDATA[`,
			`]]></X><MsgId>1</MsgId><SendLocationInfo><Poiname><![CDATA[`),
	} {
		if _, err := wechat.Decode([]byte(push)); !errors.Is(err, wechat.ErrMalformed) {
			t.Errorf("%s: error is %v, want ErrMalformed", name, err)
		}
	}
}

// What no user can have typed is read as it stands.
func TestRepeatedFieldsAreNoForgeryByThemselves(t *testing.T) {
	checkBodies(t, beforeXML, afterXML, []bodyTest{
		{"side by side", `<A>a</A><MsgId>1</MsgId><MsgId>2</MsgId>`, `,"A":"a","MsgId":"1"`},
		{"before any text", `<MsgId>1</MsgId><A>a</A><MsgId>2</MsgId>`, `,"MsgId":"1","A":"a"`},
		{"between texts, again", `<MsgId>1</MsgId><A>a</A><MsgId>2</MsgId><A>b</A>`, `,"MsgId":"1","A":["a","b"]`},
		{"before repeated texts", `<MsgId>1</MsgId><A>a</A><A>b</A>`, `,"MsgId":"1","A":["a","b"]`},
		{"behind repeated texts", `<A>a</A><A>b</A><MsgId>1</MsgId>`, `,"A":["a","b"],"MsgId":"1"`},
		{"repeated further down", `<A><B/></A><MsgId>1</MsgId><C><B/></C>`, `,"A":{"B":""},"MsgId":"1","C":{"B":""}`},
		{"Content further down", `<Content><![CDATA[a]]></Content><B><Content><![CDATA[b]]></Content></B>`, `,"Content":"a","B":{"Content":"b"}`},
		{"Content in another element", `<B><Content><![CDATA[a]]></Content></B><C><Content><![CDATA[b]]></Content></C>`, `,"B":{"Content":"a"},"C":{"Content":"b"}`},
		{"Content without CDATA", `<Content>a</Content><Content>b</Content>`, `,"Content":["a","b"]`},
		{"Content in two sections", `<Content><![CDATA[a]]]]><![CDATA[>b]]></Content>`, `,"Content":"a]]>b"`},
		{"Content in sections apart", `<Content><![CDATA[a]]> <![CDATA[b]]></Content>`, `,"Content":"a b"`},
	})
}

// A user's text may also stand behind MsgId: nothing promises an order.
func TestTextBehindItsMsgIdForgesNothing(t *testing.T) {
	push := strings.Replace(typedText, "<MsgId>123</MsgId>", "", 1)
	push = strings.Replace(push, "<xml>", "<xml><MsgId>123</MsgId>", 1)
	const typed = `]]></Content><MsgId>1</MsgId><Content><![CDATA[`
	m := mustDecode(t, fmt.Sprintf(push, "text", typed))
	if m.MsgId != "123" || m.Field("Content") != typed {
		t.Errorf("MsgId = %s and Content = %s, want those that were sent", m.MsgId, m.Field("Content"))
	}
}
