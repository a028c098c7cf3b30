package callback_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

const (
	appID    = "wx0123456789abcdef"
	token    = "weixinToken1"
	oldToken = "weixinToken0"
	keyText  = "q7Vw2Zr9LxT4bNs8YcD1mHf6KpJ3gUe5AiO0tRyXvB7"
	oldKey   = "MmNnBbVvCcXxZzAaSsDdFfGgHhJjKkLl0123456789Q"
	stamp    = "1720000001"
	nonce    = "1122334455"
)

// messages are one push in both formats.
var messages = map[string]string{
	"XML": `<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><FromUserName><![CDATA[oAbCdEfGhIjKlMnOpQrStUvWxYz1]]></FromUserName>` +
		`<CreateTime>1720000001</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>24681357902468135</MsgId></xml>`,
	"JSON": `{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oAbCdEfGhIjKlMnOpQrStUvWxYz1",` +
		`"CreateTime":1720000001,"MsgType":"text","Content":"你好","MsgId":24681357902468135}`,
}

// envelopes hold nothing but the encrypted copy of a push.
var envelopes = map[string]string{
	"XML":  "<xml>\n<ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\n<Encrypt><![CDATA[%s]]></Encrypt>\n</xml>",
	"JSON": `{"ToUserName":"gh_0a1b2c3d4e5f","Encrypt":"%s"}`,
}

func envelope(format, sealed string) []byte { return fmt.Appendf(nil, envelopes[format], sealed) }

// compat returns a push with both copies.
func compat(format, plain, sealed string) []byte {
	if format == "XML" {
		return []byte(strings.TrimSuffix(plain, "</xml>") + "<Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>")
	}
	return []byte(strings.TrimSuffix(plain, "}") + `,"Encrypt":"` + sealed + `"}`)
}

func mustKey(t testing.TB, text string) callback.Key {
	t.Helper()
	key, err := callback.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func account(t testing.TB, mode callback.Mode) *callback.Account {
	t.Helper()
	return &callback.Account{AppID: appID, Tokens: []string{token}, Keys: []callback.Key{mustKey(t, keyText)}, Mode: mode}
}

// plainQuery is signed as a plain push is.
func plainQuery() callback.Query {
	return callback.Query{Signature: callback.Signature(token, stamp, nonce), Timestamp: stamp, Nonce: nonce}
}

// sealedQuery is signed as a push that holds sealed.
func sealedQuery(sealed string) callback.Query {
	q := plainQuery()
	q.EncryptType, q.MsgSignature = "aes", callback.Signature(token, stamp, nonce, sealed)
	return q
}

// encrypt is AES-256-CBC as WeChat does it, without any padding.
func encrypt(t testing.TB, text []byte) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(keyText + "=")
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, len(text))
	cipher.NewCBCEncrypter(block, raw[:aes.BlockSize]).CryptBlocks(sealed, text)
	return base64.StdEncoding.EncodeToString(sealed)
}

// frame returns what is encrypted: 16 bytes, the length of message as told,
// message, AppID.
func frame(length uint32, message string) []byte {
	text := binary.BigEndian.AppendUint32([]byte("A1b2C3d4E5f6G7h8"), length)
	return append(append(text, message...), appID...)
}

// padded fills text up to 32 bytes.
func padded(text []byte) []byte {
	pad := 32 - len(text)%32
	return append(text, bytes.Repeat([]byte{byte(pad)}, pad)...)
}

// check compares what Open gives. Bytes beside an error are none.
func check(t *testing.T, got []byte, err error, want string, wantErr error) {
	t.Helper()
	if !errors.Is(err, wantErr) {
		t.Errorf("error is %v, want %v", err, wantErr)
	}
	if string(got) != want || err != nil && got != nil {
		t.Errorf("Open = %q, want %q", got, want)
	}
}
