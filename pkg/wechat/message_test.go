package wechat_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestFieldGivesTextsAndNumbers(t *testing.T) {
	m := mustDecode(t, `{"MsgType":"text","CreateTime":5,"MsgId":7,"Content":"\u4f60\"好","n":-1.50e3,"empty":"","t":true,"z":null,`+
		`"o":{"a":"1","b":{"c":2},"a":"3"},"l":["x",{"a":"y"}],"\u006b":"v","":"e"}`)
	for _, tt := range []struct {
		path []string
		want string
	}{
		{[]string{"Content"}, `你"好`},
		{[]string{"CreateTime"}, "5"},
		{[]string{"MsgId"}, "7"},
		{[]string{"n"}, "-1.50e3"},
		{[]string{"empty"}, ""},
		{[]string{"k"}, "v"},
		{[]string{""}, "e"},
		{[]string{"o", "a"}, "1"},
		{[]string{"o", "b", "c"}, "2"},

		{[]string{"content"}, ""},
		{[]string{"absent"}, ""},
		{[]string{"absent", "a"}, ""},
		{[]string{"t"}, ""},
		{[]string{"z"}, ""},
		{[]string{"o"}, ""},
		{[]string{"l"}, ""},
		{[]string{"l", "a"}, ""},
		{[]string{"Content", "a"}, ""},
		{[]string{"a"}, ""},
		{nil, ""},
	} {
		if got := m.Field(tt.path...); got != tt.want {
			t.Errorf("Field(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
	if got := new(wechat.Message).Field("a"); got != "" {
		t.Errorf("Field of a Message without Body = %q, want nothing", got)
	}
}

func TestFieldReadsNestedXML(t *testing.T) {
	m := decodeFile(t, "testdata/event.scancode_waitmsg.xml")
	if got, want := m.Field("ScanCodeInfo", "ScanResult"), "https://example.com/t/1?a=1&b=2"; got != want {
		t.Errorf("ScanResult = %q, want %q", got, want)
	}
}

func TestUnmarshalReadsTheWholeBody(t *testing.T) {
	type picture struct{ PicMd5Sum string }
	type picks struct {
		FromUserName string
		CreateTime   int64
		EventKey     string
		SendPicsInfo struct {
			Count   json.Number
			PicList struct {
				Item []picture `json:"item"`
			}
		}
	}
	want := picks{FromUserName: "oAbCdEfGhIjKlMnOpQrStUvWxYz1", CreateTime: 1720000108, EventKey: "k_photo"}
	want.SendPicsInfo.Count = "1"
	want.SendPicsInfo.PicList.Item = []picture{{"0cc175b9c0f1b6a831c399e269772661"}}

	var got picks
	if err := decodeFile(t, "testdata/event.pic_sysphoto.xml").Unmarshal(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unmarshal (-want +got):\n%s", diff)
	}
	if err := mustDecode(t, `{"MsgType":"text","Content":"a"}`).Unmarshal(&struct{ Content int }{}); err == nil {
		t.Error("Unmarshal of a text into an int gives no error")
	}
}

func TestTimeIsCreateTime(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		create int64
		want   time.Time
		ok     bool
	}{
		{"seconds", 1720000001, time.Date(2024, 7, 3, 9, 46, 41, 0, time.UTC), true},
		{"first", 1, time.Unix(1, 0).UTC(), true},
		{"last", last.Unix(), last, true},
		{"absent", 0, time.Time{}, false},
		{"negative", -1, time.Time{}, false},
		{"milliseconds", 1720000001000000, time.Time{}, false},
		{"year 10000", last.Unix() + 1, time.Time{}, false},
	} {
		m := wechat.Message{CreateTime: tt.create}
		if got, ok := m.Time(); got != tt.want || ok != tt.ok {
			t.Errorf("%s: Time = %v, %t; want %v, %t", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestLooksLikeXML(t *testing.T) {
	for push, want := range map[string]bool{
		"<xml/>": true, "\ufeff\r\n <": true, "<": true,
		"": false, "{}": false, " {\"a\":\"<\"}": false, "text <xml/>": false, "\u00a0<xml/>": false,
	} {
		if got := wechat.LooksLikeXML([]byte(push)); got != want {
			t.Errorf("LooksLikeXML(%q) = %t, want %t", push, got, want)
		}
	}
}

func TestLookupFindsOneFieldOfAnyPush(t *testing.T) {
	for _, tt := range []struct {
		name, push string
		want       string
		found      bool
	}{
		{"XML", "\ufeff\n<xml><A>x</A><Encrypt><![CDATA[ab+/=]]></Encrypt></xml>", "ab+/=", true},
		{"XML without MsgType", `<a><Encrypt>b</Encrypt></a>`, "b", true},
		{"XML, first counts", `<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>`, "a", true},
		{"XML, empty", `<xml><Encrypt/></xml>`, "", true},
		{"XML, absent", `<xml><A/></xml>`, "", false},
		{"XML, another case", `<xml><encrypt>a</encrypt></xml>`, "", false},
		{"XML, further down", `<xml><A><Encrypt>a</Encrypt></A></xml>`, "", false},
		{"XML, the root itself", `<Encrypt>a</Encrypt>`, "", false},
		{"XML, in a text", `<xml><Content><![CDATA[<Encrypt>a</Encrypt>]]></Content></xml>`, "", false},
		{"XML, typed", `<xml><Content><![CDATA[]]></Content><Encrypt>a</Encrypt><Content><![CDATA[]]></Content><Encrypt>b</Encrypt></xml>`, "b", true},
		{"XML, broken", `<xml><Encrypt>a</Encrypt>`, "", false},
		{"JSON", " {\"A\":1,\"Encrypt\":\"ab+\\/=\"} ", "ab+/=", true},
		{"JSON, escaped name", `{"\u0045ncrypt":"a"}`, "a", true},
		{"JSON, first counts", `{"Encrypt":"a","Encrypt":"b"}`, "a", true},
		{"JSON, number", `{"Encrypt":12}`, "12", true},
		{"JSON, no text", `{"Encrypt":{"a":"b"}}`, "", true},
		{"JSON, absent", `{"A":{"Encrypt":"a"}}`, "", false},
		{"JSON, broken", `{"Encrypt":"a"`, "", false},
		{"JSON array", `["Encrypt","a"]`, "", false},
		{"nothing", ``, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, found := wechat.Lookup([]byte(tt.push), "Encrypt")
			if string(got) != tt.want || found != tt.found {
				t.Errorf("Lookup = %q, %t; want %q, %t", got, found, tt.want, tt.found)
			}
		})
	}
}

// The stream keeps Body alone: a worker must read from it what the ingress saw.
func TestDecodeOfBodyChangesNothing(t *testing.T) {
	for _, push := range []string{
		`<xml><MsgType>text</MsgType><FromUserName>` + "\xff\xfe" + `</FromUserName></xml>`,
		`{"MsgType":"text","FromUserName":"` + "\xff\xfe" + `"}`,
		`{"MsgType":"\ud800","MsgId":"\u003c"}`,
		`<xml><InfoType>a</InfoType><InfoType>b</InfoType></xml>`,
		`<xml><MsgType>event</MsgType><Event>a<b/></Event></xml>`,
		`<xml><MsgType>text</MsgType><CreateTime>1e3</CreateTime></xml>`,
	} {
		first := mustDecode(t, push)
		again := mustDecode(t, string(first.Body))
		if diff := cmp.Diff(routing(first), routing(again)); diff != "" {
			t.Errorf("%s: routing fields (-push +Body):\n%s", push, diff)
		}
		if string(first.Body) != string(again.Body) {
			t.Errorf("Body is %s, then %s", first.Body, again.Body)
		}
	}
}
