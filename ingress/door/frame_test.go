package door_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// The size is checked before the signature, whether it was told or is found
// out while the body is read.
func TestBodyIsMeasuredToTheByte(t *testing.T) {
	const limit = 4096
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = limit }).ready()
	c := count(t, r.nats)
	wrong := strings.Repeat("0", 40)
	for no, tt := range []struct {
		size      int
		signature string
		want      answer
		stored    int
	}{
		{limit, "", success, 1},
		{limit, wrong, refused, 0},
		{limit + 1, "", tooLarge, 0},
		{limit + 1, wrong, tooLarge, 0},
		{20 * limit, "", tooLarge, 0},
		{20 * limit, wrong, tooLarge, 0},
	} {
		to := target("/wechat/plain")
		if tt.signature != "" {
			to = "/wechat/plain?" + signed("").with("signature", tt.signature).query.Encode()
		}
		for i, say := range []string{
			request("POST", to, textOf(tt.size, 2*no)),
			bare("POST "+to+" HTTP/1.1", chunked(textOf(tt.size, 2*no+1), 1000), "Host: door", "Transfer-Encoding: chunked"),
		} {
			t.Run(fmt.Sprintf("%d bytes, signature %q, chunked %d", tt.size, tt.signature, i), func(t *testing.T) {
				exchange{say: say, want: []answer{tt.want}, stored: tt.stored}.hold(t, r, c)
			})
		}
	}
}

// What does not fit together is answered 400 and the connection closed: nobody
// can tell where the next request begins.
func TestLengthOfBodyMustBeTrue(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = 4096 }).ready()
	c := count(t, r.nats)
	post := "POST " + target("/wechat/plain") + " HTTP/1.1"
	length, chunks := fmt.Sprintf("Content-Length: %d", len(text)), "Transfer-Encoding: chunked"
	for i, tt := range []exchange{
		{"right", bare(post, text, "Host: door", length), []answer{success}, 1, false},
		{"told twice", bare(post, text, "Host: door", length, length), []answer{success}, 1, false},
		{"two different ones", bare(post, text, "Host: door", length, "Content-Length: 5"), []answer{brokenHTTP}, 0, true},
		{"negative", bare(post, text, "Host: door", "Content-Length: -1"), []answer{brokenHTTP}, 0, true},
		{"with a sign", bare(post, text, "Host: door", fmt.Sprintf("Content-Length: +%d", len(text))), []answer{brokenHTTP}, 0, true},
		{"hexadecimal", bare(post, text, "Host: door", "Content-Length: 0x10"), []answer{brokenHTTP}, 0, true},
		{"beyond 64 bits", bare(post, text, "Host: door", "Content-Length: 99999999999999999999"), []answer{brokenHTTP}, 0, true},
		{"a terabyte", bare(post, "", "Host: door", "Content-Length: 1099511627776"), []answer{tooLarge}, 0, true},
		{"none at all", bare(post, "", "Host: door"), []answer{success}, 1, false},
		{
			"short by one: cut off, and then no HTTP", bare(post, text+"\r\n\r\n", "Host: door", fmt.Sprintf("Content-Length: %d", len(text)-1)),
			[]answer{success, brokenHTTP},
			1, true,
		},
		{"chunks of one byte", bare(post, chunked(text, 1), "Host: door", chunks), []answer{success}, 1, false},
		{
			"chunks with extensions and trailers",
			bare(post, fmt.Sprintf("%X;a=\"b\"\r\n%s\r\n0\r\nsignature: %040d\r\n\r\n", len(text), text, 0), "Host: door", chunks, "Trailer: signature"),
			[]answer{success},
			1, false,
		},
		{"chunk without a size", bare(post, "\r\n"+text, "Host: door", chunks), []answer{badRequest}, 0, true},
		{"chunk with a wrong size", bare(post, "zz\r\n"+text, "Host: door", chunks), []answer{badRequest}, 0, true},
		{"chunk of negative size", bare(post, "-1\r\n"+text, "Host: door", chunks), []answer{badRequest}, 0, true},
		{"chunk beyond 64 bits", bare(post, "fffffffffffffffff\r\n"+text, "Host: door", chunks), []answer{badRequest}, 0, true},
		{"chunk longer than told", bare(post, "5\r\n"+text+"\r\n0\r\n\r\n", "Host: door", chunks), []answer{badRequest}, 0, true},
		{"another coding", bare(post, text, "Host: door", "Transfer-Encoding: gzip"), []answer{noCoding}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.say = strings.ReplaceAll(tt.say, text, textNo(i))
			tt.hold(t, r, c)
		})
	}
}

// A length beside chunks does not count, and the connection ends: what looks
// like a second request to a proxy is not taken for one.
func TestNoRequestIsSmuggledBehindAnother(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	hidden := request("POST", target("/wechat/plain"), textNo(1))
	post := "POST " + target("/wechat/plain") + " HTTP/1.1"
	for _, tt := range []exchange{
		{"length beside chunks", bare(post, chunked(hidden, 9999), "Host: door", "Content-Length: 3", "Transfer-Encoding: chunked"), []answer{success}, 1, false},
		{"request as a body", request("POST", target("/wechat/plain"), hidden), []answer{success}, 0, false},
		{"coding named twice", bare(post, chunked(hidden, 9999), "Host: door", "Transfer-Encoding: chunked, chunked"), []answer{noCoding}, 0, true},
		{"blank before the colon", bare(post, chunked(hidden, 9999), "Host: door", "Transfer-Encoding : chunked"), []answer{brokenHTTP}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.hold(t, r, c)
			if tt.stored == 0 {
				return
			}
			if got := r.last(); string(got.Data) != hidden || !strings.HasSuffix(got.Subject, ".undecodable") {
				t.Errorf("stored %q on %s", got.Data, got.Subject)
			}
		})
	}
}

func TestContinueIsSaidOnlyToWhoMayGoOn(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = 4096 }).ready()
	const expect = "Expect: 100-continue"
	for _, tt := range []struct {
		name, head, body string
		want             []answer
	}{
		{"a push", request("POST", target("/wechat/plain"), "", expect), text, []answer{goOn, success}},
		{"unknown account", request("POST", target("/wechat/nobody"), "", expect), text, []answer{notFound}},
		{"too large", request("POST", target("/wechat/plain"), "", expect), textOf(4097, 1), []answer{tooLarge}},
		{"another method", request("PUT", target("/wechat/plain"), "", expect), text, []answer{notAllowed}},
		{"another wish", request("POST", target("/wechat/plain"), "", "Expect: 200-ok"), text, []answer{{http.StatusExpectationFailed, ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := dial(t, r)
			w.say(strings.Replace(tt.head, "Content-Length: 0", fmt.Sprintf("Content-Length: %d", len(tt.body)), 1))
			var got []answer
			for range tt.want {
				heard, _ := w.hear(http.MethodPost)
				if got = append(got, heard); heard == goOn {
					w.say(tt.body)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A body is bytes, whatever the headers call it: nothing is unpacked, and no
// form is read.
func TestHeadersDoNotChangeTheBody(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	zipped := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xb3\xa9\xc8\xcd\xb1\xd1\x07\x93\x00\x41\x0c\x5d\xf2\x0b\x00\x00\x00"
	form := signed("").query.Encode()
	for i, tt := range []exchange{
		{"zipped, plain", request("POST", target("/wechat/plain"), zipped, "Content-Encoding: gzip"), []answer{success}, 1, false},
		{"zipped, safe", request("POST", target("/wechat/main"), zipped, "Content-Encoding: gzip"), []answer{refused}, 0, false},
		{"zipped, compat", request("POST", target("/wechat/compat"), zipped, "Content-Encoding: br"), []answer{success}, 1, false},
		{"said to be zipped", request("POST", target("/wechat/plain"), text, "Content-Encoding: gzip"), []answer{success}, 1, false},
		{"form in the body", request("POST", "/wechat/plain", form, "Content-Type: application/x-www-form-urlencoded"), []answer{refused}, 0, false},
		{
			"signature in the body, the rest in the query",
			request("POST", "/wechat/plain?timestamp=1720000001&nonce=1122334455", form, "Content-Type: application/x-www-form-urlencoded"),
			[]answer{refused},
			0, false,
		},
		{"push called a form", request("POST", target("/wechat/plain"), text, "Content-Type: application/x-www-form-urlencoded"), []answer{success}, 1, false},
		{"push called parts", request("POST", target("/wechat/plain"), text, "Content-Type: multipart/form-data; boundary=x"), []answer{success}, 1, false},
		{"signature in a header", request("POST", "/wechat/plain", text, "Signature: "+signed("").query.Get("signature")), []answer{refused}, 0, false},
		{"another method told in a header", request("GET", target("/wechat/plain"), text, "X-HTTP-Method-Override: POST"), []answer{refused}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.say = strings.ReplaceAll(tt.say, text, textNo(i))
			tt.hold(t, r, c)
		})
	}
}
