package wechat_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// WeChat writes one thing in many ways. Whichever it takes, the view is the
// same.
func TestViewsAreTheSameInEveryShapeOfJSON(t *testing.T) {
	for _, shape := range []struct {
		name  string
		shape func(any) any
	}{
		{"as decoded", func(v any) any { return v }},
		{"numbers without quotes", bareNumbers},
		{"numbers in quotes", quotedNumbers},
		{"lists of one entry without a list", loneEntries},
		{"lists without a wrapper", unwrapped},
		{"lists with a wrapper", wrapped},
		{"lists with blank entries", padded},
		{"everything in a list", inLists},
	} {
		t.Run(shape.name, func(t *testing.T) {
			for _, g := range goldens() {
				for _, file := range g.files() {
					tree := treeOf(t, decodeFile(t, file).Body)
					for name, value := range tree {
						if !slices.Contains(singleFields, name) {
							tree[name] = shape.shape(value)
						}
					}
					body, err := json.Marshal(tree)
					if err != nil {
						t.Fatal(err)
					}
					g.check(t, mustDecode(t, string(body)))
				}
			}
		})
	}
}

// singleFields are texts or numbers, or not there at all.
var singleFields = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "InfoType", "MsgId"}

// within changes what is inside a value, from the innermost outwards.
func within(value any, change func(any) any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = within(v[name], change)
		}
	case []any:
		for i := range v {
			v[i] = within(v[i], change)
		}
	}
	return change(value)
}

var number = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

func bareNumbers(value any) any {
	return within(value, func(v any) any {
		if text, is := v.(string); is && number.MatchString(text) {
			return json.Number(text)
		}
		return v
	})
}

func quotedNumbers(value any) any {
	return within(value, func(v any) any {
		if n, is := v.(json.Number); is {
			return " " + n.String() + "\n"
		}
		return v
	})
}

func loneEntries(value any) any {
	return within(value, func(v any) any {
		if list, is := v.([]any); is && len(list) == 1 {
			return list[0]
		}
		return v
	})
}

func unwrapped(value any) any {
	return within(value, func(v any) any {
		if isWrapper(v) && len(v.(map[string]any)) == 1 {
			return v.(map[string]any)["item"]
		}
		return v
	})
}

func wrapped(value any) any {
	return within(unwrapped(value), func(v any) any {
		if list, is := v.([]any); is && !slices.ContainsFunc(list, isWrapper) {
			return map[string]any{"item": list}
		}
		return v
	})
}

// isWrapper tells repeated wrappers, which have no wrapper of their own.
func isWrapper(value any) bool {
	object, is := value.(map[string]any)
	return is && object["item"] != nil
}

func padded(value any) any {
	return within(value, func(v any) any {
		if list, is := v.([]any); is {
			return slices.Concat([]any{"", nil, []any{}}, list, []any{" \n"})
		}
		return v
	})
}

func inLists(value any) any {
	return within(value, func(v any) any { return []any{v} })
}

func TestRepeatedContainersAreOneList(t *testing.T) {
	const push = `<xml><MsgType>event</MsgType><Event>pic_weixin</Event><SendPicsInfo><Count>3</Count>` +
		`<PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList><PicList></PicList>` +
		`<PicList><item><PicMd5Sum>b</PicMd5Sum></item><item><PicMd5Sum>c</PicMd5Sum></item></PicList></SendPicsInfo></xml>`
	view, err := wechat.View[wechat.PicWeixinEvent](mustDecode(t, push))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, picture := range view.SendPicsInfo.PicList {
		got += picture.PicMd5Sum + ";"
	}
	if got != "a;b;c;" {
		t.Errorf("pictures are %s, want a;b;c;", got)
	}
}
