package route_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// pack wraps a push to account main that can be decoded.
func pack(t testing.TB, push string) *route.Envelope {
	t.Helper()
	return route.Pack("main", decode(t, push), []byte(push), now)
}

func TestID(t *testing.T) {
	tests := []struct{ name, push, want string }{
		{"MsgId", `{"MsgType":"text","FromUserName":"o1","MsgId":"6054768590064713728"}`, "main:o1:6054768590064713728"},
		{"MsgId as a number", `{"MsgType":"text","FromUserName":"o1","MsgId":6054768590064713728}`, "main:o1:6054768590064713728"},
		{"MsgId in XML", `<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId></xml>`, "main:o1:1"},
		{"MsgId of an event", `{"MsgType":"event","Event":"a","FromUserName":"o1","MsgId":"7"}`, "main:o1:7"},
		{"MsgId without a user", `{"MsgType":"text","MsgId":"7"}`, "main::7"},
		// The hashes are those of: printf '%s' '<push>' | sha256sum | cut -c -32
		{"no MsgId", `{"MsgType":"event","Event":"a"}`, "main:8e4af280f43c00b3497c097ec3ba6ec5"},
		{"empty MsgId", `{"MsgType":"text","MsgId":""}`, "main:b1668bb3f26620d2d65b604d9408cd64"},
		{"empty MsgId in XML", `<xml><MsgType>text</MsgType><MsgId></MsgId></xml>`, "main:6da6c26aa6c1963be6a56a235a6ad140"},
		{"MsgId that is nothing", `{"MsgType":"text","MsgId":null}`, "main:5fa669dfd78c64f33ab0e0e15f0a0b3b"},
	}
	for _, tt := range tests {
		if got := pack(t, tt.push).ID; got != tt.want {
			t.Errorf("%s: ID %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A retry in safe mode has another ciphertext, arrives later, and is the same
// message once it is open.
func TestARetryHasTheSameID(t *testing.T) {
	const click = `<xml><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>CLICK</Event><EventKey>a</EventKey></xml>`
	first := pack(t, click)
	retry := route.Pack("main", decode(t, click), []byte(click), now.Add(time.Hour))
	if first.ID != retry.ID {
		t.Errorf("IDs %s and %s, want the same", first.ID, retry.ID)
	}
}

func TestOtherPushesHaveOtherIDs(t *testing.T) {
	const text = `{"MsgType":"text","FromUserName":"o1","CreateTime":1,"MsgId":"1"}`
	const click = `{"MsgType":"event","Event":"CLICK","FromUserName":"o1","CreateTime":1,"EventKey":"a"}`
	ids := map[string]string{}
	add := func(name string, e *route.Envelope) {
		if other, taken := ids[e.ID]; taken {
			t.Errorf("%s has the ID of %s: %s", name, other, e.ID)
		}
		ids[e.ID] = name
	}
	add("a text", pack(t, text))
	add("the next text", pack(t, strings.Replace(text, `"1"`, `"2"`, 1)))
	add("another user's text with the same number", pack(t, strings.Replace(text, "o1", "o2", 1)))
	add("another account's text", route.Pack("shop", decode(t, text), []byte(text), now))
	add("an event", pack(t, click))
	add("another event of the same second", pack(t, strings.Replace(click, `"a"`, `"b"`, 1)))
	add("another account's event", route.Pack("shop", decode(t, click), []byte(click), now))
	add("what cannot be decoded", route.PackUndecodable("main", []byte("a"), now))
	add("what else cannot", route.PackUndecodable("main", []byte("b"), now))
}

func TestHeader(t *testing.T) {
	const id = "main:" + openID + ":6054768590064713728"
	push := `{"ToUserName":"gh_7f083739789a","FromUserName":"` + openID + `","CreateTime":1408091189,"MsgType":"text","Content":"你好","MsgId":"6054768590064713728"}`
	want := map[string][]string{
		"ce-specversion":     {"1.0"},
		"ce-id":              {id},
		"ce-source":          {"/wechat/main"},
		"ce-type":            {"wechat.text"},
		"ce-subject":         {openID},
		"ce-time":            {"2014-08-15T08:26:29Z"},
		"ce-datacontenttype": {"application/json"},
		"Nats-Msg-Id":        {id},
	}
	if diff := cmp.Diff(want, pack(t, push).Header()); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderOfOtherPushes(t *testing.T) {
	tests := []struct {
		name string
		e    *route.Envelope
		want map[string][]string
	}{
		{"event", pack(t, event("CLICK")), map[string][]string{"ce-type": {"wechat.event.click"}, "ce-subject": {openID}}},
		{"info", pack(t, `{"InfoType":"authorized"}`), map[string][]string{"ce-type": {"wechat.info.authorized"}, "ce-subject": nil}},
		{"no user", pack(t, `{"MsgType":"text","FromUserName":""}`), map[string][]string{"ce-subject": nil}},
		{"no time", pack(t, `{"MsgType":"text"}`), map[string][]string{"ce-time": {"2026-01-01T19:04:05Z"}}},
		{"time that says nothing", pack(t, `{"MsgType":"text","CreateTime":"soon"}`), map[string][]string{"ce-time": {"2026-01-01T19:04:05Z"}}},
		{"time out of range", pack(t, `{"MsgType":"text","CreateTime":99999999999999}`), map[string][]string{"ce-time": {"2026-01-01T19:04:05Z"}}},
		{"account", route.PackUndecodable("shop-2", nil, now), map[string][]string{"ce-source": {"/wechat/shop-2"}}},
		{"undecodable", route.PackUndecodable("main", []byte("<xml"), now), map[string][]string{
			"ce-specversion": {"1.0"}, "ce-type": {"wechat.undecodable"}, "ce-subject": nil, "ce-time": {"2026-01-01T19:04:05Z"},
			"ce-datacontenttype": {"application/xml"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := tt.e.Header()
			for name, want := range tt.want {
				if diff := cmp.Diff(want, header[name]); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			if diff := cmp.Diff(header["ce-id"], header["Nats-Msg-Id"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHeadersArePercentEncoded(t *testing.T) {
	tests := []struct{ user, want string }{
		{"o6_bmjrPTlm6-2sgVt7hMZOPfL2M", "o6_bmjrPTlm6-2sgVt7hMZOPfL2M"},
		{"a:b/c?d=e&f+g", "a:b/c?d=e&f+g"},
		{"100%", "100%25"},
		{"%41", "%2541"},
		{"a b", "a%20b"},
		{`a"b`, "a%22b"},
		{"a\r\nce-id: forged", "a%0D%0Ace-id:%20forged"},
		{"\x00\t\x7f", "%00%09%7F"},
		{"用户", "%E7%94%A8%E6%88%B7"},
		{"😀", "%F0%9F%98%80"},
		{"\u0080ÿ", "%C2%80%C3%BF"},
		{"\xff\x80", "%FF%80"},
	}
	for _, tt := range tests {
		e := &route.Envelope{Account: "main", OpenID: tt.user, Kind: wechat.KindText, ID: "main:" + tt.user + ":1"}
		header := e.Header()
		want := map[string][]string{"ce-subject": {tt.want}, "ce-id": {"main:" + tt.want + ":1"}, "Nats-Msg-Id": {"main:" + tt.want + ":1"}}
		for name := range want {
			if diff := cmp.Diff(want[name], header[name]); diff != "" {
				t.Errorf("%s of %q: %s", name, tt.user, diff)
			}
		}
	}
}

func TestUnpackReturnsWhatWasPacked(t *testing.T) {
	for name, push := range map[string]string{
		"XML text":        `<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>5</CreateTime><MsgType>text</MsgType><Content><![CDATA[<你> & "好"]]></Content><MsgId>12345678901234567890</MsgId></xml>`,
		"JSON text":       `{"FromUserName":"o1","MsgType":"text","Content":"你好\n","MsgId":12345678901234567890}`,
		"event":           event("CLICK"),
		"unknown fields":  `{"MsgType":"new","A":{"B":[1,2.50,null]},"C":true}`,
		"info":            `{"InfoType":"authorized","AppId":"wx1"}`,
		"nameless":        `{"MsgType":""}`,
		"event by no one": `{"MsgType":"event"}`,
	} {
		t.Run(name, func(t *testing.T) {
			e := pack(t, push)
			address, err := route.ParseIn(e.Subject(partitions))
			if err != nil {
				t.Fatal(err)
			}
			got, err := route.Unpack(address, e.Header(), e.Body)
			if err != nil {
				t.Fatal(err)
			}
			want := decode(t, push)
			want.Account, want.ID = "main", e.ID
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(wechat.Message{})); diff != "" {
				t.Error(diff)
			}
			if got.Kind() != e.Kind || got.Kind() != address.Kind {
				t.Errorf("kind %s, packed as %s under %s", got.Kind(), e.Kind, address.Kind)
			}
		})
	}
}

func TestUnpackOfWhatIsPublishedByHand(t *testing.T) {
	address := route.Address{Account: "shop", Partition: 1, Kind: "text"}
	got, err := route.Unpack(address, nil, []byte(`{"MsgType":"text","Content":"a"}`))
	if err != nil || got.Account != "shop" || got.ID != "" || got.Field("Content") != "a" {
		t.Errorf("Unpack = %+v, %v", got, err)
	}
	for _, body := range []string{"", "{", "[]", "null", "a", `{"Content":"a"}`} {
		if got, err := route.Unpack(address, nil, []byte(body)); !errors.Is(err, wechat.ErrMalformed) || got != nil {
			t.Errorf("Unpack of %q = %v, %v, want ErrMalformed", body, got, err)
		}
	}
}

func TestPackUndecodable(t *testing.T) {
	tests := []struct{ body, want string }{
		{"<xml><a></b></xml>", "application/xml"},
		{"<", "application/xml"},
		{"\xef\xbb\xbf \r\n\t<xml", "application/xml"},
		{"{", "application/json"},
		{`{"a":1}`, "application/json"},
		{" \n[1]", "application/json"},
		{"a<b", "application/json"},
		{"\x00\xff", "application/json"},
		{"", "application/json"},
	}
	for _, tt := range tests {
		got := route.PackUndecodable("main", []byte(tt.body), now)
		id := "main:" + fmt.Sprintf("%x", sha256.Sum256([]byte(tt.body)))[:32]
		want := &route.Envelope{Account: "main", Kind: wechat.Undecodable, ID: id, Time: now, Type: tt.want, Body: []byte(tt.body)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", tt.body, diff)
		}
	}
}
