package wechat

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzReadObject compares with encoding/json, which says what JSON is.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{
		`{"touser":"u","msgtype":"text","text":{"content":"你好 \u003c"}}`, " \n{ \"a\" : [1, {\"b\":2}] , \"a\":-1.5e3}\t", `{}`,
		`{"\u0061":"\ud83d","b":"\\\"","c":null,"d":true}`, "{\"a\xff\":\"\xff\"}", `null`, `[]`, `"a"`, `{"a":1}{}`, `{"a":`, ``, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := ReadObject(data)
		var want Object
		isObject := json.Unmarshal(data, &want) == nil && want != nil
		if ok != isObject {
			t.Fatalf("ReadObject(%q) = %t, encoding/json says %t", data, ok, isObject)
		}
		if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
			t.Errorf("ReadObject(%q) (-want +got):\n%s", data, diff)
		}
		for name, value := range got {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = ""
			}
			if read := StringIn(value); read != text {
				t.Errorf("StringIn(%q) of %q = %q, want %q", value, name, read, text)
			}
		}
	})
}

func texts(o Object) map[string]string {
	all := make(map[string]string, len(o))
	for name, value := range o {
		all[name] = string(value)
	}
	return all
}
