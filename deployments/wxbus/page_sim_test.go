package main_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// smallPNG is a picture of a single point.
var smallPNG = func() string {
	data, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		panic(err)
	}
	return string(data)
}()

// stand is a simulator in front of a server of the test's.
func stand(t *testing.T, serve http.HandlerFunc) (*wxsim.Platform, *browser) {
	t.Helper()
	chromium(t)
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{
		{Name: "main", AppID: "wx0123456789abcdef", Token: token, Secret: secret, URL: server.URL},
	}})
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { sim.Close(); page.Close() })
	b := browse(t, page.URL, deskWidth, deskHeight, speaks("zh-CN"))
	b.click("#add-first")
	b.until("the follower", "document.querySelector('.person')")
	return sim, b
}

// A server that does not answer gets three deliveries, and its user the line
// that everybody knows.
func TestPageThreeDeliveries(t *testing.T) {
	_, b := stand(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusServiceUnavailable) })
	b.write("在吗")
	b.shows(".message.failure", "该公众号提供的服务出现故障，请稍后再试")
	b.until("three deliveries", "document.querySelectorAll('[data-station=wechat] .box.bad').length === 3")
	b.shows("[data-station=wechat]", "HTTP 503")
	b.shows(".state.bad", "服务器未接收")
	b.until("the sign of a failure", "document.querySelector('.message.user .sign.notAccepted')")
	b.shot("failure")
	b.clean()
}

// What is more than WeChat allows is refused, and the page says so.
func TestPageQuota(t *testing.T) {
	sim, b := stand(t, func(http.ResponseWriter, *http.Request) {})
	b.write("在吗")
	b.shows("#quota", "还能回 8 条") // 3 for the follow, 5 for the message
	openid := sim.Users("main")[0].OpenID
	api := httptest.NewServer(sim.Handler())
	defer api.Close()
	post := func(path, body string, answer any) {
		t.Helper()
		response, err := http.Post(api.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatal(err)
		}
	}
	var granted struct {
		Token string `json:"access_token"`
	}
	post(wxsim.PathStableToken, `{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"`+secret+`"}`, &granted)
	for range 9 {
		post(wxsim.PathSend+"?access_token="+granted.Token, `{"touser":"`+openid+`","msgtype":"text","text":{"content":"在"}}`, new(any))
	}
	b.shows(".message.refused", "45047")
	b.shows("#quota", "还能回 0 条")
	b.click(".message.refused")
	b.shows("#steps", "微信拒绝了这次调用")
	b.shot("quota")
	b.clean()
}

// axe is the accessibility checker, which make test fetches with npm.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../../.cache/axe.min.js")
	if err == nil {
		return string(script)
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("axe-core is not there: make .cache/axe.min.js fetches it with npm")
	}
	t.Skip("axe-core is not there: make .cache/axe.min.js fetches it with npm")
	return ""
}

// Everybody can use the page: nothing serious is found, light or dark, wide or
// narrow, with a window open or not.
func TestPageIsAccessible(t *testing.T) {
	script := axe(t)
	for _, look := range []string{"light", "dark"} {
		t.Run(look, func(t *testing.T) {
			b := visit(t, scheme(look))
			b.check(script, "welcome")
			b.press("#menu button", "帮助")
			b.shows(".message.account .bubble.menu", "你想看什么")
			b.choose("[data-name=calls]", "45015")
			b.until("rough weather", "document.body.classList.contains('rough')")
			b.write("文档")
			b.shows("[data-station=letters]", "sender")
			b.click("#more")
			b.check(script, "a dead letter")
			b.click("#scan")
			b.check(script, "the scan window")
			b.run(key("Escape", 27))
			b.run(chromedp.KeyEvent("k", chromedp.KeyModifiers(2)))
			b.run(chromedp.WaitVisible(chromedp.CSS("dialog .palette")))
			b.check(script, "the palette")
			b.run(key("Escape", 27), chromedp.EmulateViewport(phoneWidth, phoneHeight))
			b.check(script, "a phone")
		})
	}
}

// check runs axe over the page as it is.
func (b *browser) check(script, state string) {
	b.t.Helper()
	b.js("(" + "() => {" + script + "})()")
	b.js(`window.found = undefined, axe.run(document, { resultTypes: ['violations'] }).then(r => {
		window.found = r.violations.filter(v => ['serious', 'critical'].includes(v.impact))
			.map(v => v.id + ': ' + v.nodes.slice(0, 4).map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join('; ')).join('\n');
	})`)
	b.until("axe is through", "window.found !== undefined")
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("window.found"))
	if err != nil || found != "" {
		b.t.Errorf("%s: %v %s", state, err, found)
	}
}
