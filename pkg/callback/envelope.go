package callback

import (
	"bytes"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// sealed returns the text of body's Encrypt that msg_signature covers, without
// blanks, and whether body has any at all. There can be several: what a user
// types stands in the plain copy of a compat push, and WeChat's is the one that
// it has signed.
func (a *Account) sealed(q *Query, body []byte) (text []byte, found bool) {
	if text, found := usualSealed(body); found && a.signed(q.MsgSignature, q, text) {
		return text, true
	}
	for _, name := range []string{"Encrypt", "encrypt"} {
		for text := range wechat.Texts(body, name) {
			found = true
			if text = withoutBlanks(text); a.signed(q.MsgSignature, q, text) {
				return text, true
			}
		}
		if a.Kind != WeCom {
			break // only its robots write it small
		}
	}
	return nil, found
}

// usualSealed finds Encrypt in XML as WeChat writes it, at the price of a
// search. What is not there may be there in another form.
func usualSealed(body []byte) ([]byte, bool) {
	_, rest, found := bytes.Cut(body, []byte("<Encrypt><![CDATA["))
	if !found {
		return nil, false
	}
	text, _, found := bytes.Cut(rest, []byte("]]></Encrypt>"))
	return text, found
}

// isEnvelope reports whether body is an Encrypt and no message beside it.
func isEnvelope(body []byte) bool {
	if wechat.LooksLikeXML(body) && !bytes.Contains(body, []byte("Encrypt")) {
		return false
	}
	has := func(name string) bool { _, found := wechat.Lookup(body, name); return found }
	return has("Encrypt") && !has("MsgType") && !has("InfoType")
}

// withoutBlanks removes what a proxy or a pretty-printer may put into base64,
// and nothing else: a form feed is no part of either.
func withoutBlanks(text []byte) []byte {
	const blanks = " \t\r\n"
	for _, blank := range []byte(blanks) {
		if bytes.IndexByte(text, blank) >= 0 {
			return bytes.Map(func(r rune) rune {
				if strings.ContainsRune(blanks, r) {
					return -1
				}
				return r
			}, text)
		}
	}
	return text
}
