package door_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// call is what a fuzzer says to the ingress. It cannot guess a signature, so
// it has flags to be given one.
type call struct {
	method, target, header string
	body                   []byte
	flags                  choice
}

// choice is a set of flags; the lowest two bits choose the account.
type choice uint16

const (
	isSigned   choice = 1 << (2 + iota)
	isSealed          // in the envelope that the account's key makes
	isJSON            // that envelope
	isBoth            // the plain copy stands beside it
	isForeign         // for another AppID
	isComposed        // the body is the Content of a text
	isCDATA           // in a section, else with entities
	isChunked         // the length is not told
	hasMethod         // of its own, else POST
	hasTarget         // of its own; else target is a part of the query
	isFirst           // that part, else it stands last
)

func (c choice) has(flag choice) bool { return c&flag != 0 }

// inMode has the accounts, and of each the tokens.
var inMode = map[string][]string{"plain": {token}, "compat": {token}, "main": {token}, "rotating": {"newtoken", token}}

func (c choice) account() string { return []string{"plain", "compat", "main", "rotating"}[c&3] }

// say returns what stands in the request.
func (c call) say(t *testing.T) (method, target string, body []byte) {
	t.Helper()
	p := signed(string(c.message()))
	if c.flags.has(isSealed) {
		receiver := appID
		if c.flags.has(isForeign) {
			receiver = "wxffffffffffffffff"
		}
		p = c.seal(t, receiver)
	}
	query := ""
	if c.flags.has(isSigned) {
		query = p.query.Encode()
	}
	parts := []string{query, c.target}
	if c.flags.has(isFirst) {
		slices.Reverse(parts)
	}
	method, target = http.MethodPost, "/wechat/"+c.flags.account()+"?"+strings.Join(parts, "&")
	if c.flags.has(hasTarget) {
		target = c.target
	}
	if c.flags.has(hasMethod) {
		method = c.method
	}
	return method, target, []byte(p.body)
}

// seal puts the message into an envelope, and a plain copy beside it.
func (c call) seal(t *testing.T, receiver string) push {
	t.Helper()
	p := sealed(t, string(c.message()), receiver)
	encrypt := p.body[strings.Index(p.body, "Encrypt")+7:]
	encrypt = strings.Trim(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(encrypt, "><![CDATA["), "</xml>"), "]]></Encrypt>"), `":}`)
	envelope := enveloped(encrypt, c.flags.has(isJSON))
	if c.flags.has(isBoth) {
		envelope.body = strings.Replace(envelope.body, "<Encrypt>", "<MsgType>text</MsgType><Content>plain</Content><Encrypt>", 1)
	}
	return envelope
}

// message is what WeChat would have to say.
func (c call) message() []byte {
	if !c.flags.has(isComposed) {
		return c.body
	}
	hash := fnv.New64a()
	_, _ = hash.Write(append(c.body, byte(c.flags>>8)))
	var content bytes.Buffer
	if c.flags.has(isCDATA) {
		fmt.Fprintf(&content, "<![CDATA[%s]]>", c.body)
	} else {
		_ = xml.EscapeText(&content, c.body)
	}
	return fmt.Appendf(nil, "<xml><FromUserName>%s</FromUserName><MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", openID, &content, hash.Sum64())
}

// expected is what must come of a call.
type expected struct {
	signed  bool   // there may be a success, or an echostr
	success bool   // there must be one
	id      string // of what is then stored; "" if nobody can tell
}

func (c call) expect(r *http.Request) (want expected) {
	account := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/wechat/"), "/")
	query := r.URL.Query()
	want.signed = isRight(inMode[account], query.Get("signature"), query.Get("timestamp"), query.Get("nonce"))
	if c.flags.has(hasTarget) {
		return want
	}
	want.id = idOf(account, c.message())
	hidden := bytes.Contains(c.message(), []byte("ncrypt")) || bytes.Contains(c.message(), []byte(`\u`))
	ours := c.flags.has(isSigned) && !c.flags.has(isFirst) // the msg_signature that counts is not target's
	opens := ours && c.flags.has(isSealed) && !c.flags.has(isForeign)
	genuine := false
	switch account {
	case "plain":
		genuine = !c.flags.has(isSealed) && !hidden && !query.Has("encrypt_type") && !query.Has("msg_signature")
	case "compat":
		genuine = opens || !c.flags.has(isSealed) && !hidden
	default:
		genuine = opens
	}
	if !c.flags.has(isSealed) && hidden || account == "plain" && c.flags.has(isSealed) {
		want.id = "" // it is not for the test to say what the message is
	}
	want.success = want.signed && genuine && r.Method == http.MethodPost
	return want
}

// isRight is WeChat's rule for signatures.
func isRight(tokens []string, signature, timestamp, nonce string) bool {
	return slices.ContainsFunc(tokens, func(token string) bool {
		sum := sha1.Sum([]byte(strings.Join(slices.Sorted(slices.Values([]string{token, timestamp, nonce})), "")))
		return hex.EncodeToString(sum[:]) == signature
	})
}

// idOf is the key under which a message is stored once.
func idOf(account string, message []byte) string {
	id := ""
	if m, err := wechat.Decode(message); err == nil && m.MsgId != "" {
		id = account + ":" + m.FromUserName + ":" + m.MsgId
	} else {
		sum := sha256.Sum256(message)
		id = account + ":" + hex.EncodeToString(sum[:16])
	}
	var encoded strings.Builder
	for _, b := range []byte(id) {
		if b <= ' ' || b >= 0x7f || b == '"' || b == '%' {
			fmt.Fprintf(&encoded, "%%%02X", b)
		} else {
			encoded.WriteByte(b)
		}
	}
	return encoded.String()
}

// checkValues wants in what is stored the values that went in: those that
// encoding/xml reads, and the text that the user typed, to the byte.
func (c call) checkValues(t *testing.T, stored []byte) {
	t.Helper()
	for name, want := range leaves(c.message()) {
		m, err := wechat.Decode(stored)
		if err != nil {
			if _, typed := leaves(c.message())["MsgType"]; typed {
				t.Fatalf("what encoding/xml reads is stored as %s", stored)
			}
			return
		}
		if got := strings.Trim(m.Field(name), " \t\r\n"); got != want && name != "item" && name != "CreateTime" {
			t.Fatalf("%s is %q, encoding/xml reads %q", name, got, want)
		}
	}
	if !c.flags.has(isComposed) || !c.flags.has(isCDATA) || bytes.Contains(c.body, []byte("]]>")) {
		return
	}
	var message struct{ Content string }
	if err := json.Unmarshal(stored, &message); err != nil || message.Content != string([]rune(string(c.body))) {
		t.Fatalf("Content is %q, %v; the user typed %q", message.Content, err, c.body)
	}
}

// leaves returns the texts of a document that holds nothing but elements of
// different names with one run of text or one section each; of any other, nil.
// The blanks around them do not count.
func leaves(document []byte) map[string]string {
	starts, ends := bytes.Count(document, []byte("<![CDATA[")), bytes.Count(document, []byte("]]>"))
	if starts != ends || bytes.ContainsAny(document, "\r?") || bytes.Contains(document, []byte("<!--")) || !utf8.Valid(document) {
		return nil
	}
	document = bytes.Trim(document, " \t\n")
	texts, depth, name, roots := map[string]string{}, 0, "", 0
	for decoder := xml.NewDecoder(bytes.NewReader(document)); ; {
		next, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return trimmed(texts)
		} else if err != nil {
			return nil
		}
		switch token := next.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth, name = depth+1, token.Name.Local
			if _, again := texts[name]; again || depth > 2 || roots > 1 || len(token.Attr) > 0 || token.Name.Space != "" {
				return nil
			}
			if depth == 2 {
				texts[name] = ""
			}
		case xml.EndElement:
			depth, name = depth-1, ""
		case xml.CharData:
			if _, leaf := texts[name]; leaf && texts[name] == "" {
				texts[name] = string(token)
			} else if leaf || depth == 0 { // encoding/xml takes text outside the root, too
				return nil
			}
		default:
			return nil
		}
	}
}

func trimmed(texts map[string]string) map[string]string {
	for name := range maps.Keys(texts) {
		texts[name] = strings.Trim(texts[name], " \t\r\n")
	}
	return texts
}
