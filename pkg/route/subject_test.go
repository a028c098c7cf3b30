package route_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	openID     = "oia2TjjewbmiOUlr6X-1crbLOvLw" // 3 of 16
	partitions = 16
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("CST", 8*60*60))

// decode reads a push that is known to be readable.
func decode(t testing.TB, push string) *wechat.Message {
	t.Helper()
	m, err := wechat.Decode([]byte(push))
	if err != nil {
		t.Fatalf("%s: %v", push, err)
	}
	return m
}

// subject returns where a push to account main is stored.
func subject(t testing.TB, push string) string {
	t.Helper()
	return route.Pack("main", decode(t, push), []byte(push), now).Subject(partitions)
}

// event returns a push of an event with that name.
func event(name string) string { return object("MsgType", "event", "Event", name) }

// object returns a push of openID with fields, given as name and value in turn.
func object(fields ...string) string {
	members := map[string]string{"FromUserName": openID}
	for i := 0; i < len(fields); i += 2 {
		members[fields[i]] = fields[i+1]
	}
	push, _ := json.Marshal(members)
	return string(push)
}

func TestSubjectOfMessages(t *testing.T) {
	tests := []struct{ msgType, want string }{
		{"text", "text"},
		{"image", "image"},
		{"voice", "voice"},
		{"video", "video"},
		{"shortvideo", "shortvideo"},
		{"location", "location"},
		{"link", "link"},
		{"miniprogrampage", "miniprogrampage"},
		{"transfer_customer_service", "transfer_customer_service"},
		{"invented-tomorrow_2", "invented-tomorrow_2"},
		{"TEXT", "text"},
		{"a b", "a_b"},
		{"a...b", "a_b"},
		{".", "_"},
		{">", "_"},
		{"", "_"},
		{"_", "_"},
		{"__", "__"},
		{"文本", "_"},
		{"\u0130\u212a", "_"}, // lower-casing is ASCII: neither becomes an i or a k
		{strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{strings.Repeat("A", 65), strings.Repeat("a", 64)},
		{strings.Repeat("a", 63) + "..b", strings.Repeat("a", 63) + "_"},

		// The words of the other branches, without being them.
		{"event", "event_"},
		{"EVENT", "event_"},
		{"info", "info_"},
		{"undecodable", "undecodable_"},
		{"Undecodable", "undecodable_"},
		{"events", "events"},
		{"info.authorized", "info_authorized"},
		{"event.subscribe", "event_subscribe"},
	}
	for _, tt := range tests {
		if got, want := subject(t, object("MsgType", tt.msgType)), "wechat.in.main.3."+tt.want; got != want {
			t.Errorf("MsgType %q is stored under %s, want %s", tt.msgType, got, want)
		}
	}
}

func TestSubjectOfEvents(t *testing.T) {
	tests := []struct{ event, want string }{
		{"subscribe", "subscribe"},
		{"unsubscribe", "unsubscribe"},
		{"SCAN", "scan"},
		{"LOCATION", "location"},
		{"CLICK", "click"},
		{"VIEW", "view"},
		{"scancode_push", "scancode_push"},
		{"scancode_waitmsg", "scancode_waitmsg"},
		{"pic_sysphoto", "pic_sysphoto"},
		{"pic_photo_or_album", "pic_photo_or_album"},
		{"pic_weixin", "pic_weixin"},
		{"location_select", "location_select"},
		{"view_miniprogram", "view_miniprogram"},
		{"TEMPLATESENDJOBFINISH", "templatesendjobfinish"},
		{"MASSSENDJOBFINISH", "masssendjobfinish"},
		{"subscribe_msg_popup_event", "subscribe_msg_popup_event"},
		{"PUBLISHJOBFINISH", "publishjobfinish"},
		{"kf_create_session", "kf_create_session"},
		{"qualification_verify_success", "qualification_verify_success"},
		{"invented_Tomorrow-2", "invented_tomorrow-2"},
		{"event", "event"},
		{"undecodable", "undecodable"},
		{"", "_"},
		{strings.Repeat("e", 200), strings.Repeat("e", 64)},
	}
	for _, tt := range tests {
		if got, want := subject(t, event(tt.event)), "wechat.in.main.3.event."+tt.want; got != want {
			t.Errorf("Event %q is stored under %s, want %s", tt.event, got, want)
		}
	}
}

func TestSubjectOfHostileEvents(t *testing.T) {
	tests := []struct{ event, want string }{
		{".", "_"},
		{"a.b", "a_b"},
		{"..a..", "_a_"},
		{"*", "_"},
		{">", "_"},
		{"subscribe.>", "subscribe_"},
		{"*.*.>", "_"},
		{" ", "_"},
		{"a b\tc", "a_b_c"},
		{"a\r\nPUB x 1\r\n", "a_pub_x_1_"},
		{"\x00\x1f\x7f", "_"},
		{"关注", "_"},
		{"a关注b", "a_b"},
		{"😀", "_"},
		{"\u200b\u2028a", "_a"},
		{"$JS.API.STREAM.DELETE.WECHAT_IN", "_js_api_stream_delete_wechat_in"},
		{"{{wildcard(1)}}", "_wildcard_1_"},
		{"a/b\\c\"d'e", "a_b_c_d_e"},
	}
	for _, tt := range tests {
		if got, want := subject(t, event(tt.event)), "wechat.in.main.3.event."+tt.want; got != want {
			t.Errorf("Event %q is stored under %s, want %s", tt.event, got, want)
		}
	}
}

func TestSubjectOfOtherPushes(t *testing.T) {
	tests := []struct{ name, push, want string }{
		{"XML text", `<xml><FromUserName><![CDATA[` + openID + `]]></FromUserName><MsgType><![CDATA[text]]></MsgType></xml>`, "3.text"},
		{"XML event", `<xml><FromUserName>` + openID + `</FromUserName><MsgType>event</MsgType><Event><![CDATA[a.>]]></Event></xml>`, "3.event.a_"},
		{"XML event without a name", `<xml><MsgType>event</MsgType><Event></Event></xml>`, "5.event._"},
		{"third-party platform", `<xml><AppId>wx1</AppId><InfoType>component_verify_ticket</InfoType></xml>`, "5.info.component_verify_ticket"},
		{"third-party platform, hostile", `{"InfoType":"a.> b"}`, "5.info.a_b"},
		{"InfoType without a name", `{"InfoType":""}`, "5.info._"},
		{"MsgType before InfoType", `{"MsgType":"text","InfoType":"authorized"}`, "5.text"},
		{"Event beside another MsgType", `{"MsgType":"text","Event":"CLICK"}`, "5.text"},
		{"Event beside InfoType", `{"InfoType":"authorized","Event":"CLICK"}`, "5.info.authorized"},
		{"no user", `{"MsgType":"text"}`, "5.text"},
		{"user without a name", `{"MsgType":"text","FromUserName":""}`, "5.text"},
		{"first MsgType counts", `{"MsgType":"text","MsgType":"event","Event":"CLICK"}`, "5.text"},
		{"first user counts", `{"MsgType":"text","FromUserName":"` + openID + `","FromUserName":"a"}`, "3.text"},
	}
	for _, tt := range tests {
		if got, want := subject(t, tt.push), "wechat.in.main."+tt.want; got != want {
			t.Errorf("%s: stored under %s, want %s", tt.name, got, want)
		}
	}
	if got := route.PackUndecodable("main", []byte("<xml"), now).Subject(partitions); got != "wechat.in.main.5.undecodable" {
		t.Errorf("undecodable: stored under %s", got)
	}
}
