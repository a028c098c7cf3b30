package callback_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

// forms are the bodies that WeChat, or somebody else, may send.
type form struct {
	query callback.Query
	body  []byte
}

func forms(t *testing.T, format string) map[string]form {
	t.Helper()
	plain, key := messages[format], mustKey(t, keyText)
	sealed := key.Seal([]byte(plain), appID)
	other := key.Seal([]byte("sealed "+plain), appID)
	marked := plainQuery()
	marked.EncryptType = "aes"
	return map[string]form{
		"plain":          {plainQuery(), []byte(plain)},
		"encrypted":      {sealedQuery(sealed), envelope(format, sealed)},
		"both":           {sealedQuery(other), compat(format, plain, other)},
		"plain, marked":  {marked, []byte(plain)},
		"encrypted, raw": {raw(sealedQuery(sealed)), envelope(format, sealed)},
	}
}

// raw takes the mark of an encrypted push from a query.
func raw(q callback.Query) callback.Query {
	q.EncryptType = "raw"
	return q
}

func TestOpenTakesWhatTheModeAllows(t *testing.T) {
	const ok, sealedCopy = "plain", "sealed"
	for _, tt := range []struct {
		mode callback.Mode
		form string
		want string // which copy comes out
		err  error
	}{
		{callback.Plain, "plain", ok, nil},
		{callback.Plain, "encrypted", "", callback.ErrMode},
		{callback.Plain, "both", "", callback.ErrMode},
		{callback.Plain, "plain, marked", "", callback.ErrMode},
		{callback.Plain, "encrypted, raw", "", callback.ErrMode},
		{callback.Compat, "plain", ok, nil},
		{callback.Compat, "encrypted", ok, nil},
		{callback.Compat, "both", sealedCopy, nil},
		{callback.Compat, "plain, marked", ok, nil},
		{callback.Compat, "encrypted, raw", ok, nil},
		{callback.Safe, "plain", "", callback.ErrMode},
		{callback.Safe, "encrypted", ok, nil},
		{callback.Safe, "both", sealedCopy, nil},
		{callback.Safe, "plain, marked", "", callback.ErrMode},
		{callback.Safe, "encrypted, raw", ok, nil},
	} {
		for format, plain := range messages {
			t.Run(strings.Join([]string{string(tt.mode), tt.form, format}, "/"), func(t *testing.T) {
				want := map[string]string{ok: plain, sealedCopy: "sealed " + plain}[tt.want]
				form := forms(t, format)[tt.form]
				got, err := account(t, tt.mode).Open(form.query, form.body)
				check(t, got, err, want, tt.err)
			})
		}
	}
}

func TestOpenWantsASignatureInEveryMode(t *testing.T) {
	right := plainQuery().Signature
	for _, mode := range []callback.Mode{callback.Plain, callback.Compat, callback.Safe} {
		for format := range messages {
			for name, form := range forms(t, format) {
				for fault, signature := range wrongSignatures(right) {
					t.Run(strings.Join([]string{string(mode), format, name, fault}, "/"), func(t *testing.T) {
						form.query.Signature = signature
						got, err := account(t, mode).Open(form.query, form.body)
						check(t, got, err, "", callback.ErrSignature)
					})
				}
			}
		}
	}
}

// wrongSignatures are near the right one.
func wrongSignatures(right string) map[string]string {
	flipped := "0"
	if right[0] == '0' {
		flipped = "1"
	}
	return map[string]string{
		"missing":        "",
		"wrong":          flipped + right[1:],
		"wrong at end":   right[:39] + map[bool]string{true: "1", false: "0"}[right[39] == '0'],
		"upper case":     strings.ToUpper(right),
		"short":          right[:39],
		"long":           right + "0",
		"blank":          right + " ",
		"twice":          right + right,
		"all zero":       strings.Repeat("0", 40),
		"empty hash":     callback.Signature(),
		"no token":       callback.Signature(stamp, nonce),
		"an empty token": callback.Signature("", stamp, nonce),
		"another token":  callback.Signature(oldToken, stamp, nonce),
	}
}

func TestOpenWantsBothSignaturesOfAnEncryptedPush(t *testing.T) {
	for format, plain := range messages {
		sealed := mustKey(t, keyText).Seal([]byte(plain), appID)
		right := sealedQuery(sealed)
		faults := wrongSignatures(right.MsgSignature)
		faults["of another Encrypt"] = callback.Signature(token, stamp, nonce, "AAAA")
		faults["without Encrypt"] = right.Signature
		for fault, signature := range faults {
			for _, mode := range []callback.Mode{callback.Compat, callback.Safe} {
				t.Run(strings.Join([]string{format, fault, string(mode)}, "/"), func(t *testing.T) {
					q := right
					q.MsgSignature = signature
					got, err := account(t, mode).Open(q, envelope(format, sealed))
					check(t, got, err, "", callback.ErrSignature)
					got, err = account(t, mode).Open(q, compat(format, plain, sealed))
					check(t, got, err, "", callback.ErrSignature)
				})
			}
		}
	}
}

func TestOpenWantsTheTimestampAndNonceThatWereSigned(t *testing.T) {
	sealed := mustKey(t, keyText).Seal([]byte(messages["XML"]), appID)
	for name, change := range map[string]func(*callback.Query){
		"timestamp": func(q *callback.Query) { q.Timestamp = "1720000002" },
		"nonce":     func(q *callback.Query) { q.Nonce = "1122334456" },
		"neither":   func(q *callback.Query) { q.Timestamp, q.Nonce = "", "" },
	} {
		q := sealedQuery(sealed)
		change(&q)
		got, err := account(t, callback.Safe).Open(q, envelope("XML", sealed))
		t.Log(name)
		check(t, got, err, "", callback.ErrSignature)
	}
}

func TestOpenIgnoresBlanksInsideEncrypt(t *testing.T) {
	sealed := mustKey(t, keyText).Seal([]byte(messages["XML"]), appID)
	var lines []string
	for line := range slices.Chunk([]byte(sealed), 20) {
		lines = append(lines, string(line))
	}
	folded := strings.Join(lines, "\r\n\t ")
	body := string(envelope("XML", "\n "+folded))
	for name, body := range map[string]string{
		"CDATA": body,
		"text":  strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(body),
		"JSON":  `{"Encrypt":"` + strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(folded) + `"}`,
	} {
		got, err := account(t, callback.Safe).Open(sealedQuery(sealed), []byte(body))
		t.Log(name)
		check(t, got, err, messages["XML"], nil)
	}
}

func TestOpenFindsNoEnvelopeInWhatCannotBeRead(t *testing.T) {
	for _, body := range []string{"", "text", "<xml>", "<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>", `{"Encrypt":"a"`, `["Encrypt"]`, `<xml><encrypt>a</encrypt></xml>`} {
		got, err := account(t, callback.Safe).Open(sealedQuery("a"), []byte(body))
		check(t, got, err, "", callback.ErrMode)
		got, err = account(t, callback.Plain).Open(plainQuery(), []byte(body))
		check(t, got, err, body, nil)
	}
}

// What a user types stands in the plain copy of a compat push, before WeChat's.
func TestOpenTakesTheEncryptThatIsSigned(t *testing.T) {
	key := mustKey(t, keyText)
	first, second := key.Seal([]byte("first"), appID), key.Seal([]byte("second"), appID)
	for _, form := range []string{
		"<xml><Encrypt>%s</Encrypt><Encrypt>%s</Encrypt></xml>",
		"<xml><Encrypt><![CDATA[%s]]></Encrypt><Encrypt><![CDATA[%s]]></Encrypt></xml>",
		"<xml><MsgType>link</MsgType><Title><![CDATA[]]></Title><Encrypt><![CDATA[%s]]></Encrypt><Title>a</Title><Encrypt> %s\n</Encrypt></xml>",
		`{"Encrypt":"%s","Encrypt":"%s"}`,
	} {
		body := fmt.Appendf(nil, form, first, second)
		got, err := account(t, callback.Safe).Open(sealedQuery(first), body)
		check(t, got, err, "first", nil)
		got, err = account(t, callback.Compat).Open(sealedQuery(second), body)
		check(t, got, err, "second", nil)
		got, err = account(t, callback.Safe).Open(sealedQuery("third"), body)
		check(t, got, err, "", callback.ErrSignature)
	}
}

// Whoever types an Encrypt into a link of his shall not have it refused.
func TestOpenTakesATypedEncryptForText(t *testing.T) {
	for _, typed := range []string{
		"]]></Title><Encrypt>AAAA</Encrypt><Title><![CDATA[", "<Encrypt>AAAA</Encrypt>", `","Encrypt":"AAAA`,
	} {
		body := "<xml><MsgType>link</MsgType><Title><![CDATA[" + typed + "]]></Title></xml>"
		got, err := account(t, callback.Plain).Open(plainQuery(), []byte(body))
		check(t, got, err, body, nil)
	}
}
