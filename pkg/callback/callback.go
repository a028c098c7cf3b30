// Package callback is the door through which WeChat's pushes come in: it
// checks signatures and opens encrypted bodies. What is inside a message is
// package wechat's business; HTTP is the ingress'.
package callback

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Why a push is refused. Outside, all of them look alike.
var (
	ErrSignature = errors.New("signature is missing or wrong")
	ErrMode      = errors.New("body does not fit the account's mode")
	ErrCipher    = errors.New("ciphertext does not open")
	ErrAppID     = errors.New("message is for another AppID")
)

// Mode says which bodies an account accepts, as chosen in WeChat's console.
type Mode string

// The modes of WeChat's console: 明文, 兼容 and 安全.
const (
	Plain  Mode = "plain"
	Compat Mode = "compat"
	Safe   Mode = "safe"
)

// Account is what the door must know of one account. Tokens and Keys hold the
// new one first and, while they are being rotated, the old one after it. An
// Account is safe for concurrent use.
type Account struct {
	AppID  string
	Tokens []string
	Keys   []Key
	Mode   Mode
}

// Query is the signed part of a request's query string.
type Query struct {
	Signature    string // of token, timestamp, nonce; in every mode
	Timestamp    string // opaque
	Nonce        string
	MsgSignature string // also covers Encrypt; in encrypted pushes
	EncryptType  string // "aes" in encrypted pushes
}

// Verify reports whether q is signed by WeChat. It says nothing about a body:
// in plain mode no signature covers that.
func (a *Account) Verify(q Query) bool {
	return signedWith(a.Tokens, q.Signature, q.Timestamp, q.Nonce)
}

// Open verifies a push and returns the XML or JSON of its message. It returns
// [ErrSignature], [ErrMode], [ErrCipher] or [ErrAppID]; nothing is decrypted
// before the signatures hold.
//
// In safe mode only an encrypted body is accepted, in plain mode only a plain
// one. In compat mode the encrypted copy wins and the plain one is not looked at.
func (a *Account) Open(q Query, body []byte) ([]byte, error) {
	if !a.Verify(q) {
		return nil, ErrSignature
	}
	sealed, encrypted := wechat.Lookup(body, "Encrypt")
	switch {
	case a.Mode == Plain && (encrypted || q.EncryptType == "aes"):
		return nil, fmt.Errorf("%w: encrypted push in plain mode", ErrMode)
	case a.Mode == Safe && !encrypted:
		return nil, fmt.Errorf("%w: plain push in safe mode", ErrMode)
	case !encrypted:
		return body, nil
	}
	return a.openSealed(q, withoutBlanks(sealed))
}

func (a *Account) openSealed(q Query, sealed []byte) ([]byte, error) {
	if !signedWith(a.Tokens, q.MsgSignature, q.Timestamp, q.Nonce, string(sealed)) {
		return nil, ErrSignature
	}
	err := ErrCipher
	for _, key := range a.Keys {
		message, failed := key.open(sealed, a.AppID)
		if failed == nil {
			return message, nil
		}
		if errors.Is(failed, ErrAppID) {
			err = failed
		}
	}
	return nil, err
}

// withoutBlanks removes what a proxy or a pretty-printer may put into base64.
func withoutBlanks(text []byte) []byte {
	if !bytes.ContainsAny(text, " \t\r\n") {
		return text
	}
	return bytes.Join(bytes.Fields(text), nil)
}
