package callback

import (
	"crypto/sha1" //nolint:gosec // WeChat's protocol fixes SHA-1
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Signature returns WeChat's signature of parts: the lower-case hex SHA-1 of
// the parts sorted by byte value and joined without a separator. A plain push
// signs token, timestamp and nonce; msg_signature adds the Encrypt text.
//
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html
func Signature(parts ...string) string {
	sorted := slices.Clone(parts)
	slices.Sort(sorted)
	var buf [512]byte
	text := buf[:0]
	for _, part := range sorted {
		text = append(text, part...)
	}
	sum := sha1.Sum(text) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// signedWith reports whether signature covers parts under one of tokens. The
// comparison takes the same time wherever the first difference is.
func signedWith(tokens []string, signature string, parts ...string) bool {
	signed := false
	for _, token := range tokens {
		want := Signature(append([]string{token}, parts...)...)
		if subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1 {
			signed = true
		}
	}
	return signed
}
