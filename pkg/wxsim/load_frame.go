package wxsim

import (
	"math/rand/v2"
	"net/url"
	"strconv"

	"github.com/wxbus/wxbus/pkg/callback"
)

// loadFrame is what all requests of a load have in common. It is written by
// hand: net/http costs as much as the server that is to be measured.
type loadFrame struct {
	start string // up to the query
	head  string // from the query to the length of the body

	before, after string // what stands around the ciphertext
	cut           int    // bytes of a plain message that after stands for, in compat mode
}

func newLoadFrame(server *url.URL, l Load) *loadFrame {
	r := &loadFrame{
		start:  "POST " + server.EscapedPath() + "?",
		before: "<xml><ToUserName>" + cdata(l.Account.OriginalID) + "</ToUserName>\n<Encrypt><![CDATA[",
		after:  "]]></Encrypt>\n</xml>",
	}
	contentType := "text/xml"
	if l.JSON {
		contentType = "application/json"
		r.before, r.after = `{"ToUserName":`+strconv.Quote(l.Account.OriginalID)+`,"Encrypt":"`, `"}`
	}
	if l.Account.Mode == callback.Compat {
		r.before, r.cut = "<Encrypt><![CDATA[", len("</xml>")
		if l.JSON {
			r.before, r.cut = `,"Encrypt":"`, len("}")
		}
	}
	if server.Path == "" {
		r.start = "POST /?"
	}
	if server.RawQuery != "" {
		r.start += server.RawQuery + "&"
	}
	r.head = " HTTP/1.1\r\nHost: " + server.Host + "\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n" +
		"Content-Type: " + contentType + "\r\nContent-Length: "
	return r
}

// appendRequest appends the request of one delivery of message.
func (f *flood) appendRequest(dst, message []byte, user, now int64) []byte {
	r, a := f.frame, f.Account
	timestamp, nonce := strconv.FormatInt(now, 10), strconv.FormatInt(1e9+rand.Int64N(9e9), 10) //nolint:gosec // need not be secret
	dst = append(dst, r.start...)
	dst = append(dst, "signature="...)
	dst = append(dst, callback.Signature(a.Token, timestamp, nonce)...)
	dst = append(dst, "&timestamp="...)
	dst = append(dst, timestamp...)
	dst = append(dst, "&nonce="...)
	dst = append(dst, nonce...)
	dst = append(dst, "&openid="...)
	dst = append(dst, someUser...)
	digits(dst[len(dst)-len(someUser):], user)
	if a.Mode == callback.Plain {
		return r.appendBody(dst, message, "", "")
	}
	sealed := f.key.Seal(message, a.AppID)
	dst = append(dst, "&encrypt_type=aes&msg_signature="...)
	dst = append(dst, callback.Signature(a.Token, timestamp, nonce, sealed)...)
	if a.Mode == callback.Safe {
		return r.appendBody(dst, nil, sealed, r.after)
	}
	return r.appendBody(dst, message[:len(message)-r.cut], sealed, r.after)
}

func (r *loadFrame) appendBody(dst, plain []byte, sealed, after string) []byte {
	before := r.before
	if sealed == "" {
		before = ""
	}
	dst = append(dst, r.head...)
	dst = strconv.AppendInt(dst, int64(len(plain)+len(before)+len(sealed)+len(after)), 10)
	dst = append(dst, "\r\n\r\n"...)
	dst = append(dst, plain...)
	dst = append(dst, before...)
	dst = append(dst, sealed...)
	return append(dst, after...)
}
