package route_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/route"
)

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		filter, subject string
		want            bool
	}{
		{"wechat.in.*.*.text", "wechat.in.main.7.text", true},
		{"wechat.in.*.*.text", "wechat.in.main.7.image", false},
		{"wechat.in.*.*.text", "wechat.in.main.7.text.more", false},
		{"wechat.in.*.*.text", "wechat.in.main.7", false},
		{"wechat.in.*.*.event.>", "wechat.in.main.7.event.click", true},
		{"wechat.in.*.*.event.>", "wechat.in.main.7.event", false},
		{">", "wechat.out.main.3", true},
		{"wechat.retry.echo.>", "wechat.retry.echo.>", true},
		{"wechat.retry.echo.*", "wechat.retry.echo.>", false},
		{"wechat.retry.echo.main.7.text", "wechat.retry.echo.>", false},
	} {
		if got := route.Covers(tt.filter, tt.subject); got != tt.want {
			t.Errorf("Covers(%s, %s) = %v", tt.filter, tt.subject, got)
		}
	}
}

func TestDecodeReadsWhatEncodeWrote(t *testing.T) {
	for _, value := range []string{"", openID, "a b%c\"d\n", "用户+1", "100%"} {
		if got := route.Decode(route.Encode(value)); got != value {
			t.Errorf("Decode(Encode(%q)) = %q", value, got)
		}
	}
	if got := route.Decode("100%"); got != "100%" {
		t.Errorf("Decode of what is not encoded = %q", got)
	}
}

func TestOwnHeaders(t *testing.T) {
	header := map[string][]string{
		"ce-id": {"a"}, "traceparent": {"b"}, "Wechat-In-Reply-To": {"c"}, "X-Own": {"d", "e"}, "Wechat-Replay": {"live"},
		"Nats-Msg-Id": {"x"}, "Nats-Expected-Stream": {"x"}, "Nats-Stream-Source": {"x"}, "Dead-Reason": {"x"}, "Wechat-Held-Id": {"x"},
	}
	before := len(header)
	want := map[string][]string{
		"ce-id": {"a"}, "traceparent": {"b"}, "Wechat-In-Reply-To": {"c"}, "X-Own": {"d", "e"}, "Wechat-Replay": {"live"},
	}
	if diff := cmp.Diff(want, route.Own(header)); diff != "" || len(header) != before {
		t.Errorf("of %d headers: %s", before, diff)
	}
}
