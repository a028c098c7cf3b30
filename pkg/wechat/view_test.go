package wechat_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestViewOfAnotherKindIsAnError(t *testing.T) {
	click := mustDecode(t, `{"MsgType":"event","Event":"CLICK"}`)
	for _, tt := range []struct {
		name string
		err  func() error
		want string
	}{
		{"event", func() error { return viewErr[wechat.ViewEvent](click) }, "view of event.view: the message is of kind event.click"},
		{"message", func() error { return viewErr[wechat.Text](click) }, "view of text: the message is of kind event.click"},
		{"no message", func() error { return viewErr[wechat.Text](nil) }, "view of text: no message"},
		{"undecodable", func() error { return viewErr[wechat.Text](&wechat.Message{Body: []byte("<")}) }, "view of text: "},
		{"upper case", func() error { return viewErr[wechat.ClickEvent](click) }, ""},
	} {
		err := tt.err()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: error is %v, want %s", tt.name, err, tt.want)
		}
	}
}

func viewErr[T wechat.Typed](m *wechat.Message) error {
	_, err := wechat.View[T](m)
	return err
}

// ofYours is a view as users of this package write one.
type ofYours struct {
	wechat.Common
	shared

	EventKey string
	Small    int8               `wechat:"Big|Small"`
	Where    float32            `wechat:"A>B>C"`
	Times    []at2              `wechat:"Times"`
	Stamps   []stamp            `wechat:"Stamps"`
	Raw      rawValue           `wechat:"A"`
	Named    struct{ X string } `wechat:"A"`
	hidden   string
	Ignored  chan int `wechat:"-"`
}

type (
	shared   struct{ Ticket string }
	at2      struct{ T time.Time }
	stamp    = time.Time
	rawValue = wechat.Value
)

func (ofYours) Kind() wechat.Kind { return wechat.AnyEvent }

func TestViewsOfYourOwn(t *testing.T) {
	m := mustDecode(t, `{"MsgType":"event","Event":"of.2031","EventKey":"k","Ticket":"t","Big":300,"Small":"5",
		"A":{"B":{"C":"1.5"},"X":"x"},"Times":[{"T":1},"no object",{"T":"2"}],"Stamps":{"item":["3",4]},"hidden":"h","Ignored":1}`)
	got, err := wechat.View[ofYours](m)
	if err != nil {
		t.Fatal(err)
	}
	want := ofYours{
		shared: shared{"t"}, EventKey: "k", Where: 1.5, Times: []at2{{at(1)}, {at(2)}}, Stamps: []time.Time{at(3), at(4)},
	}
	want.Named.X = "x"
	ignore := cmpopts.IgnoreFields(ofYours{}, "Common", "Raw")
	if diff := cmp.Diff(want, *got, ignore, cmp.AllowUnexported(ofYours{})); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	if got.hidden != "" {
		t.Error("a field that is not exported was filled")
	}
	if got.Raw.Get("B", "C").Text() != "1.5" || got.Push.Value("Big").Int() != 300 {
		t.Error("what was sent is not there to be read")
	}
}

type (
	noStruct   string
	endless    struct{ Next []endless }
	withMap    struct{ M map[string]string }
	withPtr    struct{ P *string }
	withBadTag struct {
		A string `wechat:"A>"`
	}
)

func (noStruct) Kind() wechat.Kind   { return "text" }
func (endless) Kind() wechat.Kind    { return "text" }
func (withMap) Kind() wechat.Kind    { return "text" }
func (withPtr) Kind() wechat.Kind    { return "text" }
func (withBadTag) Kind() wechat.Kind { return "text" }

func TestTypesThatAreNoViewsAreErrors(t *testing.T) {
	text := mustDecode(t, `{"MsgType":"text"}`)
	for want, err := range map[string]error{
		"wechat_test.noStruct is no view: it is no struct":                             viewErr[noStruct](text),
		"*wechat.Text is no view: it is no struct":                                     viewErr[*wechat.Text](text),
		"wechat.Typed is no view: it is no struct":                                     viewErr[wechat.Typed](text),
		"wechat_test.endless.Next: wechat_test.endless is no view: it contains itself": viewErr[endless](text),
		"wechat_test.withMap.M: a view has no fields of type map[string]string":        viewErr[withMap](text),
		"wechat_test.withPtr.P: a view has no fields of type *string":                  viewErr[withPtr](text),
		`wechat_test.withBadTag.A: the tag "A>" has an empty name`:                     viewErr[withBadTag](text),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

// A field that is malformed spoils neither the view nor its neighbours.
func TestMalformedFieldsAreZero(t *testing.T) {
	m := mustDecode(t, `{"MsgType":"location","CreateTime":"soon","Location_X":"north","Location_Y":"","Scale":{"a":1},"Label":["a","b"],"MsgId":[1]}`)
	got, err := wechat.View[wechat.Location](m)
	if err != nil {
		t.Fatal(err)
	}
	want := wechat.Location{Received: wechat.Received{Common: wechat.Common{Push: m}}}
	if diff := cmp.Diff(want, *got, cmpopts.EquateComparable(m)); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	if text := got.Push.Value("Location_X").Text(); text != "north" {
		t.Errorf("what was sent reads %q", text)
	}
}

// JSON folds no case here: MsgId is not MsgID, and appid not AppId.
func TestViewsTellNamesApartByCase(t *testing.T) {
	finish, err := wechat.View[wechat.MassSendJobFinishEvent](mustDecode(t, `{"MsgType":"event","Event":"MASSSENDJOBFINISH","MsgId":"1","msgid":2}`))
	if err != nil || finish.MsgID != 0 {
		t.Errorf("MsgID is %d (%v), want 0", finish.MsgID, err)
	}
	info, err := wechat.View[wechat.Notify3rdWxaAuthInfo](mustDecode(t, `{"InfoType":"notify_3rd_wxa_auth","appid":"b","AppId":"a"}`))
	if err != nil || info.AppId != "a" || info.VerifiedAppID != "b" {
		t.Errorf("AppId is %s, appid is %s (%v), want a and b", info.AppId, info.VerifiedAppID, err)
	}
}

// Of several spellings the first that says something counts.
func TestBlankSpellingsGiveWayToOthers(t *testing.T) {
	for _, tt := range []struct{ fields, want string }{
		{`"Source":"web","source":"app"`, "web"},
		{`"Source":" ","source":"app"`, "app"},
		{`"Source":[],"source":"app"`, "app"},
		{`"Source":null,"source":"app"`, "app"},
		{`"source":"app"`, "app"},
		{`"Source":""`, ""},
	} {
		m := mustDecode(t, `{"MsgType":"event","Event":"user_authorize_invoice",`+tt.fields+`}`)
		if view, err := wechat.View[wechat.UserAuthorizeInvoiceEvent](m); err != nil || view.Source != tt.want {
			t.Errorf("%s: Source is %q (%v), want %q", tt.fields, view.Source, err, tt.want)
		}
	}
}

func TestSceneIsThatOfTheQRCode(t *testing.T) {
	for key, want := range map[string]string{
		"": "", "qrscene_12": "12", "qrscene_": "", "qrscene_qrscene_1": "qrscene_1", "scanbarcode|ean13|1": "",
	} {
		if got := (wechat.SubscribeEvent{EventKey: key}).Scene(); got != want {
			t.Errorf("scene of %q is %q, want %q", key, got, want)
		}
	}
}

type fresh struct {
	wechat.Received
	wechat.Device

	Content string
	List    []struct{ A, B int64 }
}

func (fresh) Kind() wechat.Kind { return "text" }

// The plan of a type is made once, also when many ask for it at once.
func TestViewIsSafeForConcurrentUse(t *testing.T) {
	m := mustDecode(t, `{"MsgType":"text","Content":"a","DeviceID":"d","List":{"A":1,"B":2}}`)
	start := make(chan struct{})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			<-start
			view, err := wechat.View[fresh](m)
			if err != nil || view.Content != "a" || view.DeviceID != "d" || len(view.List) != 1 || view.List[0].B != 2 {
				t.Errorf("view is %+v (%v)", view, err)
			}
		})
	}
	close(start)
	all.Wait()
}
