package door_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// limited returns how many requests of the process were past the limit.
func limited(t *testing.T) (sum float64) {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "wxbus_ingress_limited_total" {
			for _, metric := range family.GetMetric() {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// failUntilLimited sends unsigned requests until one is past the limit.
func failUntilLimited(t *testing.T, r *rig) {
	t.Helper()
	before := limited(t)
	bustest.Eventually(t, "the limit is passed", func() bool {
		if got, _ := r.do(http.MethodGet, "/wechat/plain", nil, nil); got != refused {
			t.Errorf("answer = %+v, want %+v", got, refused)
		}
		return limited(t) > before
	})
}

// Who is past the limit is answered the same, but neither read nor logged; what
// is signed passes from the same address all the same.
func TestFailuresPastTheLimitCostNothing(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.FailureLimit = 1 }).ready()
	sealedWrong := enveloped("AAAA", false).with("msg_signature", "0")
	for n, tt := range []struct{ name, say string }{
		{"wrong signature", request("POST", "/wechat/plain?signature=0&", text)},
		{"body that does not come", bare("POST /wechat/main HTTP/1.1", "", "Host: door", "Content-Length: 9")},
		{"body without a size that does not come", bare("POST /wechat/main HTTP/1.1", "5\r\nhello", "Host: door", "Transfer-Encoding: chunked")},
		{"GET", request("GET", "/wechat/plain?echostr=1", "")},
		{"wrong msg_signature", request("POST", "/wechat/main?"+sealedWrong.query.Encode(), sealedWrong.body)},
		{"plain body in safe mode", request("POST", target("/wechat/main"), text)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			bustest.Eventually(t, "one is past the limit", func() bool {
				r.do(http.MethodGet, "/wechat/plain", nil, nil) // one a second is within it
				before, logged := limited(t), r.log.Count("request refused")
				w := dial(t, r)
				w.say(tt.say)
				if got, _ := w.hear("POST"); got != refused {
					t.Errorf("answer = %+v, want %+v", got, refused)
				}
				if limited(t) == before {
					return false
				}
				if r.log.Count("request refused") > logged {
					t.Error("it is in the log")
				}
				if !w.closed() {
					t.Error("the connection is still open")
				}
				return true
			})
			if got := r.post("/wechat/plain", signed(textNo(n))); got != success {
				t.Errorf("answer to a push from the same address = %+v", got)
			}
			if got, _ := r.do(http.MethodGet, "/wechat/main", signed("").with("echostr", "1").query, nil); got.Status != http.StatusOK {
				t.Errorf("answer to a check from the same address = %+v", got)
			}
		})
	}
}

// One who fails does not hide another from the log; one network of IPv6 is one.
func TestLimitIsForEachAddress(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) {
		c.FailureLimit, c.TrustedProxies = 1, networks(t, "127.0.0.1")
	})
	r.header = http.Header{"X-Forwarded-For": {"2001:db8::1"}}
	failUntilLimited(t, r)
	before := limited(t)
	bustest.Eventually(t, "another address of the same network is past the limit", func() bool {
		r.header = http.Header{"X-Forwarded-For": {fmt.Sprintf("2001:db8::%x", r.log.Count("request refused")+2)}}
		r.do(http.MethodGet, "/wechat/plain", nil, nil)
		return limited(t) > before
	})
	// 100 others: two of them may share a limiter with the first or each other,
	// but not nearly all.
	before = limited(t)
	for i := range 100 {
		r.header = http.Header{"X-Forwarded-For": {fmt.Sprintf("2001:db8:0:%x::1", i+1)}}
		r.do(http.MethodGet, "/wechat/plain", nil, nil)
	}
	if got := limited(t) - before; got > 50 {
		t.Errorf("%v of 100 other networks are past the limit", got)
	}
}

func TestNoLimitForZero(t *testing.T) {
	r := serve(t, bustest.Start(t), nil)
	before := limited(t)
	for range 50 {
		r.post("/wechat/plain", push{body: text})
	}
	if got := limited(t) - before; got != 0 {
		t.Errorf("%v requests are past a limit that is not set", got)
	}
}
