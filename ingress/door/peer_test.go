package door_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// networks reads a list as it stands in the settings.
func networks(t *testing.T, list string) (n door.Networks) {
	t.Helper()
	if err := n.Decode(list); err != nil {
		t.Fatal(err)
	}
	return n
}

// The tests call from 127.0.0.1.
func TestPushesComeOnlyFromWhereTheyMay(t *testing.T) {
	nats := bustest.Start(t)
	const wechat, stranger = "203.0.113.7", "198.51.100.9"
	for _, tt := range []struct {
		name, allow, proxies string
		forwarded            []string
		want                 answer
	}{
		{"everybody", "", "", nil, success},
		{"a block", "127.0.0.0/8", "", nil, success},
		{"an address", "::1, 127.0.0.1", "", nil, success},
		{"IPv4 written as IPv6", "::ffff:127.0.0.1", "", nil, success},
		{"block of IPv4 written as IPv6", "::ffff:127.0.0.0/104", "", nil, success},
		{"another block", "203.0.113.0/24", "", nil, refused},
		{"another family", "::/0", "", nil, refused},
		{"header of a stranger", wechat, "", []string{wechat}, refused},
		{"header without a proxy", "127.0.0.1", "", []string{stranger}, success},

		{"behind a proxy", wechat, "127.0.0.1", []string{wechat}, success},
		{"stranger behind a proxy", wechat, "127.0.0.1", []string{stranger}, refused},
		{"stranger who names WeChat", wechat, "127.0.0.1", []string{wechat + ", " + stranger}, refused},
		{"stranger who names WeChat in a header of his own", wechat, "127.0.0.1", []string{wechat, stranger}, refused},
		{"stranger who names a proxy", wechat, "127.0.0.1,10.0.0.0/8", []string{wechat + ",10.0.0.1," + stranger}, refused},
		{"two proxies", wechat, "127.0.0.1,10.0.0.0/8", []string{stranger + ", " + wechat + " ,10.0.0.1"}, success},
		{"two proxies, a header each", wechat, "127.0.0.1,10.0.0.0/8", []string{wechat, "10.0.0.1"}, success},
		{"second proxy is not trusted", wechat, "127.0.0.1", []string{wechat + ", 10.0.0.1"}, refused},
		{"proxies only", "10.0.0.1", "127.0.0.1,10.0.0.0/8", []string{"10.0.0.1"}, success},
		{"proxy that says nothing", "127.0.0.1", "127.0.0.1", nil, success},
		{"proxy that says nothing is not WeChat", wechat, "127.0.0.1", nil, refused},
		{"IPv6 block", "2001:db8::/32", "127.0.0.1", []string{"2001:db8:1::7"}, success},
		{"IPv4 that comes as IPv6", wechat, "127.0.0.1", []string{"::ffff:" + wechat}, success},
		{"proxies that come as IPv6", wechat, "127.0.0.1,10.0.0.0/8", []string{wechat + ",::ffff:10.0.0.1"}, success},
		{"with a port", wechat, "127.0.0.1", []string{wechat + ":4711"}, success},
		{"IPv6 with a port", "2001:db8::7", "127.0.0.1", []string{"[2001:db8::7]:4711"}, success},
		{"IPv6 in brackets", "2001:db8::7", "127.0.0.1", []string{"[2001:db8::7]"}, success},
		{"IPv6 with a zone", "fe80::7", "127.0.0.1", []string{"fe80::7%eth0"}, success},
		{"no address", wechat, "127.0.0.1", []string{wechat + ", unknown"}, refused},
		{"no address counts as the proxy", "127.0.0.1", "127.0.0.1", []string{"_hidden"}, success},
		{"an empty entry", wechat, "127.0.0.1", []string{wechat + ", "}, refused},
		{"nothing but commas", wechat, "127.0.0.1", []string{",,,,"}, refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, nats, func(c *door.Config) {
				c.AllowFrom, c.TrustedProxies = networks(t, tt.allow), networks(t, tt.proxies)
			}).ready()
			r.header = http.Header{"X-Forwarded-For": tt.forwarded}
			if diff := cmp.Diff(tt.want, r.post("/wechat/plain", signed(text))); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("stored %d messages, want 1", got)
	}
}

// Who may not call learns nothing: not which accounts there are, nor which
// methods, and nothing of what he sends is read.
func TestWhoMayNotCallIsToldNothing(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.AllowFrom = networks(t, "203.0.113.7") })
	for _, tt := range []struct{ method, path string }{
		{"GET", "/wechat/main"},
		{"POST", "/wechat/main"},
		{"POST", "/wechat/nobody"},
		{"PUT", "/wechat/main"},
		{"GET", "/"},
	} {
		w := dial(t, r)
		w.say(bare(tt.method+" "+target(tt.path)+"&echostr=1 HTTP/1.1", "", "Host: door", "Content-Length: 9999999999"))
		if got, _ := w.hear(tt.method); got != refused {
			t.Errorf("%s %s = %+v, want %+v", tt.method, tt.path, got, refused)
		}
	}
	if !bookHas(r, `from=127.0.0.1 err="address is not in ALLOW_FROM`) {
		t.Errorf("the log does not say why:\n%s", r.log)
	}
}

func bookHas(r *rig, text string) bool { return r.log.Count(text) > 0 }

// A header that a stranger writes is not what the log calls him.
func TestLogNamesTheClientThatProxiesSaw(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.TrustedProxies = networks(t, "127.0.0.1") })
	r.header = http.Header{"X-Forwarded-For": {"192.0.2.1, 198.51.100.9"}, "X-Real-Ip": {"192.0.2.2"}}
	if got := r.post("/wechat/plain?x=1&", signed(text).with("nonce", "")); got != refused {
		t.Fatalf("answer = %+v", got)
	}
	if !bookHas(r, "from=198.51.100.9") {
		t.Errorf("the log names another:\n%s", r.log)
	}
}

func TestNetworksNameEveryFault(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ": "", "1.2.3.4": "", "1.2.3.4/8": "", "::1/128, 10.0.0.0/8": "",
		"1.2.3.4,":             `want addresses and blocks such as 101.226.103.0/25, not ""`,
		"1.2.3,4.5.6.7/33,::1": `want addresses and blocks such as 101.226.103.0/25, not "1.2.3", "4.5.6.7/33"`,
		"example.com":          `want addresses and blocks such as 101.226.103.0/25, not "example.com"`,
		"1.2.3.4 5.6.7.8":      `want addresses and blocks such as 101.226.103.0/25, not "1.2.3.4 5.6.7.8"`,
	} {
		got := ""
		if err := new(door.Networks).Decode(text); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
