package callback_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

// Whoever changes a byte on the way knows no token: msg_signature covers all
// of the ciphertext.
func TestAChangedCiphertextNeverOpens(t *testing.T) {
	account := account(t, callback.Safe)
	sealed := mustKey(t, keyText).Seal([]byte(messages["JSON"]), appID)
	q := sealedQuery(sealed)
	for i := range sealed {
		for _, to := range []byte{sealed[i] ^ 1, sealed[i] ^ 0x20, 'A', '=', '+', 0x7f} {
			changed := []byte(sealed)
			if changed[i] = to; to == sealed[i] {
				continue
			}
			got, err := account.Open(q, envelope("JSON", string(changed)))
			if got != nil || !errors.Is(err, callback.ErrSignature) && !errors.Is(err, callback.ErrMode) {
				t.Fatalf("byte %d as %q: Open = %q, %v; want a refusal", i, to, got, err)
			}
		}
	}
}

// Whoever knows the token but not the key can garble a message: AES-CBC itself
// notices nothing. It must not cost more than that.
func TestAChangedAndSignedCiphertextNeverPanics(t *testing.T) {
	message := messages["XML"]
	sealed, err := base64.StdEncoding.DecodeString(mustKey(t, keyText).Seal([]byte(message), appID))
	if err != nil {
		t.Fatal(err)
	}
	refused, garbled := 0, 0
	for i := range sealed {
		for bit := range 8 {
			changed := append([]byte(nil), sealed...)
			changed[i] ^= 1 << bit
			got, err := open(t, base64.StdEncoding.EncodeToString(changed))
			switch {
			case err == nil && string(got) == message && i >= 16:
				t.Errorf("byte %d: the message does not change", i)
			case err == nil:
				garbled++
			case !errors.Is(err, callback.ErrCipher) && !errors.Is(err, callback.ErrAppID):
				t.Errorf("byte %d: error is %v, want ErrCipher or ErrAppID", i, err)
			default:
				refused++
			}
		}
	}
	if refused == 0 || garbled == 0 {
		t.Errorf("%d refused and %d garbled, want some of both", refused, garbled)
	}
}

func TestASignedCiphertextOfAnyLengthNeverPanics(t *testing.T) {
	sealed, err := base64.StdEncoding.DecodeString(mustKey(t, keyText).Seal([]byte(messages["XML"]), appID))
	if err != nil {
		t.Fatal(err)
	}
	for size := range sealed {
		for _, part := range [][]byte{sealed[:size], sealed[len(sealed)-size:]} {
			got, err := open(t, base64.StdEncoding.EncodeToString(part))
			if got != nil || !errors.Is(err, callback.ErrCipher) && !errors.Is(err, callback.ErrAppID) {
				t.Fatalf("%d bytes: Open = %q, %v; want a refusal", size, got, err)
			}
		}
	}
}
