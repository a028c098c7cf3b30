package door_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// delivery is one way to send a push to an account.
type delivery struct {
	account      string // plain, compat; main is in safe mode
	body         string // plain, sealed, or both as in compat mode
	signature    string // right, wrong or missing
	msgSignature string
	encryptType  string // aes, raw or nothing
	json         bool
}

func deliveries() (all []delivery) {
	for _, account := range []string{"plain", "compat", "main"} {
		for _, body := range []string{"plain", "sealed", "both"} {
			for _, signature := range []string{"right", "wrong", "missing"} {
				for _, msgSignature := range []string{"right", "wrong", "missing"} {
					for _, encryptType := range []string{"aes", "raw", ""} {
						all = append(all,
							delivery{account, body, signature, msgSignature, encryptType, false},
							delivery{account, body, signature, msgSignature, encryptType, true})
					}
				}
			}
		}
	}
	return all
}

// accepted returns which of the two copies is stored, or nothing.
func (d delivery) accepted() string {
	encrypted := d.body != "plain"
	saysSo := d.body == "sealed" || d.encryptType == "aes" || d.msgSignature != "missing"
	switch {
	case d.signature != "right":
		return ""
	case d.account == "plain" && saysSo:
		return ""
	case d.account == "plain":
		return "plain"
	case d.account == "main" && !encrypted:
		return ""
	case !encrypted:
		return "plain"
	case d.msgSignature != "right":
		return ""
	}
	return "sealed"
}

// push makes the delivery of push number no: the plain copy says plain, the
// sealed one says sealed.
func (d delivery) push(t *testing.T, no int) push {
	t.Helper()
	message, end := textNo(no), "</xml>"
	if d.json {
		message, end = strings.Replace(textJSON, "24681357902468135", fmt.Sprint(24681357900000000+no), 1), "}"
	}
	open := strings.Replace(message, "你好", "plain", 1)
	p := sealed(t, strings.Replace(message, "你好", "sealed", 1), appID)
	encrypt := p.body[strings.Index(p.body, `<Encrypt>`)+1:]
	if d.json {
		encrypt = "," + strings.TrimPrefix(p.body, `{"ToUserName":"gh_0a1b2c3d4e5f",`)
	} else {
		encrypt = "<" + encrypt
	}
	switch d.body {
	case "plain":
		p.body = open
	case "both":
		p.body = strings.TrimSuffix(open, end) + encrypt
	}
	return p.
		with("signature", state(d.signature, p.query.Get("signature"))).
		with("msg_signature", state(d.msgSignature, p.query.Get("msg_signature"))).
		with("encrypt_type", d.encryptType)
}

// state returns a signature as it is, with another last digit, or not at all.
func state(what, signature string) string {
	switch what {
	case "missing":
		return ""
	case "wrong":
		last := signature[len(signature)-1] ^ 1
		return signature[:len(signature)-1] + string(last)
	}
	return signature
}

// In plain mode a push is refused that says in any way that it is encrypted; an
// Encrypt beside a message, without a word in the query, is what somebody typed.
// In compat mode the sealed copy is the one that counts, and must be signed,
// also when the plain one would do.
func TestEveryModeTakesWhatItShould(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	for no, d := range deliveries() {
		name := fmt.Sprintf("%+v", d)
		t.Run(name, func(t *testing.T) {
			r.t = t
			before, copied := c.stored(), d.accepted()
			want, stored := refused, 0
			if copied != "" {
				want, stored = success, 1
			}
			if diff := cmp.Diff(want, r.post("/wechat/"+d.account, d.push(t, no))); diff != "" {
				t.Error(diff)
			}
			if got := c.stored() - before; got != stored {
				t.Fatalf("stored %d messages, want %d", got, stored)
			}
			if got := c.content(t); stored == 1 && got != copied {
				t.Errorf("stored the copy that says %q, want %q", got, copied)
			}
		})
	}
}

// content returns the Content of the newest message.
func (c counter) content(t *testing.T) string {
	t.Helper()
	if c.stored() == 0 {
		return ""
	}
	m, err := c.stream.GetMsg(t.Context(), uint64(c.stored()))
	if err != nil {
		t.Fatal(err)
	}
	var message struct{ Content string }
	if err := json.Unmarshal(m.Data, &message); err != nil {
		t.Fatal(err)
	}
	return message.Content
}
