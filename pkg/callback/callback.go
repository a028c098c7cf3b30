// Package callback is the door through which WeChat's pushes come in: it
// checks signatures and opens encrypted bodies. What is inside a message is
// package wechat's business; HTTP is the ingress'.
package callback

import (
	"errors"
	"fmt"
	"strings"
)

// Why a push is refused. Outside, all of them look alike.
var (
	ErrSignature = errors.New("signature is missing or wrong")
	ErrMode      = errors.New("body does not fit the account's mode")
	ErrCipher    = errors.New("ciphertext does not open")
	ErrAppID     = errors.New("message is for another AppID")
)

// Kind says whose protocol an account speaks.
type Kind string

// The kinds of accounts.
const (
	// Official is an Official Account, a mini program, a shop or a third-party
	// platform. It is what an Account without a Kind is.
	Official Kind = "official"
	// WeCom is an application of 企业微信. All its pushes are encrypted and none
	// has a signature beside msg_signature; the AppID is the CorpID.
	//
	// https://developer.work.weixin.qq.com/document/path/90930
	WeCom Kind = "wecom"
)

// Mode says which bodies an account accepts, as chosen in WeChat's console.
type Mode string

// The modes of WeChat's console: 明文, 兼容 and 安全. WeCom knows only Safe.
const (
	Plain  Mode = "plain"
	Compat Mode = "compat"
	Safe   Mode = "safe"
)

// Account is what the door must know of one account. Tokens and Keys hold the
// new one first and, while they are being rotated, the old one after it. An
// Account is safe for concurrent use.
type Account struct {
	Kind   Kind
	AppID  string
	Tokens []string
	Keys   []Key
	Mode   Mode

	// Old is called, if set, whenever a push was signed with the old token
	// ("token") or sealed with the old key ("key"): while that happens the old
	// one is still needed. It may be called from several goroutines.
	Old func(secret string)
}

// Query is the signed part of a request's query string.
type Query struct {
	Signature    string // of token, timestamp, nonce; in every mode, not from WeCom
	Timestamp    string // opaque
	Nonce        string
	MsgSignature string // also covers Encrypt; in encrypted pushes
	EncryptType  string // "aes" in encrypted pushes
}

// Verify reports whether q is signed by WeChat, as far as the query alone
// tells. It says nothing about a body: in plain mode no signature covers that,
// and with WeCom the only signature there is covers the body, too.
func (a *Account) Verify(q Query) bool {
	if a.Kind == WeCom {
		return len(q.MsgSignature) == signatureLen
	}
	return a.signed(q.Signature, &q, nil)
}

// Echo returns what WeChat's check of the server URL wants back: echostr, and
// from WeCom what is sealed in it. It returns [ErrSignature], [ErrCipher] or
// [ErrAppID].
func (a *Account) Echo(q Query, echostr string) ([]byte, error) {
	switch {
	case echostr == "", a.Kind != WeCom && !a.Verify(q):
		return nil, ErrSignature
	case a.Kind != WeCom:
		return []byte(echostr), nil
	}
	sealed := strings.ReplaceAll(echostr, " ", "+") // what a form decoder makes of a plus
	if !a.signed(q.MsgSignature, &q, []byte(sealed)) {
		return nil, ErrSignature
	}
	return a.open(new([]byte), []byte(sealed))
}

// Open verifies a push and returns the XML or JSON of its message. It returns
// [ErrSignature], [ErrMode], [ErrCipher] or [ErrAppID]; nothing is decrypted
// before the signatures hold. A plain message is body itself.
//
// In safe mode only an encrypted body is accepted, in plain mode only a plain
// one. In compat mode the encrypted copy wins and the plain one is not looked at.
func (a *Account) Open(q Query, body []byte) ([]byte, error) { return a.OpenInto(new([]byte), q, body) }

// OpenInto is [Account.Open] that decrypts into the memory of buf, which grows
// if it must and is used again by the next call.
func (a *Account) OpenInto(buf *[]byte, q Query, body []byte) ([]byte, error) {
	if !a.Verify(q) {
		return nil, ErrSignature
	}
	if a.Mode == Plain {
		if q.EncryptType == "aes" || q.MsgSignature != "" || isEnvelope(body) {
			return nil, fmt.Errorf("%w: encrypted push in plain mode", ErrMode)
		}
		return body, nil
	}
	sealed, found := a.sealed(&q, body)
	switch {
	case sealed != nil:
		return a.open(buf, sealed)
	case found:
		return nil, ErrSignature
	case a.Mode == Safe:
		return nil, fmt.Errorf("%w: plain push in safe mode", ErrMode)
	}
	return body, nil
}

// open decrypts sealed into buf with the key that fits.
func (a *Account) open(buf *[]byte, sealed []byte) ([]byte, error) {
	err := ErrCipher
	for i, key := range a.Keys {
		message, failed := key.open(buf, sealed, a.AppID)
		if failed == nil {
			a.used(i, "key")
			return message, nil
		}
		if errors.Is(failed, ErrAppID) {
			err = failed
		}
	}
	return nil, err
}

// signed reports whether signature covers q and, unless it is nil, sealed
// under one of the account's tokens.
func (a *Account) signed(signature string, q *Query, sealed []byte) bool {
	s := signers.Get().(*signer)
	defer s.release()
	for i, token := range a.Tokens {
		if s.signed(signature, token, q, sealed) {
			a.used(i, "token")
			return true
		}
	}
	return false
}

// used tells of an old secret that was needed.
func (a *Account) used(i int, secret string) {
	if i > 0 && a.Old != nil {
		a.Old(secret)
	}
}
