package callback

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // WeChat's protocol fixes SHA-1
	"crypto/subtle"
	"encoding/hex"
	"sync"
)

// signatureLen is how many digits a signature has.
const signatureLen = 2 * sha1.Size

// Signature returns WeChat's signature of parts: the lower-case hex SHA-1 of
// the parts sorted by byte value and joined without a separator. A plain push
// signs token, timestamp and nonce; msg_signature adds the Encrypt text.
//
// https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html
func Signature(parts ...string) string {
	s := signers.Get().(*signer)
	defer s.release()
	list := make([][]byte, 0, len(parts))
	for _, part := range parts {
		list = append(list, []byte(part))
	}
	return string(s.sign(list))
}

// signer computes signatures. One is used again and again, because every push
// needs two and none shall leave anything to the collector.
type signer struct {
	buf   []byte // what is hashed; before it, copies of token, timestamp and nonce
	parts [4][]byte
	text  [signatureLen]byte
}

var signers = sync.Pool{New: func() any { return new(signer) }}

// sign sorts parts and returns their signature, which lives until the next one.
func (s *signer) sign(parts [][]byte) []byte {
	for i := range parts { // a handful: nothing sorts them faster
		for j := i; j > 0 && bytes.Compare(parts[j], parts[j-1]) < 0; j-- {
			parts[j], parts[j-1] = parts[j-1], parts[j]
		}
	}
	start := len(s.buf)
	for _, part := range parts {
		s.buf = append(s.buf, part...)
	}
	sum := sha1.Sum(s.buf[start:]) //nolint:gosec // see above
	hex.Encode(s.text[:], sum[:])
	return s.text[:]
}

// signed reports whether signature covers token, timestamp, nonce and, unless
// it is nil, sealed. The comparison takes the same time wherever the first
// difference is.
func (s *signer) signed(signature, token string, q *Query, sealed []byte) bool {
	if len(signature) != signatureLen {
		return false
	}
	s.buf = append(append(append(append(s.buf[:0], token...), q.Timestamp...), q.Nonce...), signature...)
	copies := s.buf
	next := func(size int) (part []byte) { part, copies = copies[:size], copies[size:]; return part }
	parts := append(s.parts[:0], next(len(token)), next(len(q.Timestamp)), next(len(q.Nonce)))
	if sealed != nil {
		parts = append(parts, sealed)
	}
	return subtle.ConstantTimeCompare(s.sign(parts), next(signatureLen)) == 1
}

// release drops what belongs to a push. A large buffer is left to the collector.
func (s *signer) release() {
	const usual = 128 << 10
	if s.parts, s.buf = [4][]byte{}, s.buf[:0]; cap(s.buf) > usual {
		s.buf = nil
	}
	signers.Put(s)
}
