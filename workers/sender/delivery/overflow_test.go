package delivery

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMergeJoinsTextsThatFollowEachOther(t *testing.T) {
	long := strings.Repeat("长", 600) // 1800 bytes
	tests := []struct {
		name, messages string
		want           []string
	}{
		{"texts", `{"msgtype":"text","text":{"content":"1"}},{"msgtype":"text","text":{"content":"2"}},{"msgtype":"text","text":{"content":"3"}}`, []string{"1\n2\n3"}},
		{"one text", `{"msgtype":"text","text":{"content":"1"}}`, []string{"1"}},
		{
			"a picture between them", `{"msgtype":"text","text":{"content":"1"}},{"msgtype":"image","image":{"media_id":"m"}},` +
				`{"msgtype":"text","text":{"content":"2"}},{"msgtype":"text","text":{"content":"3"}}`, []string{"1", "image", "2\n3"},
		},
		{
			"another agent", `{"msgtype":"text","text":{"content":"1"},"customservice":{"kf_account":"a@b"}},{"msgtype":"text","text":{"content":"2"}}`,
			[]string{"1", "2"},
		},
		{"too long for one", `{"msgtype":"text","text":{"content":"` + long + `"}},{"msgtype":"text","text":{"content":"` + long + `"}}`, []string{long + "\n", long}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseReply([]byte(`{"touser":"u","overflow":"merge","messages":[` + tt.messages + `]}`))
			if err == nil {
				err = r.merge()
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.parts {
				if text, err := p.text(); err == nil {
					got = append(got, text)
				} else {
					got = append(got, p.msgType)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			if body := string(r.parts[0].body()); strings.Contains(body, "overflow") {
				t.Errorf("WeChat gets %s", body)
			}
		})
	}
}

func TestOverflowOfAReply(t *testing.T) {
	for value, want := range map[string]overflow{
		``: deferRest, `,"overflow":"defer"`: deferRest, `,"overflow":"merge"`: mergeTexts, `,"overflow":"drop"`: dropRest,
	} {
		r, err := parseReply([]byte(`{"touser":"u","msgtype":"text","text":{"content":"1"}` + value + `}`))
		if err != nil || r.overflow != want {
			t.Errorf("%s: %v, %v; want %s", value, r, err, want)
		}
	}
	for _, value := range []string{`""`, `"Drop"`, `1`, `null`, `["drop"]`} {
		if _, err := parseReply([]byte(`{"touser":"u","msgtype":"text","text":{"content":"1"},"overflow":` + value + `}`)); err == nil {
			t.Errorf("overflow %s is taken", value)
		}
	}
}
