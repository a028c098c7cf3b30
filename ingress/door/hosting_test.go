package door_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const (
	probe    = `{"action":"CheckContainerPath"}`
	probeXML = `<xml><action><![CDATA[CheckContainerPath]]></action></xml>`
)

func withHosting(c *door.Config) {
	c.Accounts["hosted"] = door.Account{AppID: appID, Token: token, CloudHosting: true}
	c.Accounts["sealed"] = door.Account{AppID: appID, Token: token, AESKey: aesKey, CloudHosting: true}
}

func TestProbeOfCloudHostingIsAnsweredOnlyThere(t *testing.T) {
	r := serve(t, bustest.Start(t), withHosting).ready()
	for _, tt := range []struct {
		name, path string
		body       string
		want       answer
	}{
		{"JSON", "/wechat/hosted", probe, success},
		{"XML", "/wechat/hosted", probeXML, success},
		{"in safe mode", "/wechat/sealed", probe, success},
		{"pretty", "/wechat/hosted/", "\ufeff {\n  \"action\" : \"CheckContainerPath\"\n}\n", success},
		{"account that is elsewhere", "/wechat/plain", probe, refused},
		{"another action", "/wechat/hosted", `{"action":"checkcontainerpath"}`, refused},
		{"action further in", "/wechat/hosted", `{"x":` + probe + `}`, refused},
		{"no object", "/wechat/hosted", `"CheckContainerPath"`, refused},
		{"long", "/wechat/hosted", probe + strings.Repeat(" ", 2000), refused},
		{"push", "/wechat/hosted", text, refused},
		{"nothing", "/wechat/hosted", "", refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			for _, p := range []push{{body: tt.body}, {body: tt.body, query: signed("").with("nonce", "1").query}} {
				if diff := cmp.Diff(tt.want, r.post(tt.path, p)); diff != "" {
					t.Error(diff)
				}
			}
			got, _ := r.do(http.MethodPost, tt.path, nil, &gate{Reader: strings.NewReader(tt.body), opened: make(chan struct{})})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("without a size: %s", diff)
			}
		})
	}
	if got := len(r.nats.Stored(bus.StreamIn)); got != 0 {
		t.Errorf("stored %d messages, want 0", got)
	}
}

// WeChat's own channel does not sign. Its header is no proof, as anybody can
// send it; it counts from where the operator says that the channel ends.
func TestUnsignedPushOfCloudHosting(t *testing.T) {
	nats := bustest.Start(t)
	source, sources := http.Header{"X-Wx-Source": {"wx_client"}}, http.Header{"X-Wx-Sources": {"other"}}
	for n, tt := range []struct {
		name, path, allow string
		header            http.Header
		query             push
		want              answer
	}{
		{"with header and address", "/wechat/hosted", "127.0.0.1", source, push{}, success},
		{"with the header's other name", "/wechat/hosted", "127.0.0.1", sources, push{}, success},
		{"with a signature that is none", "/wechat/hosted", "127.0.0.1", source, signed("").with("nonce", "1"), success},
		{"without the header", "/wechat/hosted", "127.0.0.1", nil, push{}, refused},
		{"from everywhere", "/wechat/hosted", "", source, push{}, refused},
		{"from elsewhere", "/wechat/hosted", "192.0.2.1", source, push{}, refused},
		{"to an account that is elsewhere", "/wechat/plain", "127.0.0.1", source, push{}, refused},
		{"in safe mode", "/wechat/sealed", "127.0.0.1", source, push{}, refused},
		{"signed all the same", "/wechat/hosted", "", nil, signed(""), success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, nats, func(c *door.Config) { withHosting(c); c.AllowFrom = networks(t, tt.allow) }).ready()
			r.header = tt.header
			before := len(nats.Stored(bus.StreamIn))
			for i, message := range []string{textNo(2 * n), strings.Replace(textNo(2*n+1), "你好", strings.Repeat("好", 900), 1)} {
				if diff := cmp.Diff(tt.want, r.post(tt.path, push{tt.query.query, message})); diff != "" {
					t.Errorf("%d: %s", i, diff)
				}
			}
			stored := 0
			if tt.want == success {
				stored = 2
			}
			if got := len(nats.Stored(bus.StreamIn)) - before; got != stored {
				t.Errorf("stored %d messages, want %d", got, stored)
			}
		})
	}
}
