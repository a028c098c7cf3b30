package wxapi_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

func TestCodeCalls(t *testing.T) {
	create := func(s wxapi.Scene) func(ctx context.Context, c *wxapi.Client) (any, error) {
		return func(ctx context.Context, c *wxapi.Client) (any, error) { return c.CreateQRCode(ctx, s) }
	}
	const path, brief = "/cgi-bin/qrcode/create", `{"ticket":"T","expire_seconds":604800,"url":"http://weixin.qq.com/q/a"}`
	week := wxapi.QRCode{Ticket: "T", URL: "http://weixin.qq.com/q/a", Lasts: 7 * 24 * time.Hour}
	ever := wxapi.QRCode{Ticket: "T", URL: "http://weixin.qq.com/q/a"}
	const permanent = `{"ticket":"T","url":"http://weixin.qq.com/q/a"}`
	runCalls(t, []call{
		{
			"text", create(wxapi.Scene{Text: "shop-12", Lasts: 7 * 24 * time.Hour}), "POST", path,
			`{"expire_seconds":604800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"shop-12"}}}`, brief, week,
		},
		{
			"id", create(wxapi.Scene{ID: 1<<32 - 1, Lasts: 7 * 24 * time.Hour}), "POST", path,
			`{"expire_seconds":604800,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":4294967295}}}`, brief, week,
		},
		{
			"permanent id", create(wxapi.Scene{ID: 100_000}), "POST", path,
			`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100000}}}`, permanent, ever,
		},
		{
			"permanent text", create(wxapi.Scene{Text: strings.Repeat("景", 64)}), "POST", path,
			`{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"` + strings.Repeat("景", 64) + `"}}}`, permanent, ever,
		},
	})
}

func TestScenesOutOfBoundsAreNotAskedFor(t *testing.T) {
	r := newRig(t)
	for name, scene := range map[string]wxapi.Scene{
		"nothing":      {Lasts: time.Hour},
		"both":         {ID: 1, Text: "a"},
		"permanent id": {ID: 100_001},
		"long text":    {Text: strings.Repeat("a", 65), Lasts: time.Hour},
		"too long":     {ID: 1, Lasts: 30*24*time.Hour + time.Second},
		"too short":    {ID: 1, Lasts: time.Millisecond},
		"negative":     {ID: 1, Lasts: -time.Hour},
	} {
		_, err := r.replica().CreateQRCode(patience(t), scene)
		if wxapi.CodeOf(err) != 40035 || wxapi.Classify(err) != wxapi.Permanent {
			t.Errorf("%s: CreateQRCode = %v, want 40035", name, err)
		}
	}
	r.wantCounts(0, 0)
}

func TestCodeIsShown(t *testing.T) {
	r := newRig(t)
	code, err := r.replica().CreateQRCode(patience(t), wxapi.Scene{Text: "shop-12", Lasts: time.Hour})
	if err != nil || code.Lasts != time.Hour {
		t.Fatalf("CreateQRCode = %+v, %v", code, err)
	}
	if got := r.QRCodes("main"); len(got) != 1 || got[0].Scene != "shop-12" || got[0].URL != code.URL {
		t.Errorf("QRCodes = %+v", got)
	}
	shown, err := url.Parse(code.ShowURL())
	if err != nil || shown.Host != "mp.weixin.qq.com" || shown.Query().Get("ticket") != code.Ticket {
		t.Errorf("ShowURL = %s, %v", code.ShowURL(), err)
	}
	request, _ := http.NewRequestWithContext(patience(t), http.MethodGet, r.url+shown.RequestURI(), nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.Header.Get("Content-Type") != "image/png" {
		t.Fatalf("%s = %v", shown, err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if plus := (wxapi.QRCode{Ticket: "a+b/c="}).ShowURL(); !strings.HasSuffix(plus, "?ticket=a%2Bb%2Fc%3D") {
		t.Errorf("ShowURL = %s", plus)
	}
}

func TestCodeThatIsRefused(t *testing.T) {
	url := server(t, body(`{"errcode":45029,"errmsg":"qrcode count out of limit"}`))
	_, err := newClient(url, newStore(), new(bustest.Logbook)).CreateQRCode(patience(t), wxapi.Scene{ID: 1})
	if wxapi.CodeOf(err) != 45029 {
		t.Errorf("CreateQRCode = %v, want 45029", err)
	}
}
