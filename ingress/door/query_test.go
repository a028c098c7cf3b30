package door_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
)

// right is the query of a plain push, parameter by parameter.
var right = []string{
	"signature=" + callback.Signature(token, "1720000001", "1122334455"), "timestamp=1720000001", "nonce=1122334455",
}

func joined(parameters ...string) string { return strings.Join(parameters, "&") }

// The first of several parameters of one name counts. A right signature behind
// a wrong one does not help, nor does a right nonce.
func TestQueryOfPushIsReadExactly(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	signature, timestamp, nonce := right[0], right[1], right[2]
	wrong := "signature=" + strings.Repeat("0", 40)
	value := strings.TrimPrefix(signature, "signature=")
	for i, tt := range []struct {
		name, query string
		want        answer
	}{
		{"as WeChat sends it", joined(right...), success},
		{"in another order", joined(nonce, timestamp, signature), success},
		{"behind a query of the operator's own", joined("key=1", "key=2", "empty", "=", signature, timestamp, nonce), success},
		{"10 kB of something else", joined(append(right, "x="+strings.Repeat("y", 10_000))...), success},
		{"5,000 parameters", joined(append(right, strings.Repeat("&x", 5000))...), success},
		{"ampersands alone around them", "&&" + joined(signature, "", timestamp, "", nonce) + "&", success},
		{"percent-encoded", "%73ignature=%" + "3" + value[:1] + value[1:] + "&timestamp=%31720000001&nonce=112233445%35", success},

		{"right, then wrong signature", joined(signature, wrong, timestamp, nonce), success},
		{"wrong, then right signature", joined(wrong, signature, timestamp, nonce), refused},
		{"empty, then right signature", joined("signature=", signature, timestamp, nonce), refused},
		{"right, then wrong timestamp", joined(signature, timestamp, "timestamp=1", nonce), success},
		{"wrong, then right timestamp", joined(signature, "timestamp=1", timestamp, nonce), refused},
		{"right, then wrong nonce", joined(signature, timestamp, nonce, "nonce=1"), success},
		{"wrong, then right nonce", joined(signature, timestamp, "nonce=1", nonce), refused},
		{"aes behind raw", joined(append(right, "encrypt_type=raw", "encrypt_type=aes")...), success},
		{"aes before raw", joined(append(right, "encrypt_type=aes", "encrypt_type=raw")...), refused},

		{"nothing", "", refused},
		{"signature alone", signature, refused},
		{"10 kB instead of a signature", joined("signature="+strings.Repeat("0", 10_000), timestamp, nonce), refused},
		{"signature in upper case", joined("signature="+strings.ToUpper(value), timestamp, nonce), refused},
		{"signature with a blank before it", joined("signature=+"+value, timestamp, nonce), refused},
		{"signature with a line feed behind it", joined(signature+"%0A", timestamp, nonce), refused},
		{"signature cut off", joined(signature[:len(signature)-1], timestamp, nonce), refused},
		{"signature with one more digit", joined(signature+"0", timestamp, nonce), refused},
		{"names in another case", joined("Signature="+value, timestamp, nonce), refused},
		{"names of a list", joined("signature[]="+value, timestamp, nonce), refused},
		{"semicolons", strings.Join(right, ";"), refused},
		{"encoded ampersands", strings.Join(right, "%26"), refused},
		{"escape that is none", joined(signature+"%zz", timestamp, nonce), refused},
		{"timestamp and nonce run together", joined(signature, "timestamp=17200000011122334455"), refused},
		{"fragment", "#" + joined(right...), refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored := 0
			if tt.want == success {
				stored = 1
			}
			say := request("POST", "/wechat/plain?"+tt.query, textNo(i))
			exchange{say: say, want: []answer{tt.want}, stored: stored}.hold(t, r, c)
		})
	}
}

// What counts of a sealed push is the first msg_signature.
func TestQueryOfSealedPushIsReadExactly(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	for _, tt := range []struct {
		name   string
		change func(query string, msgSignature string) string
		want   answer
	}{
		{"as WeChat sends it", func(q, _ string) string { return q }, success},
		{"a wrong one behind it", func(q, _ string) string { return q + "&msg_signature=0" }, success},
		{"a wrong one before it", func(q, _ string) string { return "msg_signature=0&" + q }, refused},
		{"an empty one before it", func(q, _ string) string { return "msg_signature&" + q }, refused},
		{"in upper case", func(q, s string) string { return strings.Replace(q, s, strings.ToUpper(s), 1) }, refused},
		{"in the place of signature, too", func(q, s string) string { return "signature=" + s + "&" + q }, refused},
		{"encrypt_type of another word", func(q, _ string) string { return strings.Replace(q, "=aes", "=AES256", 1) }, success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := sealed(t, text, appID)
			w := dial(t, r)
			w.say(request("POST", "/wechat/main?"+tt.change(p.query.Encode(), p.query.Get("msg_signature")), p.body))
			if got, _ := w.hear(http.MethodPost); got != tt.want {
				t.Errorf("answer = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// The check of the server URL gives back what stands behind echostr, decoded
// once; a browser must not take it for a page.
func TestEchostrIsDecodedOnce(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	long := strings.Repeat("0123456789abcdef", 256)
	for _, tt := range []struct {
		name, echostr string
		want          answer
	}{
		{"plus", "echostr=%2B", answer{200, "+"}},
		{"blank", "echostr=a+b%20c", answer{200, "a b c"}},
		{"percent", "echostr=100%2525", answer{200, "100%25"}},
		{"separators", "echostr=a%26b%3Dc%3Bd%23e=f", answer{200, "a&b=c;d#e=f"}},
		{"UTF-8", "echostr=%E4%BD%A0%E5%A5%BD%F0%9F%9A%80", answer{200, "你好🚀"}},
		{"bytes of UTF-8 as they are", "echostr=你好", answer{200, "你好"}},
		{"no UTF-8", "echostr=%ff%fe%00", answer{200, "\xff\xfe\x00"}},
		{"line ends and a header", "echostr=a%0d%0aSet-Cookie:%20b", answer{200, "a\r\nSet-Cookie: b"}},
		{"4 kB", "echostr=" + long, answer{200, long}},
		{"HTML", "echostr=%3Cscript%3Ealert(1)%3C/script%3E", answer{200, "<script>alert(1)</script>"}},
		{"an image", "echostr=GIF89a", answer{200, "GIF89a"}},
		{"JSON", "echostr=%7B%22a%22:1%7D", answer{200, `{"a":1}`}},
		{"two", "echostr=1&echostr=2", answer{200, "1"}},

		{"empty, then one", "echostr=&echostr=2", refused},
		{"no value", "echostr", refused},
		{"in upper case", "ECHOSTR=1", refused},
		{"escape that is none", "echostr=%zz", refused},
		{"escape cut off", "echostr=1%2", refused},
		{"semicolon", "echostr=a;b", refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := dial(t, r)
			w.say(request("GET", "/wechat/main?"+joined(append(right, tt.echostr)...), ""))
			got, header := w.hear(http.MethodGet)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			want := []string{"text/plain; charset=utf-8", "nosniff", ""}
			said := []string{header.Get("Content-Type"), header.Get("X-Content-Type-Options"), header.Get("Set-Cookie")}
			if diff := cmp.Diff(want, said); diff != "" && got.Status == http.StatusOK {
				t.Error(diff)
			}
		})
	}
}

// Whoever asks without a right signature learns nothing: not what was wrong,
// not in which mode the account is.
func TestRefusalsLookTheSame(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	var first http.Header
	for _, say := range []string{
		request("GET", "/wechat/main", ""), request("GET", "/wechat/plain?echostr=1", ""), request("GET", target("/wechat/compat"), ""),
		request("POST", "/wechat/main", text), request("POST", "/wechat/plain", ""), request("POST", target("/wechat/main"), text),
		request("POST", target("/wechat/plain"), "<xml><Encrypt>a</Encrypt></xml>"), request("POST", target("/wechat/compat"), `{"Encrypt":""}`),
		request("POST", "/wechat/main?"+sealed(t, text, "wxffffffffffffffff").query.Encode(), text),
	} {
		w := dial(t, r)
		w.say(say)
		got, header := w.hear(http.MethodPost)
		if got != refused {
			t.Errorf("answer to %s = %+v", say, got)
		}
		if header.Del("Date"); first == nil {
			first = header
		}
		if diff := cmp.Diff(first, header); diff != "" {
			t.Errorf("headers to %s:\n%s", say, diff)
		}
	}
}
