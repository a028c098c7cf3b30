package door_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
)

// encrypted is AES-256-CBC under key as WeChat does it, of text as it is.
func encrypted(t *testing.T, key string, text []byte) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(text))
	cipher.NewCBCEncrypter(block, raw[:aes.BlockSize]).CryptBlocks(out, text)
	return base64.StdEncoding.EncodeToString(out)
}

// frame is what is encrypted, before the padding. The length may be a lie.
func frame(length uint32, message, receiver string) []byte {
	head := binary.BigEndian.AppendUint32([]byte("A1b2C3d4E5f6G7h8"), length)
	return append(append(head, message...), receiver...)
}

// padded fills text up to 32 bytes with bytes of a value, or with the right
// ones if it is 0.
func padded(text []byte, value byte) []byte {
	pad := 32 - len(text)%32
	if value == 0 {
		value = byte(pad)
	}
	return append(text, bytes.Repeat([]byte{value}, pad)...)
}

// stuffed is text with so many bytes of padding, and blanks that make it fit.
func stuffed(pad int) []byte {
	message := text
	for (len(frame(0, message, appID))+pad)%aes.BlockSize != 0 {
		message += " "
	}
	return append(frame(uint32(len(message)), message, appID), bytes.Repeat([]byte{byte(pad)}, pad)...)
}

// A ciphertext that is signed and does not open is refused like one that is
// not signed, whatever is wrong inside.
func TestCiphertextIsRefusedWhateverIsWrong(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	seal := func(text []byte) string { return encrypted(t, aesKey, text) }
	size := uint32(len(text))
	zero := append(frame(size, text, appID), 0)
	zero = append(zero, bytes.Repeat([]byte{0}, 32-len(zero)%32)...)
	differ := padded(frame(size, text+"four", appID), 0)
	differ[len(differ)-2] ^= 1
	for _, tt := range []struct {
		name, encrypt string
		want          answer
	}{
		{"right", seal(padded(frame(size, text, appID), 0)), success},
		{"under another key", encrypted(t, "Z123456789Y123456789X123456789W123456789ABC", padded(frame(size, text, appID), 0)), refused},
		{"pad byte 0", seal(zero), refused},
		{"pad byte 33", seal(padded(frame(size, text, appID), 33)), refused},
		{"pad byte 255", seal(padded(frame(size, text, appID), 255)), refused},
		{"32 bytes of padding", seal(stuffed(32)), success},
		{"33 bytes of padding", seal(stuffed(33)), refused},
		{"48 bytes of padding", seal(stuffed(48)), refused},
		{"255 bytes of padding", seal(stuffed(255)), refused},
		{"pad bytes that differ", seal(differ), refused},
		{"nothing but padding", seal(bytes.Repeat([]byte{32}, 32)), refused},
		{"length beyond the end", seal(padded(frame(size+100, text, appID), 0)), refused},
		{"length of 4 GiB", seal(padded(frame(0xFFFFFFFF, text, appID), 0)), refused},
		{"length of 2 GiB", seal(padded(frame(0x80000000, text, appID), 0)), refused},
		{"length that takes the AppID in", seal(padded(frame(size+18, text, appID), 0)), refused},
		{"length of 0", seal(padded(frame(0, text, appID), 0)), refused},
		{"another AppID", seal(padded(frame(size, text, "wxffffffffffffffff"), 0)), refused},
		{"AppID in upper case", seal(padded(frame(size, text, strings.ToUpper(appID)), 0)), refused},
		{"no AppID", seal(padded(frame(size, text, ""), 0)), refused},
		{"more than the AppID", seal(padded(frame(size, text, appID+"0"), 0)), refused},
		{"no base64", "~~~~", refused},
		{"base64 of URLs", strings.NewReplacer("+", "-", "/", "_").Replace(seal(padded(frame(size, text+"?", appID), 0))), refused},
		{"no bytes", "", refused},
		{"15 bytes", base64.StdEncoding.EncodeToString(make([]byte, 15)), refused},
		{"16 bytes", base64.StdEncoding.EncodeToString(make([]byte, 16)), refused},
		{"17 bytes", base64.StdEncoding.EncodeToString(make([]byte, 17)), refused},
		{"half a block more", base64.StdEncoding.EncodeToString(make([]byte, 40)), refused},
		{"padding of base64 alone", "====", refused},
	} {
		for _, path := range []string{"/wechat/main", "/wechat/compat", "/wechat/rotating"} {
			for _, asJSON := range []bool{false, true} {
				t.Run(tt.name+path, func(t *testing.T) {
					r.t = t
					before := c.stored()
					if d := cmp.Diff(tt.want, r.post(path, enveloped(tt.encrypt, asJSON))); d != "" {
						t.Error(d)
					}
					if got := c.stored() - before; tt.want != success && got != 0 {
						t.Errorf("stored %d messages", got)
					}
				})
			}
		}
	}
}

// Every single bit of a ciphertext is covered by msg_signature.
func TestNoBitOfCiphertextCanBeChanged(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	p := sealed(t, text, appID)
	start := strings.Index(p.body, "<Encrypt><![CDATA[") + len("<Encrypt><![CDATA[")
	end := strings.Index(p.body, "]]></Encrypt>")
	for at := start; at < end; at += 7 {
		for bit := range 7 {
			changed := []byte(p.body)
			changed[at] ^= 1 << bit
			if got := r.post("/wechat/main", push{p.query, string(changed)}); got != refused && !isBlank(changed[at]) {
				t.Fatalf("answer with %q at %d = %+v", changed[at], at-start, got)
			}
		}
	}
	if got := c.stored(); got != 0 {
		t.Errorf("stored %d messages", got)
	}
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// What a proxy breaks into lines is the same ciphertext, and is signed without
// its blanks.
func TestBlanksInsideEncryptDoNotCount(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	for i, blank := range []string{" ", "\n", "\r\n", "\t", " \n "} {
		p := sealed(t, textNo(i), appID)
		encrypt := p.body[strings.Index(p.body, "CDATA[")+6 : strings.Index(p.body, "]]></Encrypt>")]
		broken := blank + encrypt[:50] + blank + encrypt[50:76] + blank + encrypt[76:] + blank
		p.body = strings.Replace(p.body, encrypt, broken, 1)
		if got := r.post("/wechat/main", p); got != success {
			t.Errorf("answer with %q inside = %+v", blank, got)
		}
		p.query.Set("msg_signature", callback.Signature(token, "1720000001", "1122334455", broken))
		if got := r.post("/wechat/main", p); got != refused {
			t.Errorf("answer with %q signed, too = %+v", blank, got)
		}
	}
	if got, _ := r.do(http.MethodGet, "/wechat/main", signed("").with("echostr", " 1 ").query, nil); got.Body != " 1 " {
		t.Errorf("echostr = %q", got.Body)
	}
}
