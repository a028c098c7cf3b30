package route_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// jsonText returns text as it stands between the quotes of a JSON string.
func jsonText(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted[1 : len(quoted)-1])
}

var (
	inbound = regexp.MustCompile(`^wechat\.in\.main\.([0-9]|1[0-5])\.(event\.|info\.)?[a-z0-9_-]{1,64}$`)
	visible = regexp.MustCompile(`^[!-~]+$`)
)

// Whatever names WeChat sends, they become neither subject grammar nor lines of
// a header, and a worker reads back what was stored.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"subscribe", "CLICK", "", ".", "..", "*", ">", "a.b", "a.>", " ", "a b", "\r\nPUB a 0", "\x00", "关注", "😀", "\xff\xfe", "_", "event",
		"info", "undecodable", strings.Repeat("a.", 100), "%41", `"`, "İ",
	} {
		f.Add("event", name, openID, "")
		f.Add(name, "CLICK", "", "1")
		f.Add("text", "", name, name)
	}
	f.Fuzz(func(t *testing.T, msgType, event, user, msgID string) {
		push := `{"MsgType":"` + jsonText(msgType) + `","Event":"` + jsonText(event) + `","FromUserName":"` + jsonText(user) + `","MsgId":"` + jsonText(msgID) + `"}`
		m := decode(t, push)
		e := route.Pack("main", m, []byte(push), now)
		subject := e.Subject(partitions)
		if !inbound.MatchString(subject) || !server.IsValidLiteralSubject(subject) {
			t.Fatalf("stored under %q", subject)
		}
		if e.Kind == "event" || e.Kind == "info" || e.Kind == wechat.Undecodable {
			t.Fatalf("a message is of kind %s, which it is not", e.Kind)
		}
		checkHeader(t, e)
		address, err := route.ParseIn(subject)
		if err != nil || address.Subject() != subject || address.Partition != route.Partition(m.FromUserName, partitions) {
			t.Fatalf("%s is read as %v, %v", subject, address, err)
		}
		got, err := route.Unpack(address, e.Header(), e.Body)
		if err != nil || got.Kind() != address.Kind || got.FromUserName != m.FromUserName || got.MsgId != m.MsgId {
			t.Fatalf("unpacked %+v, %v", got, err)
		}
	})
}

func checkHeader(t *testing.T, e *route.Envelope) {
	t.Helper()
	for name, values := range e.Header() {
		if len(values) != 1 || !visible.MatchString(values[0]) {
			t.Fatalf("%s: %q", name, values)
		}
	}
	if got, err := url.PathUnescape(e.Header()[route.HeaderID][0]); err != nil || got != e.ID {
		t.Fatalf("ce-id decodes to %q, %v, want %q", got, err, e.ID)
	}
}

// Whatever names a user has, a reply to him can be published and comes into his
// partition.
func FuzzOutSubject(f *testing.F) {
	for _, user := range []string{openID, "", ".", "a.b", "*", ">", "a ", "\r\n", "用户", "\xff", "$SYS", strings.Repeat("a", 300)} {
		f.Add(user)
	}
	f.Fuzz(func(t *testing.T, user string) {
		published := route.OutSubject("main", user, partitions)
		if !server.IsValidLiteralSubject(published) || !utf8.ValidString(published) {
			t.Fatalf("published to %q", published)
		}
		account, got, err := route.ParseOut(stored(t, published))
		if want := route.Partition(user, partitions); err != nil || account != "main" || got != want {
			t.Fatalf("stored for %s in %d, %v; want main in %d", account, got, err, want)
		}
	})
}

// What a worker reads from a subject, it must be able to put back.
func FuzzParseIn(f *testing.F) {
	for _, subject := range []string{
		"wechat.in.main.7.text", "wechat.in.main.7.event.click", "wechat.retry.echo.main.7.text", "wechat.in.main.7", "wechat.in....",
		"wechat.retry.....", "wechat.in.a.99999999999999999999.b", "wechat.in.a.+7.b", "wechat.in.a.007.b", "",
	} {
		f.Add(subject)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		address, err := route.ParseIn(subject)
		if err != nil {
			if address != (route.Address{}) {
				t.Fatalf("%q: %v beside %v", subject, address, err)
			}
			return
		}
		for _, put := range []string{address.Subject(), address.RetrySubject("echo")} {
			if again, err := route.ParseIn(put); err != nil || again != address {
				t.Fatalf("%q is %v, put back as %q it is %v, %v", subject, address, put, again, err)
			}
		}
		if address.Kind == "" || address.Partition < 0 {
			t.Fatalf("%q is %v", subject, address)
		}
	})
}
