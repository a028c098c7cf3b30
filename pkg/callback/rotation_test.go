package callback_test

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

// rotating is an account whose token and key are being changed.
func rotating(t *testing.T) *callback.Account {
	t.Helper()
	return &callback.Account{
		AppID: appID, Mode: callback.Safe,
		Tokens: []string{token, oldToken},
		Keys:   []callback.Key{mustKey(t, keyText), mustKey(t, oldKey)},
	}
}

func TestOldAndNewAreAcceptedDuringARotation(t *testing.T) {
	for name, text := range map[string]string{"new key": keyText, "old key": oldKey} {
		for _, signer := range []string{token, oldToken} {
			t.Run(name+"/"+signer, func(t *testing.T) {
				sealed := mustKey(t, text).Seal([]byte("message"), appID)
				q := callback.Query{
					Timestamp: stamp, Nonce: nonce, EncryptType: "aes",
					Signature:    callback.Signature(signer, stamp, nonce),
					MsgSignature: callback.Signature(signer, stamp, nonce, sealed),
				}
				got, err := rotating(t).Open(q, envelope("XML", sealed))
				check(t, got, err, "message", nil)
			})
		}
	}
}

func TestRotationAcceptsNothingElse(t *testing.T) {
	const third = "ThirdKey0123456789012345678901234567890123A"
	for _, tt := range []struct {
		name, key, receiver, signer string
		want                        error
	}{
		{"another token", keyText, appID, "weixinToken2", callback.ErrSignature},
		{"both tokens as one", keyText, appID, token + "," + oldToken, callback.ErrSignature},
		{"another key", third, appID, token, callback.ErrCipher},
		{"another AppID under the new key", keyText, "wxfedcba9876543210", token, callback.ErrAppID},
		{"another AppID under the old key", oldKey, "wxfedcba9876543210", token, callback.ErrAppID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sealed := mustKey(t, tt.key).Seal([]byte("message"), tt.receiver)
			q := sealedQuery(sealed)
			q.Signature = callback.Signature(tt.signer, stamp, nonce)
			q.MsgSignature = callback.Signature(tt.signer, stamp, nonce, sealed)
			got, err := rotating(t).Open(q, envelope("JSON", sealed))
			check(t, got, err, "", tt.want)
		})
	}
}

func TestAccountWithoutTokenOrKeyOpensNothing(t *testing.T) {
	sealed := mustKey(t, keyText).Seal([]byte("message"), appID)
	withoutToken, withoutKey := account(t, callback.Safe), account(t, callback.Safe)
	withoutToken.Tokens, withoutKey.Keys = nil, nil
	got, err := withoutToken.Open(sealedQuery(sealed), envelope("XML", sealed))
	check(t, got, err, "", callback.ErrSignature)
	got, err = withoutKey.Open(sealedQuery(sealed), envelope("XML", sealed))
	check(t, got, err, "", callback.ErrCipher)
}
