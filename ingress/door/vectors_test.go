package door_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/config"
)

// vector is a published sample of WXBizMsgCrypt, or one made after it.
type vector struct {
	Name, Token, EncodingAESKey, ReceiveID, Timestamp, Nonce string
	Plaintext, Signature, MsgSignature, Encrypt              string
}

// fixture reads the vectors of package callback.
func fixture[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	data, err := os.ReadFile("../../pkg/callback/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// push is the vector as WeChat delivers it. Where the source names no token,
// time or signature, others stand in.
func (v vector) push(asJSON bool) push {
	timestamp, nonce := cmp.Or(v.Timestamp, "1720000001"), cmp.Or(v.Nonce, "1122334455")
	p := enveloped(v.Encrypt, asJSON)
	p.query = url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "encrypt_type": {"aes"}}
	p.query.Set("signature", cmp.Or(v.Signature, callback.Signature(v.token(), timestamp, nonce)))
	p.query.Set("msg_signature", cmp.Or(v.MsgSignature, callback.Signature(v.token(), timestamp, nonce, v.Encrypt)))
	return p
}

func (v vector) token() string { return cmp.Or(v.Token, token) }

// accounts has the vector's account in safe mode, in compat mode, and while
// its token and key are the old ones.
func (v vector) accounts(all config.Accounts[door.Account]) {
	name := strings.ToLower(v.Name)
	account := door.Account{AppID: v.ReceiveID, Token: config.Secret(v.token()), AESKey: config.Secret(v.EncodingAESKey)}
	all[name] = account
	account.Mode = "compat"
	all[name+"-compat"] = account
	account.Mode, account.Token = "", "newtoken,"+account.Token
	account.AESKey = "A123456789B123456789C123456789D123456789EFG," + account.AESKey
	all[name+"-old"] = account
}

func TestEveryVectorComesThroughTheDoor(t *testing.T) {
	vectors := fixture[vector](t, "vectors.json")
	r := serve(t, bustest.Start(t), func(c *door.Config) {
		for _, v := range vectors {
			v.accounts(c.Accounts)
		}
	}).ready()
	c := count(t, r.nats)
	for _, v := range vectors {
		for _, account := range []string{"", "-compat", "-old"} {
			t.Run(v.Name+account, func(t *testing.T) {
				r.t = t
				before, path := c.stored(), "/wechat/"+strings.ToLower(v.Name)+account
				for _, asJSON := range []bool{false, true, false} {
					if got := r.post(path, v.push(asJSON)); got != success {
						t.Errorf("answer to JSON %v = %+v", asJSON, got)
					}
				}
				if got := c.stored() - before; got != 1 {
					t.Fatalf("stored %d messages, want one for all deliveries", got)
				}
				m, err := c.stream.GetMsg(t.Context(), uint64(c.stored()))
				if err != nil {
					t.Fatal(err)
				}
				if d := diff.Diff(fields([]byte(v.Plaintext)), fields(m.Data)); d != "" {
					t.Errorf("stored under %s (-plaintext +stored):\n%s", m.Subject, d)
				}
			})
		}
	}
	if len(vectors) != 17 {
		t.Errorf("%d vectors, want 17", len(vectors))
	}
}

// fields reads a push or what is stored of it, the values as texts. What is no
// message is one text.
func fields(push []byte) map[string]string {
	read := map[string]string{}
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(push))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err == nil {
		for name, value := range members {
			read[name] = fmt.Sprint(value)
		}
	} else {
		var root struct {
			Elements []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		}
		_ = xml.Unmarshal(push, &root) // no XML has no elements
		for _, e := range root.Elements {
			read[e.XMLName.Local] = e.Text
		}
	}
	if read["MsgType"] == "" {
		return map[string]string{"": string(push)}
	}
	return read
}

// The three values that a signature covers without a body can be seen by the
// check of the server URL and by a plain push.
func TestEverySignatureVectorOpensTheDoor(t *testing.T) {
	type signature struct {
		Name, Signature string
		Parts           []string // token, timestamp, nonce, and perhaps Encrypt
	}
	vectors := fixture[signature](t, "signatures.json")
	r := serve(t, bustest.Start(t), func(c *door.Config) {
		for i, v := range vectors {
			c.Accounts[fmt.Sprint(i)] = door.Account{AppID: appID, Token: config.Secret(v.Parts[0])}
		}
	}).ready()
	for i, v := range vectors {
		if len(v.Parts) > 3 {
			continue // no key to it is published: package callback has these
		}
		t.Run(v.Name, func(t *testing.T) {
			r.t = t
			const echostr = "4375120948345356249"
			path := fmt.Sprint("/wechat/", i)
			p := push{query: url.Values{"signature": {v.Signature}, "timestamp": {v.Parts[1]}, "nonce": {v.Parts[2]}}, body: textNo(i)}
			if got, _ := r.do(http.MethodGet, path, p.with("echostr", echostr).query, nil); got != (answer{http.StatusOK, echostr}) {
				t.Errorf("answer to GET = %+v", got)
			}
			if got := r.post(path, p); got != success {
				t.Errorf("answer to POST = %+v", got)
			}
			swapped := p.with("timestamp", v.Parts[2]).with("nonce", v.Parts[1])
			if got := r.post(path, swapped); got != success { // what is sorted has no order
				t.Errorf("answer to POST with timestamp and nonce swapped = %+v", got)
			}
			for _, name := range []string{"signature", "timestamp", "nonce"} {
				if got := r.post(path, p.with(name, "1")); got != refused {
					t.Errorf("answer to POST with another %s = %+v", name, got)
				}
			}
		})
	}
}
