package wechat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// reading is all that the methods of a Value say.
type reading struct {
	Text   string
	Int    int64
	Float  float64
	Bool   bool
	Time   time.Time
	Exists bool
}

func TestValueReadsWhatWeChatWrites(t *testing.T) {
	for _, tt := range []struct {
		json string
		want reading
	}{
		{`"你好"`, reading{Text: "你好", Exists: true}},
		{`"\u4f60\n\"<"`, reading{Text: "你\n\"<", Exists: true}},
		{`" a "`, reading{Text: " a ", Exists: true}},
		{`""`, reading{Exists: true}},
		{`" \n"`, reading{Text: " \n", Exists: true}},
		{`null`, reading{}},
		{`{}`, reading{Exists: true}},
		{`{"a":1}`, reading{Exists: true}},
		{`[]`, reading{Exists: true}},
		{`[null]`, reading{Exists: true}},
		{`["1","2"]`, reading{Exists: true}},
		{`["1"]`, reading{Text: "1", Int: 1, Float: 1, Bool: true, Time: at(1), Exists: true}},
		{`[ [ [ "1" ] , null ] ]`, reading{Text: "1", Int: 1, Float: 1, Bool: true, Time: at(1), Exists: true}},
		{`1`, reading{Text: "1", Int: 1, Float: 1, Bool: true, Time: at(1), Exists: true}},
		{`" 1\r\n"`, reading{Text: " 1\r\n", Int: 1, Float: 1, Bool: true, Time: at(1), Exists: true}},
		{`"+1"`, reading{Text: "+1", Int: 1, Float: 1, Time: at(1), Exists: true}},
		{`1.0`, reading{Text: "1.0", Int: 1, Float: 1, Time: at(1), Exists: true}},
		{`0`, reading{Text: "0", Exists: true}},
		{`"0"`, reading{Text: "0", Exists: true}},
		{`-7`, reading{Text: "-7", Int: -7, Float: -7, Exists: true}},
		{`1e3`, reading{Text: "1e3", Int: 1000, Float: 1000, Time: at(1000), Exists: true}},
		{`1e300`, reading{Text: "1e300", Float: 1e300, Exists: true}},
		{`1e999`, reading{Text: "1e999", Exists: true}},
		{`"31.230416"`, reading{Text: "31.230416", Float: 31.230416, Exists: true}},
		{`3705115058471208929`, reading{Text: "3705115058471208929", Int: 3705115058471208929, Float: 3705115058471208929, Exists: true}},
		{`"9223372036854775807"`, reading{Text: "9223372036854775807", Int: 9223372036854775807, Float: 9223372036854775807, Exists: true}},
		{`18446744073709551615`, reading{Text: "18446744073709551615", Float: 18446744073709551615, Exists: true}},
		{`1720000001`, reading{Text: "1720000001", Int: 1720000001, Float: 1720000001, Time: at(1720000001), Exists: true}},
		{`"1720000001"`, reading{Text: "1720000001", Int: 1720000001, Float: 1720000001, Time: at(1720000001), Exists: true}},
		{`true`, reading{Text: "true", Bool: true, Exists: true}},
		{`"true"`, reading{Text: "true", Bool: true, Exists: true}},
		{`"True"`, reading{Text: "True", Bool: true, Exists: true}},
		{`false`, reading{Text: "false", Exists: true}},
		{`"false"`, reading{Text: "false", Exists: true}},
		{`"MENUID"`, reading{Text: "MENUID", Exists: true}},
		{`"12a"`, reading{Text: "12a", Exists: true}},
		{`"0x10"`, reading{Text: "0x10", Exists: true}},
		{`"1_000"`, reading{Text: "1_000", Exists: true}},
		{`"Inf"`, reading{Text: "Inf", Exists: true}},
		{`"NaN"`, reading{Text: "NaN", Exists: true}},
		{`"１"`, reading{Text: "１", Exists: true}},
	} {
		m := mustDecode(t, `{"MsgType":"x","A": `+tt.json+` ,"a":"other"}`)
		v := m.Value("A")
		got := reading{v.Text(), v.Int(), v.Float(), v.Bool(), v.Time(), v.Exists()}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.json, diff)
		}
	}
}

func TestValueListsWhatWeChatRepeats(t *testing.T) {
	for _, tt := range []struct {
		json string
		want string // the texts of the entries, or of their member a
	}{
		{`null`, ``},
		{`""`, ``},
		{`"  "`, ``},
		{`[]`, ``},
		{`[null,"",[]]`, ``},
		{`"x"`, `x`},
		{`5`, `5`},
		{`true`, `true`},
		{`{"a":"x"}`, `x`},
		{`["x","y"]`, `x,y`},
		{`["","x",null]`, `x`},
		{`[{"a":"x"},{"a":"y"}]`, `x,y`},
		{`[[{"a":"x"}],[{"a":"y"}]]`, `x,y`},
		{`{"item":[{"a":"x"},{"a":"y"}]}`, `x,y`},
		{`{"item":{"a":"x"}}`, `x`},
		{`{"item":"x"}`, `x`},
		{`{"item":[]}`, ``},
		{`{"item":null}`, ``},
		{`{"item":""}`, ``},
		{`{"count":2,"item":["x","y"]}`, `x,y`},
		{`[{"item":["x"]},"",{"item":["y","z"]}]`, `x,y,z`},
	} {
		var texts []string
		for _, entry := range mustDecode(t, `{"MsgType":"x","A":`+tt.json+`}`).Value("A").List() {
			texts = append(texts, entry.Text()+entry.Get("a").Text())
		}
		if got := strings.Join(texts, ","); got != tt.want {
			t.Errorf("%s lists %s, want %s", tt.json, got, tt.want)
		}
	}
}

func TestValueIsFoundByItsExactPath(t *testing.T) {
	m := mustDecode(t, `{"MsgType":"x","MsgID":5,"a":{"b":[{"c":1},{"c":2},{"d":3}],"n":null},"":{"":"e"},"x":{"\u0062\n":"f","q":1}}`)
	for _, tt := range []struct {
		path []string
		want string
	}{
		{[]string{"MsgID"}, "5"},
		{[]string{"MsgId"}, ""},
		{[]string{"a", "b", "d"}, "3"},
		{[]string{"a", "b", "c"}, ""}, // two of them
		{[]string{"a", "B"}, ""},
		{[]string{"a", "n", "x"}, ""},
		{[]string{"MsgID", "x"}, ""},
		{[]string{"", ""}, "e"},
		{[]string{"x", "b\n"}, "f"},
		{[]string{"x", `\u0062\n`}, ""},
	} {
		if got := m.Value(tt.path...).Text(); got != tt.want {
			t.Errorf("Value(%q) is %q, want %q", tt.path, got, tt.want)
		}
	}
	var all []int64
	for _, c := range m.Value("a", "b", "c").List() {
		all = append(all, c.Int())
	}
	if diff := cmp.Diff([]int64{1, 2}, all); diff != "" {
		t.Errorf("c of every b (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoMessageHasNoValues(t *testing.T) {
	var none *wechat.Message
	for _, m := range []*wechat.Message{
		none, {}, {Body: []byte(`{"A"`)}, {Body: []byte(`<xml><A>1</A></xml>`)}, {Body: []byte(`{"A":1`)}, {Body: []byte(`[1]`)},
	} {
		if v := m.Value("A"); v.Exists() || v.Text() != "" || v.List() != nil || v.Get("B").Exists() {
			t.Errorf("%+v has a value", m)
		}
	}
	byHand := &wechat.Message{Body: []byte(" {\"A\" : 1} ")}
	if got := byHand.Value("A").Int(); got != 1 {
		t.Errorf("a Body made by hand gives %d, want 1", got)
	}
}

// A list may be as deep as JSON allows: it costs no more than its length.
func TestDeepListsAreFlat(t *testing.T) {
	const depth = 9000
	m := mustDecode(t, `{"MsgType":"x","A":`+strings.Repeat("[", depth)+`"x","y"`+strings.Repeat("]", depth)+`}`)
	if got := m.Value("A").List(); len(got) != 2 || got[1].Text() != "y" {
		t.Errorf("%d entries, want x and y", len(got))
	}
}
