package wechat_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// golden is a push of testdata and the view it must give.
type golden struct {
	push string // stem of its file
	kind wechat.Kind
	of   reflect.Type
	want any
	view func(*wechat.Message) (any, error)
}

func seenAs[T wechat.Typed](push string, want T) golden {
	return golden{
		push: push, kind: want.Kind(), of: reflect.TypeFor[T](), want: want,
		view: func(m *wechat.Message) (any, error) {
			view, err := wechat.View[T](m)
			if err != nil {
				return nil, err
			}
			return *view, nil
		},
	}
}

// goldens are the pushes of all views, by what they are about.
func goldens() []golden {
	return slices.Concat(messageViews(), followViews(), sendViews(), verifyViews(), cardViews(), invoiceViews(), infoViews())
}

const (
	goldenAccount = "gh_0a1b2c3d4e5f"
	goldenUser    = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"
	goldenSystem  = "oSyStEm0000000000000000000001"
	goldenAdmin   = "oAdMiNiStRaToR0000000000000"
	goldenUnion   = "uUnIoN0000000000000000000001"
	goldenApp     = "wx0123456789abcdef"
	goldenCard    = "pZI8Fjwsy5fVPRBeD78J4RmqVvBc"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// sent is the Common of a push by a user, bySystem that of WeChat's own.
func sent(seconds int64) wechat.Common { return sentBy(goldenUser, seconds) }

func bySystem(seconds int64) wechat.Common { return sentBy(goldenSystem, seconds) }

func sentBy(openID string, seconds int64) wechat.Common {
	return wechat.Common{
		Account: "main", ID: "main:1", ToUserName: goldenAccount, FromUserName: openID, CreateTime: at(seconds),
	}
}

func received(seconds int64, msgID string) wechat.Received {
	return wechat.Received{Common: sent(seconds), MsgId: msgID}
}

// withUnion adds the UnionId that some pushes have.
func withUnion(c wechat.Common) wechat.Common {
	c.UnionId = goldenUnion
	return c
}

// files returns the push and its twin, of which one may be missing.
func (g golden) files() []string {
	var files []string
	for _, ext := range []string{".xml", ".json"} {
		file := filepath.Join("testdata", g.push+ext)
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	return files
}

func (g golden) check(t *testing.T, m *wechat.Message) {
	t.Helper()
	m.Account, m.ID = "main", "main:1"
	got, err := g.view(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.want, got, cmpopts.IgnoreFields(wechat.Common{}, "Push")); diff != "" {
		t.Errorf("%s, view (-want +got):\n%s\nof %s", g.push, diff, m.Body)
	}
	if common := reflect.ValueOf(got).FieldByName("Common").Interface().(wechat.Common); common.Push != m {
		t.Errorf("%s: Push is not the message that was viewed", g.push)
	}
}

func TestViewsOfGoldenPushes(t *testing.T) {
	for _, g := range goldens() {
		t.Run(g.push, func(t *testing.T) {
			files := g.files()
			if len(files) == 0 {
				t.Fatal("testdata has no such push")
			}
			for _, file := range files {
				g.check(t, decodeFile(t, file))
			}
		})
	}
}
