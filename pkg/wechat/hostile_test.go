package wechat_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// A DOCTYPE is refused wherever it stands, before anything in it is read.
func TestDecodeRefusesEveryDoctype(t *testing.T) {
	const push = `<xml><MsgType>text</MsgType></xml>`
	laughs := `<!ENTITY a0 "ha">`
	for i := range 30 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "&a%d;&a%[2]d;">`, i+1, i)
	}
	for name, bad := range map[string]string{
		"billion laughs":          `<!DOCTYPE xml [` + laughs + `]><xml><MsgType>&a30;</MsgType></xml>`,
		"quadratic blow-up":       `<!DOCTYPE xml [<!ENTITY a "` + strings.Repeat("a", 1<<18) + `">]><xml><MsgType>` + strings.Repeat("&a;", 1<<16) + `</MsgType></xml>`,
		"parameter entity":        `<!DOCTYPE xml [<!ENTITY % a SYSTEM "http://127.0.0.1/a.dtd"> %a;]>` + push,
		"default attribute":       `<!DOCTYPE xml [<!ATTLIST xml a CDATA "b">]>` + push,
		"internal subset, empty":  `<!DOCTYPE xml []>` + push,
		"public identifier":       `<!DOCTYPE xml PUBLIC "-//A//B" "file:///dev/zero">` + push,
		"never ends":              `<!DOCTYPE xml [` + strings.Repeat("<!ENTITY", 1<<16),
		"behind a mark":           "\ufeff \r\n<!DOCTYPE xml>" + push,
		"behind a declaration":    `<?xml version="1.0"?><!DOCTYPE xml>` + push,
		"behind a comment":        `<!-- a --><!DOCTYPE xml>` + push,
		"behind the root":         push + `<!DOCTYPE xml>`,
		"in an element":           strings.Replace(push, "text", "<!DOCTYPE xml>", 1),
		"between elements":        strings.Replace(push, "</xml>", "<!DOCTYPE xml></xml>", 1),
		"in mixed case":           `<!DocType xml>` + push,
		"entity without DOCTYPE":  `<!ENTITY a "b">` + push,
		"conditional section":     `<![INCLUDE[<MsgType>text</MsgType>]]>` + push,
		"entity that is declared": strings.Replace(push, "text", "&a0;", 1),
	} {
		checkMalformed(t, name, bad, "127.0.0.1")
	}
}

// hostile are pushes of about n bytes, each made to cost more than that. At
// 1 MiB they are decoded or refused, as it says here.
var hostile = []struct {
	name    string
	push    func(n int) string
	decoded bool
}{
	{"levels", xmlOf("<a>"), false},
	{"levels that end", func(n int) string {
		return beforeXML + strings.Repeat("<a>", n/7) + strings.Repeat("</a>", n/7) + afterXML
	}, false},
	{"empty elements", xmlOf("<a/>"), false},
	{"elements of one name", xmlOf("<a>1</a>"), false},
	{"items", xmlOf("<item/>"), false},
	{"elements of distinct names", func(n int) string {
		var names strings.Builder
		for i := range n / 12 {
			fmt.Fprintf(&names, "<a%08d/>", i)
		}
		return beforeXML + names.String() + afterXML
	}, false},
	{"routing fields", xmlOf("<MsgId>1</MsgId>"), false},
	{"roots", func(n int) string { return strings.Repeat(beforeXML+afterXML, n/len(beforeXML+afterXML)) }, false},
	{"one long name", func(n int) string { return beforeXML + "<" + strings.Repeat("a", n) + "/>" + afterXML }, true},
	{"one long name that never ends", func(n int) string { return beforeXML + "<" + strings.Repeat("a", n) }, false},
	{"attributes", func(n int) string { return beforeXML + "<a" + strings.Repeat(` b="c"`, n/6) + "/>" + afterXML }, true},
	{"attribute that never ends", func(n int) string { return beforeXML + `<a b="` + strings.Repeat("c", n) }, false},
	{"ends of sections", xmlOf("]]>"), true},
	{"ends of sections in an element", xmlIn("<a>", "]]>", "</a>"), true},
	{"ends of sections in a section", xmlIn("<a><![CDATA[", "]]>", "]]></a>"), true},
	{"ends of sections, far apart", xmlIn("<a><![CDATA[", "]]><b>          ", "]]></a>"), false},
	{"starts of sections", xmlOf("<![CDATA["), false},
	{"starts of sections in a section", xmlIn("<a><![CDATA[", "<![CDATA[", "]]></a>"), true},
	{"starts of sections in Content", xmlIn("<Content><![CDATA[", "<![CDATA[", "]]></Content>"), true},
	{"sections", xmlIn("<a>", "<![CDATA[a]]>", "</a>"), true},
	{"sections in sections", xmlIn("<a>", "<![CDATA[<![CDATA[a]]>", "</a>"), true},
	{"ends of Content", xmlIn("<Content><![CDATA[", "]]></Content>", "]]></Content>"), true},
	{"Contents", xmlOf("<Content><![CDATA[a]]></Content>"), true},
	{"ampersands", xmlOf("&"), true},
	{"ampersands in an element", xmlIn("<a>", "&", "</a>"), true},
	{"ampersands with names", xmlIn("<a>", "&aaaaaaaaaaaaaaa", "</a>"), true},
	{"entity that never ends", xmlIn("<a>&", "a", "</a>"), true},
	{"references", xmlIn("<a>", "&#38;", "</a>"), true},
	{"reference with many digits", xmlIn("<a>&#", "0", "65;</a>"), true},
	{"comments", xmlIn("<a>", "a<!---->", "</a>"), true},
	{"comment that never ends", xmlOf("<!--"), false},
	{"broken characters", xmlIn("<a>", "\xff", "</a>"), true},
	{"control characters", xmlIn("<a>", "\x01", "</a>"), true},
	{"blanks", xmlOf(" "), true},

	{"JSON levels of lists", jsonOf(`,"a":`, "[", ""), false},
	{"JSON levels of objects", jsonOf(`,"a":`, `{"a":`, ""), false},
	{"JSON levels that end", func(n int) string {
		return beforeJSON + `,"a":` + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + afterJSON
	}, false},
	{"JSON members of distinct names", func(n int) string {
		var names strings.Builder
		for i := range n / 10 {
			fmt.Fprintf(&names, `,"%06x":1`, i)
		}
		return beforeJSON + names.String() + afterJSON
	}, true},
	{"JSON members of one name", jsonOf("", `,"a":1`, ""), true},
	{"JSON routing fields", jsonOf("", `,"MsgId":1`, ""), true},
	{"JSON members further down", jsonOf(`,"a":{"b":1`, `,"b":1`, `}`), true},
	{"JSON list", jsonOf(`,"a":[1`, `,1`, `]`), true},
	{"JSON list of objects", jsonOf(`,"a":[{}`, `,{}`, `]`), true},
	{"JSON escapes", jsonOf(`,"a":"`, `\u003c`, `"`), true},
	{"JSON escapes of a name", jsonOf(`,"`, `\u003c`, `":1`), true},
	{"JSON text that never ends", jsonOf(`,"a":"`, `\\`, ""), false},
	{"JSON number", jsonOf(`,"MsgId":1`, `0`, ""), true},
	{"JSON CreateTime", jsonOf(`,"CreateTime":"1`, `0`, `"`), true},
	{"JSON blanks", jsonOf(``, ` `, ``), true},
}

func xmlOf(part string) func(int) string { return xmlIn("", part, "") }

func xmlIn(before, part, after string) func(int) string {
	return func(n int) string { return beforeXML + before + strings.Repeat(part, n/len(part)) + after + afterXML }
}

func jsonOf(before, part, after string) func(int) string {
	return func(n int) string { return beforeJSON + before + strings.Repeat(part, n/len(part)) + after + afterJSON }
}

func TestDecodeBoundsItsMemory(t *testing.T) {
	const small, large = 1 << 18, 1 << 20
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			push := []byte(tt.push(large))
			m, err := wechat.Decode(push)
			if (err == nil) != tt.decoded || err != nil && !errors.Is(err, wechat.ErrMalformed) {
				t.Fatalf("Decode gives %v", err)
			}
			// The tree of the elements that are allowed takes some MiB.
			size, objects := allocated(push)
			if limit := 16<<20 + 40*uint64(len(push)); size > limit {
				t.Errorf("%d bytes of input take %d bytes of memory, want at most %d", len(push), size, limit)
			}
			smallSize, smallObjects := allocated([]byte(tt.push(small)))
			if size > 8*smallSize+1<<20 || objects > 8*smallObjects+1000 {
				t.Errorf("four times the input takes %d bytes in %d objects after %d in %d", size, objects, smallSize, smallObjects)
			}
			if m != nil && len(m.Body) > 6*len(push)+100 {
				t.Errorf("Body has %d bytes, the push %d", len(m.Body), len(push))
			}
		})
	}
}

// allocated returns what Decode takes from the heap in all.
func allocated(push []byte) (size, objects uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = wechat.Decode(push)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

// Sixteen times the input may cost sixteen times the work, with all that the
// machine does besides a hundred times. What grows with the square costs 256
// times, whenever it is tried.
func TestDecodeCostsNoMoreThanItsInput(t *testing.T) {
	const small, times, most, tries = 1 << 15, 16, 100, 5
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			push, pushes := []byte(tt.push(small)), []byte(tt.push(times*small))
			var one, all time.Duration
			for range tries {
				one = max(fastest(push), 100*time.Microsecond)
				if all = fastest(pushes); all <= most*one {
					return
				}
			}
			t.Errorf("%d bytes cost %s, %d bytes %s", len(push), one, len(pushes), all)
		})
	}
}

// fastest returns the shortest of some runs of Decode.
func fastest(push []byte) time.Duration {
	best := time.Hour
	for range 3 {
		start := time.Now()
		_, _ = wechat.Decode(push)
		best = min(best, time.Since(start))
	}
	return best
}
