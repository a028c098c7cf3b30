package wechat_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// FuzzAgainstEncodingXML wants the Body that follows from what encoding/xml
// reads, by a writer of its own. Where the two mean to differ, the document is
// left out: see plain. Fields that users may forge are looked at elsewhere.
func FuzzAgainstEncodingXML(f *testing.F) {
	addPushes(f, "xml")
	for _, push := range []string{
		"\ufeff<?xml version=\"1.0\"?>\r\n<!-- a --><xml b='c>'>\r\n<MsgType>a&lt;&#x4f60;</MsgType><A> b <B/> c\r</A></xml>",
		`<xml><InfoType>a</InfoType><item/><x:y xmlns:x="urn:a"/><L><A>1</A><A><B>2</B></A></L><A> <![CDATA[ a ]]> </A></xml>`,
		`<xml><MsgType>a</MsgType><MsgType>b</MsgType><CreateTime>017</CreateTime><A>a<![CDATA[ b ]]>c<![CDATA[<d>]]></A></xml>`,
		`<xml><MsgType><a/></MsgType><CreateTime>1<a/></CreateTime></xml>`,
		`<!DOCTYPE xml><xml><MsgType/></xml>`,
	} {
		f.Add([]byte(push))
	}
	f.Fuzz(func(t *testing.T, push []byte) { checkAgainstXML(t, push) })
}

// checkAgainstXML reports whether a push was compared.
func checkAgainstXML(t *testing.T, push []byte) bool {
	t.Helper()
	doc, ok := readXML(push)
	if !ok || !doc.plain() {
		return false
	}
	// encoding/xml writes \n for every end of a line, we leave it as it came.
	m, err := wechat.Decode(lineEnds(push))
	switch {
	case doc.refused():
		if !errors.Is(err, wechat.ErrMalformed) {
			t.Fatalf("%q: error is %v, want ErrMalformed", push, err)
		}
	case err != nil:
		if !doc.mayBeForged() {
			t.Fatalf("encoding/xml reads %q, which we refuse: %v", push, err)
		}
	default:
		if diff := cmp.Diff(doc.body(), string(m.Body)); diff != "" {
			t.Fatalf("%q: Body (-encoding/xml +got):\n%s", push, diff)
		}
		return true
	}
	return false
}

// A fuzzer seldom writes a document that is well-formed; this does nothing else.
func TestBodyFollowsFromWhatEncodingXMLReads(t *testing.T) {
	random, compared := rand.New(rand.NewPCG(3, 4)), 0
	for range 20_000 {
		var doc strings.Builder
		doc.WriteString([]string{"<xml>", "<xml>", "<xml>", "\ufeff<?xml version='1.0'?>\r\n<xml>"}[random.IntN(4)])
		doc.WriteString([]string{"", "<MsgType>text</MsgType>", "<InfoType>a</InfoType>"}[random.IntN(3)])
		writeRandom(random, &doc, 1)
		doc.WriteString("</xml>")
		if checkAgainstXML(t, []byte(doc.String())) {
			compared++
		}
	}
	if compared < 5000 {
		t.Errorf("%d documents were compared, want enough to say something", compared)
	}
}

// writeRandom writes text, sections, elements and other markup.
func writeRandom(random *rand.Rand, doc *strings.Builder, depth int) {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	text := func() string {
		return pick("a", " ", "\n", "\r\n", "你", "&lt;", "&amp;amp;", "&#10;", "17", "]", "]]", ">", `"`, `\`, "<e/>")
	}
	for range random.IntN(6) {
		switch random.IntN(8) {
		case 0, 1:
			doc.WriteString(text())
		case 2:
			doc.WriteString("<![CDATA[" + text() + text() + text() + "]]>")
		case 3:
			doc.WriteString(pick("<!-- c -->", "<?p q?>", "<item />", "<!D>"))
		default:
			if depth > 4 {
				return
			}
			name := pick("A", "B", "item", "MsgType", "MsgId", "CreateTime", "Event", "InfoType", "Content", "List", "x:y")
			doc.WriteString("<" + name + pick("", "", " a='b>'", "\n") + ">")
			writeRandom(random, doc, depth+1)
			doc.WriteString("</" + name + pick("", "", " ") + ">")
		}
	}
}

// What the target leaves out it does not test: of testdata, that is a push
// which is not well-formed, as WeChat's page has it.
func TestTestdataIsComparedWithEncodingXML(t *testing.T) {
	for _, file := range pushes(t) {
		if filepath.Ext(file) != ".xml" || file == "testdata/event.wificonnected.broken.xml" {
			continue
		}
		push, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if doc, ok := readXML(push); !ok || !doc.plain() {
			t.Errorf("%s is not compared: well-formed %t", file, ok)
		}
	}
}

// addPushes adds the pushes of testdata as seeds.
func addPushes(f *testing.F, ext string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*." + ext)
	if err != nil || len(files) < 20 {
		f.Fatalf("testdata has %d pushes: %v", len(files), err)
	}
	for _, file := range files {
		push, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(push)
	}
}

func lineEnds(push []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(push, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}
