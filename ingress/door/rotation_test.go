package door_test

import (
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
)

// oldUsed tells when a push last needed an old secret, the zero time for never.
func oldUsed(t *testing.T, secret string) time.Time {
	t.Helper()
	at := gauge(t, "wxbus_ingress_old_secret_last_used_seconds", "account", "rotating", "secret", secret)
	return time.Unix(int64(at), 0)
}

// Whoever changes Token and EncodingAESKey sees when the old ones can go.
func TestOldSecretsTellWhenTheyWereLastUsed(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	const newToken, newKey = "newtoken", "A123456789B123456789C123456789D123456789EFG"
	key, err := callback.ParseKey(newKey)
	if err != nil {
		t.Fatal(err)
	}
	fresh := key.Seal([]byte(numbered(1)), appID)
	p := enveloped(fresh, false).
		with("signature", callback.Signature(newToken, "1720000001", "1122334455")).
		with("msg_signature", callback.Signature(newToken, "1720000001", "1122334455", fresh))
	before := [2]time.Time{oldUsed(t, "token"), oldUsed(t, "key")}
	if got := r.post("/wechat/rotating", p); got != success {
		t.Fatalf("answer = %+v", got)
	}
	if after := [2]time.Time{oldUsed(t, "token"), oldUsed(t, "key")}; after != before {
		t.Errorf("the old secrets were used at %v, before %v; the push was made with the new ones", after, before)
	}
	start := time.Now().Truncate(time.Second)
	if got := r.post("/wechat/rotating", sealed(t, numbered(2), appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	for _, secret := range []string{"token", "key"} {
		if at := oldUsed(t, secret); at.Before(start) {
			t.Errorf("the old %s was used at %v, want after %v", secret, at, start)
		}
	}
}
