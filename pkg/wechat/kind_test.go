package wechat_test

import (
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
)

type kind = wechat.Kind

func TestKindIsTheNameThatWasSent(t *testing.T) {
	long := strings.Repeat("a", 70)
	for _, tt := range []struct {
		name, in string
		want     kind
	}{
		{"message", `{"MsgType":"text"}`, wechat.KindText},
		{"upper case", `{"MsgType":"ShortVideo"}`, wechat.KindShortVideo},
		{"event", `{"MsgType":"event","Event":"SCAN"}`, wechat.EventScan},
		{"event and message of one name", `{"MsgType":"event","Event":"LOCATION"}`, wechat.EventLocation},
		{"message and event of one name", `{"MsgType":"location"}`, wechat.KindLocation},
		{"mixed case", `{"MsgType":"Event","Event":"WifiConnected"}`, "event.wificonnected"},
		{"unheard-of", `{"MsgType":"event","Event":"new_2031-a"}`, "event.new_2031-a"},
		{"third-party platform", `{"InfoType":"component_verify_ticket"}`, "info.component_verify_ticket"},
		{"MsgType before InfoType", `{"InfoType":"authorized","MsgType":"text"}`, wechat.KindText},
		{"Event of another MsgType", `{"MsgType":"device_event","Event":"bind"}`, "device_event"},
		{"number", `{"MsgType":42}`, "42"},

		{"event without Event", `{"MsgType":"event"}`, "event_"},
		{"event with an Event that is no name", `{"MsgType":"event","Event":{}}`, "event_"},
		{"MsgType info", `{"MsgType":"INFO"}`, "info_"},
		{"MsgType undecodable", `{"MsgType":"undecodable","Event":"a"}`, "undecodable_"},
		{"Event called event", `{"MsgType":"event","Event":"event"}`, "event.event"},
		{"InfoType called info", `{"InfoType":"info"}`, "info.info"},

		{"empty MsgType", `{"MsgType":""}`, "_"},
		{"empty Event", `{"MsgType":"event","Event":""}`, "event._"},
		{"empty InfoType", `{"InfoType":""}`, "info._"},
		{"grammar of subjects", `{"MsgType":"event","Event":"a.b.*.>"}`, "event.a_b_"},
		{"nothing but dots", `{"MsgType":"..."}`, "_"},
		{"one underscore for a run", `{"MsgType":" a \u0000\r\nb"}`, "_a_b"},
		{"underscores that were sent stay", `{"MsgType":"a__b_.c"}`, "a__b__c"},
		{"Chinese", `{"MsgType":"文本a本文"}`, "_a_"},
		{"lower-casing is ASCII", `{"MsgType":"ÄKA"}`, "_ka"},
		{"Kelvin is no K", `{"MsgType":"a\u212Ab"}`, "a_b"},
		{"64 characters", `{"MsgType":"` + long[:64] + `"}`, kind(long[:64])},
		{"over 64 characters", `{"MsgType":"event","Event":"` + long + `"}`, kind("event." + long[:64])},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustDecode(t, tt.in).Kind(); got != tt.want {
				t.Errorf("Kind = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		pattern, other kind
		want           bool
	}{
		{wechat.KindText, wechat.KindText, true},
		{wechat.KindText, wechat.KindVoice, false},
		{wechat.KindText, "text2", false},
		{wechat.KindLocation, wechat.EventLocation, false},
		{wechat.EventClick, wechat.EventClick, true},
		{wechat.AnyEvent, wechat.EventClick, true},
		{wechat.AnyEvent, "event.new", true},
		{wechat.AnyEvent, "event_", false},
		{wechat.AnyEvent, wechat.KindText, false},
		{wechat.AnyEvent, "info.authorized", false},
		{wechat.AnyKind, wechat.KindText, true},
		{wechat.AnyKind, wechat.EventClick, true},
		{wechat.AnyKind, wechat.Undecodable, true},
		{wechat.EventClick, wechat.AnyEvent, false},
		{"info.>", "info.authorized", true},
	} {
		if got := tt.pattern.Covers(tt.other); got != tt.want {
			t.Errorf("%q covers %q: got %t, want %t", tt.pattern, tt.other, got, tt.want)
		}
	}
}
