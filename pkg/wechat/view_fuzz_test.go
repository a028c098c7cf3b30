package wechat_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Whatever stands in a push, its view can be made, is the same for the push
// and for its Body, and says of MsgId and CreateTime what the message says.
func FuzzView(f *testing.F) {
	views := map[wechat.Kind]golden{}
	for _, g := range goldens() {
		views[g.kind] = g
		for _, file := range g.files() {
			push, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(push)
		}
	}
	f.Fuzz(func(t *testing.T, push []byte) {
		m, err := wechat.Decode(push)
		if err != nil {
			return
		}
		g, has := views[m.Kind()]
		if !has {
			return
		}
		again, err := wechat.Decode(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		one, err := g.view(m)
		if err != nil {
			t.Fatal(err)
		}
		two, err := g.view(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, two, cmpopts.IgnoreFields(wechat.Common{}, "Push")); diff != "" {
			t.Errorf("views of a push and of its Body (-push +body):\n%s", diff)
		}
		common := reflect.ValueOf(one).FieldByName("Common").Interface().(wechat.Common)
		if at, _ := m.Time(); common.FromUserName != m.FromUserName || !common.CreateTime.Equal(at) {
			t.Errorf("Common is %+v of %+v", common, m)
		}
	})
}
