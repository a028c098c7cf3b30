package callback_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

func TestSignatureDoesNotDependOnTheOrder(t *testing.T) {
	want := callback.Signature("token", "10", "9", "AAAA")
	for _, parts := range [][]string{
		{"10", "9", "AAAA", "token"}, {"9", "token", "10", "AAAA"}, {"AAAA", "token", "9", "10"},
	} {
		given := slices.Clone(parts)
		if got := callback.Signature(parts...); got != want {
			t.Errorf("Signature(%q) = %s, want %s", given, got, want)
		}
		if !slices.Equal(parts, given) {
			t.Errorf("Signature sorts its caller's parts to %q", parts)
		}
	}
}

func TestSignatureIsLowerCaseHex(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{40}$`)
	for _, parts := range [][]string{nil, {""}, {"令牌", "\xff", "\x00"}, {"a", "a", "a"}} {
		if got := callback.Signature(parts...); !form.MatchString(got) {
			t.Errorf("Signature(%q) = %q, want 40 digits", parts, got)
		}
	}
}

func TestVerifyKnowsItsTokens(t *testing.T) {
	for _, tt := range []struct {
		name, signer string
		tokens       []string
		want         bool
	}{
		{"one token", token, []string{token}, true},
		{"new token", token, []string{token, oldToken}, true},
		{"old token", oldToken, []string{token, oldToken}, true},
		{"another token", "weixinToken2", []string{token, oldToken}, false},
		{"token in another case", "WEIXINTOKEN1", []string{token}, false},
		{"no token", token, nil, false},
		{"no token and an empty one", "", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := callback.Query{Signature: callback.Signature(tt.signer, stamp, nonce), Timestamp: stamp, Nonce: nonce}
			account := callback.Account{Tokens: tt.tokens}
			if got := account.Verify(q); got != tt.want {
				t.Errorf("Verify = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestVerifyTakesTheTimestampAsItIs(t *testing.T) {
	for _, timestamp := range []string{"", "0", "1", "99999999999", "-1", "yesterday", " 1720000001", "1720000001\x00"} {
		q := callback.Query{Signature: callback.Signature(token, timestamp, nonce), Timestamp: timestamp, Nonce: nonce}
		if !account(t, callback.Plain).Verify(q) {
			t.Errorf("timestamp %q is refused", timestamp)
		}
		q.Timestamp += "0"
		if account(t, callback.Plain).Verify(q) {
			t.Errorf("timestamp %q stands for %q", q.Timestamp, timestamp)
		}
	}
}

func TestVerifyRefusesWrongSignatures(t *testing.T) {
	for fault, signature := range wrongSignatures(plainQuery().Signature) {
		q := plainQuery()
		q.Signature = signature
		if account(t, callback.Plain).Verify(q) {
			t.Errorf("%s: Verify takes %q", fault, signature)
		}
	}
}

// msg_signature says nothing about a GET.
func TestVerifyWantsSignatureNotMsgSignature(t *testing.T) {
	q := sealedQuery("AAAA")
	q.Signature = q.MsgSignature
	if account(t, callback.Safe).Verify(q) {
		t.Error("Verify takes msg_signature for signature")
	}
}
