package wxsim_test

import (
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// pushed waits until the server was pushed something that contains all words.
func (s *server) pushed(t *testing.T, words ...string) {
	t.Helper()
	for {
		for _, got := range s.requests() {
			all := true
			for _, word := range words {
				all = all && strings.Contains(got.opened, word)
			}
			if all {
				return
			}
		}
		select {
		case <-patience(t).Done():
			t.Fatalf("nothing with %q came", words)
		default:
		}
	}
}

func TestTemplateMessage(t *testing.T) {
	server := newServer(t, callback.Safe)
	a := newAPI(t, newSim(t, server.URL, nil))
	if _, err := a.sim.Event(patience(t), "main", openid, "subscribe", ""); err != nil {
		t.Fatal(err)
	}
	path := wxsim.PathTemplate + "?access_token=" + a.stable(false).Token
	const whole = `{"touser":"` + openid + `","template_id":"T1","client_msg_id":"1","data":{"thing1":{"value":"已发货"}}}`
	_, text, _ := a.raw("POST", path, whole)
	_, id, _ := strings.Cut(strings.TrimSuffix(text, "}"), `"msgid":`)
	if !strings.HasPrefix(text, `{"errcode":0,"errmsg":"ok","msgid":`) || len(id) != 19 {
		t.Errorf("answer %s", text)
	}
	server.pushed(t, "[TEMPLATESENDJOBFINISH]", id, "[success]")
	if sent := a.sim.Sent("main", openid); len(sent) != 1 || sent[0].MsgType != wxsim.MsgTypeTemplate {
		t.Errorf("the chat has %+v", sent)
	}
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"again":       {whole, 40249},
		"no template": {`{"touser":"` + openid + `","data":{"a":{"value":"b"}}}`, 40037},
		"no data":     {`{"touser":"` + openid + `","template_id":"T1"}`, 47003},
		"nobody":      {`{"touser":"x","template_id":"T1"}`, 40003},
		"no JSON":     {`{`, 47001},
	} {
		if got := a.call("POST", path, tt.body); got.Errcode != tt.want {
			t.Errorf("%s: %d, want %d", name, got.Errcode, tt.want)
		}
	}
}

func TestSubscriptionNotice(t *testing.T) {
	server := newServer(t, callback.Safe)
	a := newAPI(t, newSim(t, server.URL, nil))
	if _, err := a.sim.Do(patience(t), "main", openid, wxsim.Step{Sample: "event.subscribe_msg_popup_event"}); err != nil {
		t.Fatal(err)
	}
	path := wxsim.PathSubscribe + "?access_token=" + a.stable(false).Token
	body := func(template string) string {
		return `{"touser":"` + openid + `","template_id":"` + template + `","data":{"thing1":{"value":"示例"}}}`
	}
	for _, tt := range []struct {
		template string
		want     int
	}{{"tmplBBB", 43101}, {"tmplAAA", 0}, {"tmplAAA", 43101}} { // rejected, accepted, used up
		if got := a.call("POST", path, body(tt.template)); got.Errcode != tt.want {
			t.Errorf("%s: %d, want %d", tt.template, got.Errcode, tt.want)
		}
	}
	server.pushed(t, "[subscribe_msg_sent_event]", "tmplAAA", "<ErrorCode>")
}

func TestFileKeepsMenusCodesAndMedia(t *testing.T) {
	file := t.TempDir() + "/sim.json"
	keep := func(o *wxsim.Options) { o.File = file }
	first := newSim(t, "", keep)
	a := newAPI(t, first)
	token := a.stable(false).Token
	a.call("POST", "/cgi-bin/menu/create?access_token="+token, everyButton)
	a.call("POST", "/cgi-bin/qrcode/create?access_token="+token, `{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":7}}}`)
	id := first.AddMedia("main", "image", "a.png", []byte(pngData))
	first.Close()

	second := newSim(t, "", func(o *wxsim.Options) {
		keep(o)
		o.Accounts[0].Menu = []byte(`{"button":[{"type":"click","name":"另一个","key":"k"}]}`)
	})
	b := newAPI(t, second)
	if _, menu, _ := b.raw("GET", "/cgi-bin/menu/get?access_token="+token, ""); !strings.Contains(menu, "扫码推事件") {
		t.Errorf("menu %s, want that of the API", menu)
	}
	if codes := second.QRCodes("main"); len(codes) != 1 || codes[0].Scene != "7" {
		t.Errorf("codes %+v", codes)
	}
	if media := second.Media("main"); len(media) != 1 || media[0].ID != id || string(media[0].Data) != pngData {
		t.Errorf("media %+v", media)
	}
	if got := b.call("GET", "/cgi-bin/menu/delete?access_token="+token, ""); got.Errcode != 0 {
		t.Errorf("delete: %d", got.Errcode)
	}
	second.Close()
	third := newAPI(t, newSim(t, "", keep))
	if got := third.call("GET", "/cgi-bin/menu/get?access_token="+token, ""); got.Errcode != 46003 {
		t.Errorf("a menu that was deleted is there again: %d", got.Errcode)
	}
}
