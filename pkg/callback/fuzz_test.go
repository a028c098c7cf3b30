package callback_test

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// refusals are all errors of Open.
var refusals = []error{callback.ErrSignature, callback.ErrMode, callback.ErrCipher, callback.ErrAppID}

func isRefusal(err error) bool {
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// FuzzOpen lets strangers write query and body. sign lends them the token, so
// that they get further than the signatures.
func FuzzOpen(f *testing.F) {
	accounts := map[callback.Mode]*callback.Account{}
	for _, mode := range []callback.Mode{callback.Plain, callback.Compat, callback.Safe} {
		accounts[mode] = account(f, mode)
	}
	for format, plain := range messages {
		sealed := mustKey(f, keyText).Seal([]byte(plain), appID)
		q := sealedQuery(sealed)
		f.Add(q.Signature, q.MsgSignature, stamp, nonce, "aes", envelope(format, sealed), false)
		f.Add("", "", stamp, nonce, "aes", envelope(format, sealed), true)
		f.Add(q.Signature, q.MsgSignature, stamp, nonce, "", compat(format, plain, sealed), true)
		f.Add(q.Signature, "", stamp, nonce, "raw", []byte(plain), false)
		f.Add("", "", "", "", "", envelope(format, sealed[:64]), true)
		f.Add("", "", "", "", "", envelope(format, encrypt(f, padded(frame(1<<32-1, "m")))), true)
		f.Add("", "", "", "", "", envelope(format, "not base64"), true)
	}
	f.Fuzz(func(t *testing.T, signature, msgSignature, timestamp, nonce, encryptType string, body []byte, sign bool) {
		q := callback.Query{Signature: signature, MsgSignature: msgSignature, Timestamp: timestamp, Nonce: nonce, EncryptType: encryptType}
		encrypt, _ := wechat.Lookup(body, "Encrypt")
		sealed := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(string(encrypt))
		if sign {
			q.Signature = callback.Signature(token, timestamp, nonce)
			q.MsgSignature = callback.Signature(token, timestamp, nonce, sealed)
		}
		given := bytes.Clone(body)
		for mode, account := range accounts {
			got, err := account.Open(q, body)
			if !bytes.Equal(body, given) {
				t.Fatal("Open changes the body")
			}
			if err != nil {
				if got != nil || !isRefusal(err) {
					t.Fatalf("Open in mode %s = %q, %v", mode, got, err)
				}
				continue
			}
			if q.Signature != callback.Signature(token, timestamp, nonce) {
				t.Fatalf("Open in mode %s takes signature %q", mode, q.Signature)
			}
			if !bytes.Equal(got, body) && !isSigned(q, body) {
				t.Fatalf("Open in mode %s = %q, which msg_signature does not cover", mode, got)
			}
			if mode == callback.Plain && (!bytes.Equal(got, body) || q.EncryptType == "aes" || q.MsgSignature != "") {
				t.Fatalf("Open in plain mode takes an encrypted push as %q", got)
			}
			if mode == callback.Safe && bytes.Equal(got, body) {
				t.Fatalf("Open in safe mode takes a plain body")
			}
		}
	})
}

var usual = regexp.MustCompile(`<Encrypt><!\[CDATA\[([^<]*)\]\]></Encrypt>`)

// isSigned reports whether msg_signature covers an Encrypt of body.
func isSigned(q callback.Query, body []byte) bool {
	texts := slices.Collect(wechat.Texts(body, "Encrypt"))
	for _, match := range usual.FindAllSubmatch(body, -1) {
		texts = append(texts, match[1])
	}
	return slices.ContainsFunc(texts, func(text []byte) bool {
		signed := []string{string(text), strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(string(text))}
		return slices.ContainsFunc(signed, func(text string) bool {
			return q.MsgSignature == callback.Signature(token, q.Timestamp, q.Nonce, text)
		})
	})
}

// FuzzSealed lets a stranger who has token and key write what is encrypted.
func FuzzSealed(f *testing.F) {
	f.Add(padded(frame(7, "message")))
	f.Add(padded(frame(1<<32-1, "message")))
	f.Add(bytes.Repeat([]byte{32}, 32))
	f.Add(bytes.Repeat([]byte{16}, 16))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := open(t, encrypt(t, text[:len(text)/16*16]))
		if err != nil {
			if !errors.Is(err, callback.ErrCipher) && !errors.Is(err, callback.ErrAppID) {
				t.Fatalf("Open: %v", err)
			}
			return
		}
		if start := frame(uint32(len(got)), string(got)); !bytes.HasPrefix(text[16:], start[16:]) {
			t.Fatalf("Open = %q of %q", got, text)
		}
	})
}
