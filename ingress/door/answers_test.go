package door_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

var (
	success = answer{http.StatusOK, "success"}
	refused = answer{http.StatusForbidden, "fail"}
)

func TestEveryPushHasItsAnswer(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = 4096 }).ready()
	big := strings.Repeat("长", 1500)
	bigText := strings.Replace(text, "你好", big, 1)
	r.check(t, []pushTest{
		{"plain text", "/wechat/plain", signed(text), success, 1},
		{"with a slash at the end", "/wechat/plain/", signed(strings.Replace(text, "135</MsgId>", "136</MsgId>", 1)), success, 1},
		{"duplicate", "/wechat/plain", signed(text), success, 0},
		{"safe", "/wechat/main", sealed(t, text, appID), success, 1},
		{"safe, delivered again with another ciphertext", "/wechat/main", sealed(t, text, appID), success, 0},
		{"compat, encrypted", "/wechat/compat", sealed(t, text, appID), success, 1},
		{"compat, plain", "/wechat/compat", signed(strings.Replace(text, "135</MsgId>", "137</MsgId>", 1)), success, 1},
		{"old token and key", "/wechat/rotating", sealed(t, text, appID), success, 1},
		{"not decodable", "/wechat/plain", signed("neither XML nor JSON"), success, 1},
		{"not decodable, again", "/wechat/plain", signed("neither XML nor JSON"), success, 0},
		{"empty", "/wechat/plain", signed(""), success, 1},
		{"cut off", "/wechat/plain", signed(text[:100]), success, 1},
		{"DOCTYPE", "/wechat/plain", signed(`<!DOCTYPE xml [<!ENTITY a "b">]>` + text), success, 1},

		{"no signature", "/wechat/plain", signed(text).with("signature", ""), refused, 0},
		{"wrong signature", "/wechat/plain", signed(text).with("signature", strings.Repeat("0", 40)), refused, 0},
		{"signature of another time", "/wechat/plain", signed(text).with("timestamp", "1720000002"), refused, 0},
		{"no msg_signature", "/wechat/main", sealed(t, text, appID).with("msg_signature", ""), refused, 0},
		{"wrong msg_signature", "/wechat/main", sealed(t, text, appID).with("msg_signature", strings.Repeat("0", 40)), refused, 0},
		{"msg_signature alone", "/wechat/main", sealed(t, text, appID).with("signature", ""), refused, 0},
		{"another AppID inside", "/wechat/main", sealed(t, text, "wxffffffffffffffff"), refused, 0},
		{"ciphertext that does not open", "/wechat/main", enveloped("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false), refused, 0},
		{"plain body in safe mode", "/wechat/main", signed(text), refused, 0},
		{"encrypted body in plain mode", "/wechat/plain", sealed(t, text, appID), refused, 0},

		{"unknown account", "/wechat/nobody", signed(text), answer{http.StatusNotFound, "Not Found"}, 0},
		{"another path", "/wechat/main/more", signed(text), answer{http.StatusNotFound, "Not Found"}, 0},
		{"too large", "/wechat/plain", signed(bigText), answer{http.StatusRequestEntityTooLarge, "Request Entity Too Large"}, 0},
		{"too large and unsigned", "/wechat/plain", signed(bigText).with("signature", ""), answer{http.StatusRequestEntityTooLarge, "Request Entity Too Large"}, 0},
		{"unknown account and too large", "/wechat/nobody", signed(bigText), answer{http.StatusNotFound, "Not Found"}, 0},
	})
}

// A body without a length is measured while it is read.
func TestBodyOfUnknownLengthIsBounded(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	p := signed("")
	got, _ := r.do(http.MethodPost, "/wechat/plain", p.query, io.LimitReader(endless{}, 64<<20))
	if got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("answer = %+v, want 413", got)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestEchostrComesBackByteForByte(t *testing.T) {
	r := serve(t, bustest.Start(t), nil)
	signature := signed("").query
	for _, tt := range []struct {
		name, path, echostr string
		query               url.Values
		want                answer
	}{
		{"digits", "/wechat/main", "4375120948345356249", signature, answer{200, "4375120948345356249"}},
		{"slash at the end", "/wechat/main/", "1", signature, answer{200, "1"}},
		{"plain account", "/wechat/plain", "1", signature, answer{200, "1"}},
		{"any bytes", "/wechat/main", "<b>&\" 你好\n", signature, answer{200, "<b>&\" 你好\n"}},
		{"none", "/wechat/main", "", signature, refused},
		{"wrong signature", "/wechat/main", "1", signed("").with("nonce", "1").query, refused},
		{"no signature", "/wechat/main", "1", url.Values{}, refused},
		{"unknown account", "/wechat/nobody", "1", signature, answer{404, "Not Found"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			got, header := r.do(http.MethodGet, tt.path, push{query: tt.query}.with("echostr", tt.echostr).query, nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Status == http.StatusOK && header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("Content-Type = %q", header.Get("Content-Type"))
			}
		})
	}
}

func TestOtherMethodsAreNotAllowed(t *testing.T) {
	r := serve(t, bustest.Start(t), nil)
	for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
		for _, path := range []string{"/wechat/main", "/wechat/main/"} {
			got, header := r.do(method, path, signed("").query, nil)
			if got.Status != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, POST" {
				t.Errorf("%s %s = %d, Allow %q; want 405, GET, POST", method, path, got.Status, header.Get("Allow"))
			}
		}
		if got, _ := r.do(method, "/wechat/nobody", nil, nil); got.Status != http.StatusNotFound {
			t.Errorf("%s of an unknown account = %d, want 404", method, got.Status)
		}
	}
}
