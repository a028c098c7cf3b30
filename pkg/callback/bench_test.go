package callback_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// sizes are lengths of a message's XML, in bytes.
var sizes = []int{300, 2 << 10, 16 << 10, 64 << 10}

// textOf returns the XML of a text message that is size bytes long.
func textOf(size int) string {
	plain := messages["XML"]
	return strings.Replace(plain, "你好", "你好"+strings.Repeat("x", size-len(plain)), 1)
}

// BenchmarkFloor is the least that a push in safe mode can cost: SHA-1, base64
// and AES-CBC of its bytes, with nothing looked at.
func BenchmarkFloor(b *testing.B) {
	raw, _ := base64.StdEncoding.DecodeString(keyText + "=")
	block, _ := aes.NewCipher(raw)
	for _, size := range sizes {
		sealed := []byte(mustKey(b, keyText).Seal([]byte(textOf(size)), appID))
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			buf, decrypter := make([]byte, len(sealed)), cipher.NewCBCDecrypter(block, raw[:aes.BlockSize])
			for b.Loop() {
				sha1.Sum(sealed)
				n, _ := base64.StdEncoding.Decode(buf, sealed)
				decrypter.CryptBlocks(buf[:n], buf[:n])
			}
		})
	}
}

// BenchmarkOpen is a push in safe mode from its signatures to the JSON of its message.
func BenchmarkOpen(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) { benchmarkOpen(b, textOf(size)) })
	}
}

func benchmarkOpen(b *testing.B, message string) {
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	sealed := mustKey(b, keyText).Seal([]byte(message), appID)
	a, q, body := account(b, callback.Safe), sealedQuery(sealed), envelope("XML", sealed)
	var buf []byte
	var m wechat.Message
	for b.Loop() {
		opened, err := a.OpenInto(&buf, q, body)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Decode(opened); err != nil {
			b.Fatal(err)
		}
	}
}
