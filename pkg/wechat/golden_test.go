package wechat_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// pushes returns the pushes of testdata: text.xml and text.json are twins, and
// text.golden.json is the Body of the first of them.
func pushes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, ".golden.json") })
}

func stem(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) }

func decodeFile(t *testing.T, file string) *wechat.Message {
	t.Helper()
	push, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return mustDecode(t, string(push))
}

func mustDecode(t *testing.T, push string) *wechat.Message {
	t.Helper()
	m, err := wechat.Decode([]byte(push))
	if err != nil {
		t.Fatalf("Decode(%q): %v", push, err)
	}
	return m
}

func TestDecodeGivesTheGoldenBody(t *testing.T) {
	files := pushes(t)
	if len(files) < 40 {
		t.Fatalf("testdata has %d pushes, want them all", len(files))
	}
	for _, file := range files {
		if filepath.Ext(file) == ".json" && slices.Contains(files, stem(file)+".xml") {
			continue // a twin; see below
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := []byte(string(decodeFile(t, file).Body) + "\n")
			golden := stem(file) + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("Body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGoldenFilesHaveTheirPush(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	files := pushes(t)
	for _, golden := range goldens {
		name := strings.TrimSuffix(golden, ".golden.json")
		if !slices.Contains(files, name+".xml") && !slices.Contains(files, name+".json") {
			t.Errorf("%s is the Body of no push", golden)
		}
	}
}

func TestPushesAreOfTheKindTheirFileIsNamedAfter(t *testing.T) {
	for _, file := range pushes(t) {
		kind := string(decodeFile(t, file).Kind())
		if name := filepath.Base(stem(file)); name != kind && !strings.HasPrefix(name, kind+".") {
			t.Errorf("%s is of kind %s", file, kind)
		}
	}
}

func TestXMLAndJSONTwinsLookTheSame(t *testing.T) {
	twins := 0
	for _, file := range pushes(t) {
		if _, err := os.Stat(stem(file) + ".json"); err != nil || filepath.Ext(file) != ".xml" {
			continue
		}
		twins++
		t.Run(filepath.Base(stem(file)), func(t *testing.T) {
			fromXML, fromJSON := decodeFile(t, file), decodeFile(t, stem(file)+".json")
			if diff := cmp.Diff(routing(fromXML), routing(fromJSON)); diff != "" {
				t.Errorf("routing fields (-xml +json):\n%s", diff)
			}
			if diff := cmp.Diff(fields(t, fromXML), fields(t, fromJSON)); diff != "" {
				t.Errorf("fields (-xml +json):\n%s", diff)
			}
		})
	}
	if twins < 5 {
		t.Errorf("testdata has %d twins, want at least 5", twins)
	}
}

// routing returns what decides the way of m.
func routing(m *wechat.Message) map[string]any {
	return map[string]any{
		"ToUserName": m.ToUserName, "FromUserName": m.FromUserName, "CreateTime": m.CreateTime,
		"MsgType": m.MsgType, "Event": m.Event, "InfoType": m.InfoType, "MsgId": m.MsgId, "Kind": m.Kind(),
	}
}

// fields returns the members of m.Body, in order, as Field gives them.
func fields(t *testing.T, m *wechat.Message) [][2]string {
	t.Helper()
	var all [][2]string
	decoder := json.NewDecoder(bytes.NewReader(m.Body))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		all = append(all, [2]string{name.(string), m.Field(name.(string))})
	}
	return all
}
