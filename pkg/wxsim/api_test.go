package wxsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// api is a simulator's API, as a server calls it.
type api struct {
	*httptest.Server
	t   *testing.T
	sim *wxsim.Platform
}

func newAPI(t *testing.T, sim *wxsim.Platform) *api {
	t.Helper()
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { sim.Close(); server.Close() }) // calls that hang end with the simulator
	return &api{server, t, sim}
}

type answer struct {
	Errcode int
	Errmsg  string
	Token   string `json:"access_token"`
	Expires int    `json:"expires_in"`
}

func (a *api) call(method, path, body string) answer {
	a.t.Helper()
	status, text, err := a.raw(method, path, body)
	if err != nil || status != http.StatusOK {
		a.t.Fatalf("%s %s = %d, %v", method, path, status, err)
	}
	var got answer
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		a.t.Fatalf("%s %s = %s, %v", method, path, text, err)
	}
	if got.Errcode != 0 && !strings.Contains(got.Errmsg, " rid: ") {
		a.t.Errorf("errmsg %q has no rid", got.Errmsg)
	}
	return got
}

func (a *api) raw(method, path, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(patience(a.t), method, a.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

const credential = "grant_type=client_credential&appid=wx0123456789abcdef&secret=" + secret

func (a *api) classic() answer { return a.call("GET", "/cgi-bin/token?"+credential, "") }

func (a *api) stable(force bool) answer {
	return a.call("POST", "/cgi-bin/stable_token", fmt.Sprintf(
		`{"grant_type":"client_credential","appid":"wx0123456789abcdef","secret":"%s","force_refresh":%t}`, secret, force))
}

func (a *api) send(token, body string) answer {
	return a.call("POST", wxsim.PathSend+"?access_token="+token, body)
}

func textTo(openid, content string) string {
	return fmt.Sprintf(`{"touser":%q,"msgtype":"text","text":{"content":%q}}`, openid, content)
}

// reachable is a simulator with a follower, whom everything may be sent.
func reachable(t *testing.T, change func(*wxsim.Options)) *api {
	t.Helper()
	sim := newSim(t, "", func(o *wxsim.Options) {
		o.NoQuota = true
		if change != nil {
			change(o)
		}
	})
	_, _ = sim.Text(t.Context(), "main", openid, "你好") // no server: the message is shown all the same
	return newAPI(t, sim)
}

func TestTokenErrors(t *testing.T) {
	a := newAPI(t, newSim(t, "", func(o *wxsim.Options) {
		o.Accounts = append(o.Accounts, wxsim.Account{Name: "shop", AppID: "wx1", Token: "t", Secret: "of shop"})
	}))
	for query, want := range map[string]int{
		credential: 0,
		"grant_type=x&appid=wx0123456789abcdef&secret=" + secret:                       40002,
		"grant_type=client_credential&secret=" + secret:                                41002,
		"grant_type=client_credential&appid=wx0123456789abcdef":                        41004,
		"grant_type=client_credential&appid=wx0&secret=" + secret:                      40013,
		"grant_type=client_credential&appid=wx0123456789abcdef&secret=no":              40125,
		"grant_type=client_credential&appid=wx0123456789abcdef&secret=of+shop":         40001,
		"grant_type=client_credential&appid=wx0123456789abcdef&secret=" + secret + "0": 40125,
	} {
		got := a.call("GET", "/cgi-bin/token?"+query, "")
		if got.Errcode != want || (want == 0) != (got.Token != "" && got.Expires == 7200) {
			t.Errorf("token?%s = %+v; want %d", query, got, want)
		}
	}
	if got := a.call("GET", "/cgi-bin/stable_token", ""); got.Errcode != 43002 {
		t.Errorf("GET stable_token = %+v", got)
	}
	if got := a.call("POST", "/cgi-bin/stable_token", credential); got.Errcode != 47001 {
		t.Errorf("stable_token of a form = %+v", got)
	}
	if got := a.call("GET", "/cgi-bin/menu/trymatch", ""); got.Errcode != 40066 {
		t.Errorf("unknown path = %+v", got)
	}
}

func TestTokensLive(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	good := func(token string, want int) {
		t.Helper()
		if got := a.send(token, textTo(openid, "a")); got.Errcode != want {
			t.Errorf("send = %+v; want %d", got, want)
		}
	}
	first, stable := a.classic().Token, a.stable(false).Token
	second := a.classic().Token
	if first == second || stable == second || a.stable(false).Token != stable {
		t.Error("classic tokens are new each time, stable ones stay")
	}
	good(first, 0)
	good(stable, 0)
	now.move(5 * time.Minute)
	good(first, 40001)
	good(second, 0)
	now.move(110*time.Minute - time.Second)
	if got := a.stable(false); got.Token != stable || got.Expires != 301 {
		t.Errorf("stable token before its last five minutes = %+v", got)
	}
	now.move(time.Second)
	if a.stable(false).Token == stable {
		t.Error("the stable token stays in its last five minutes")
	}
	good(stable, 0)
	now.move(5 * time.Minute)
	good(stable, 42001)
}

func TestForcedRefresh(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	old := a.stable(false).Token
	forced := a.stable(true).Token
	if forced == old || a.stable(true).Token != forced {
		t.Error("a forced refresh makes a new token, a second one within 30 s does not")
	}
	if got := a.send(old, textTo(openid, "a")); got.Errcode != 40001 {
		t.Errorf("send with the old token = %+v", got)
	}
	for range 19 {
		now.move(30 * time.Second)
		if got := a.stable(true); got.Errcode != 0 {
			t.Fatalf("forced refresh = %+v", got)
		}
	}
	now.move(30 * time.Second)
	if got := a.stable(true); got.Errcode != 45009 {
		t.Errorf("the 21st of the day = %+v", got)
	}
	now.move(24 * time.Hour)
	if got := a.stable(true); got.Errcode != 0 {
		t.Errorf("the first of the next day = %+v", got)
	}
}

func TestSendErrors(t *testing.T) {
	a := reachable(t, nil)
	gone, err := a.sim.AddUser("main", "")
	if err != nil {
		t.Fatal(err)
	}
	token := a.stable(false).Token
	send := func(query, body string, want int) {
		t.Helper()
		if got := a.call("POST", wxsim.PathSend+query, body); got.Errcode != want {
			t.Errorf("%s %.80s = %+v; want %d", query, body, got, want)
		}
	}
	send("", textTo(openid, "a"), 41001)
	send("?access_token=x", textTo(openid, "a"), 40001)
	withToken := "?access_token=" + token
	send(withToken, "", 44002)
	send(withToken, "touser=x", 47001)
	send(withToken, `["touser"]`, 47001)
	send(withToken, `{"touser":"`+openid+`","msgtype":"text","text":{"content":"\u003ca"}}`, 40033)
	send(withToken, `{"touser":"`+openid+`","msgtype":"text","text":{"content":"\\u003ca"}}`, 0)
	send(withToken, `{"msgtype":"text","text":{"content":"a"}}`, 40003)
	send(withToken, textTo("oStranger", "a"), 40003)
	send(withToken, textTo(gone, "a"), 43004)
	if got := a.call("GET", wxsim.PathSend+withToken, ""); got.Errcode != 43002 {
		t.Errorf("GET = %+v", got)
	}
}

func TestSendContent(t *testing.T) {
	article := `{"title":"t","description":"d","url":"https://example.com","picurl":"https://example.com/a.jpg"}`
	tests := []struct {
		msgType, content string
		want             int
	}{
		{"text", `{"content":"a"}`, 0},
		{"text", `{"content":"` + strings.Repeat("a", 2048) + `"}`, 0},
		{"text", `{"content":"` + strings.Repeat("好", 683) + `"}`, 45002},
		{"text", `{"content":""}`, 44004},
		{"text", `{}`, 44004},
		{"text", `{"content":1}`, 47001},
		{"image", `{"media_id":"M"}`, 0},
		{"image", `{"media_id":""}`, 40007},
		{"voice", `{"media_id":"M"}`, 0},
		{"voice", `{}`, 40007},
		{"video", `{"media_id":"M","thumb_media_id":"T"}`, 0},
		{"video", `{"media_id":"M"}`, 40007},
		{"music", `{"musicurl":"https://example.com/a.mp3","thumb_media_id":"T"}`, 0},
		{"music", `{"musicurl":"https://example.com/a.mp3"}`, 40007},
		{"news", `{"articles":[` + article + `]}`, 0},
		{"news", `{"articles":[` + article + `,` + article + `]}`, 45008},
		{"news", `{"articles":[]}`, 44003},
		{"mpnews", `{"media_id":"M"}`, 0},
		{"mpnewsarticle", `{"article_id":"A"}`, 0},
		{"msgmenu", `{"head_content":"?","list":[{"id":"h1","content":"有帮助"}]}`, 0},
		{"msgmenu", `{"head_content":"?"}`, 40035},
		{"wxcard", `{"card_id":"p1"}`, 0},
		{"wxcard", `{}`, 40073},
		{"miniprogrampage", `{"title":"t","appid":"wx0","pagepath":"p","thumb_media_id":"T"}`, 0},
		{"miniprogrampage", `{"title":"t","pagepath":"p","thumb_media_id":"T"}`, 40166},
		{"link", `{"title":"t"}`, 0},
		{"fax", `{}`, 40008},
		{"", `{}`, 40008},
	}
	a := reachable(t, nil)
	token, sent := a.stable(false).Token, 0
	for _, tt := range tests {
		got := a.send(token, fmt.Sprintf(`{"touser":%q,"msgtype":%q,%q:%s}`, openid, tt.msgType, tt.msgType, tt.content))
		if got.Errcode != tt.want {
			t.Errorf("%s %.60s = %+v; want %d", tt.msgType, tt.content, got, tt.want)
		}
		if tt.want == 0 {
			sent++
		}
	}
	messages, err := a.sim.Wait(patience(t), "main", openid, sent)
	if err != nil || len(messages) != sent || messages[0].Text() != "a" || messages[2].MsgType != "image" {
		t.Errorf("Wait = %d messages, %v; want %d", len(messages), err, sent)
	}
}

func TestQuota(t *testing.T) {
	now := newClock()
	sim := newSim(t, "", func(o *wxsim.Options) { o.Now = now.Now })
	a := newAPI(t, sim)
	token := a.stable(false).Token
	sends := func(what string, wants ...int) {
		t.Helper()
		for i, want := range wants {
			if got := a.send(token, textTo(openid, "a")); got.Errcode != want {
				t.Errorf("%s: answer %d = %+v; want %d", what, i+1, got, want)
			}
		}
	}
	ctx := t.Context()
	_, _ = sim.Event(ctx, "main", openid, "VIEW", "https://example.com")
	sends("a VIEW allows nothing", 45015)
	_, _ = sim.Event(ctx, "main", openid, "subscribe", "")
	sends("follow", 0, 0, 0, 45047)
	now.move(time.Minute)
	sends("a minute later", 45015)
	_, _ = sim.Text(ctx, "main", openid, "a")
	sends("message", 0, 0, 0, 0, 0, 45047)
	_, _ = sim.Event(ctx, "main", openid, "CLICK", "k")
	sends("tap", 0, 0, 0, 45047)
	_, _ = sim.Tap(ctx, "main", openid, "h1", "a")
	sends("tap on a msgmenu is no message", 0, 0, 0, 45047)
	_, _ = sim.Text(ctx, "main", openid, "a")
	_, _ = sim.Text(ctx, "main", openid, "a")
	sends("messages do not add up", 0, 0, 0, 0, 0, 45047)
	_, _ = sim.Text(ctx, "main", openid, "a")
	now.move(47 * time.Hour)
	token = a.stable(false).Token
	sends("47 hours later", 0)
	now.move(time.Hour)
	sends("48 hours later", 45015)
	_, _ = sim.Event(ctx, "main", openid, "unsubscribe", "")
	sends("unfollowed", 43004)
}

func TestTyping(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	path := wxsim.PathTyping + "?access_token=" + a.stable(false).Token
	typing := func(command string, want int) {
		t.Helper()
		if got := a.call("POST", path, fmt.Sprintf(`{"touser":%q,"command":%q}`, openid, command)); got.Errcode != want {
			t.Errorf("%s = %+v; want %d", command, got, want)
		}
	}
	typing("typing", 45072)
	typing("Typing", 0)
	typing("Typing", 45081)
	typing("CancelTyping", 0)
	typing("Typing", 0)
	now.move(31 * time.Second)
	typing("Typing", 45080)
}

func TestWeather(t *testing.T) {
	a := reachable(t, nil)
	token, weather := a.stable(false).Token, a.sim.Weather()
	weather.Fail(45015, 2)
	weather.Next(1, wxsim.Fault{Status: http.StatusBadGateway, Delivered: true})
	weather.Next(1, wxsim.Fault{Body: "<html>"})
	weather.Next(1, wxsim.Fault{Drop: true, Delivered: true})
	for range 2 {
		if got := a.send(token, textTo(openid, "lost")); got.Errcode != 45015 {
			t.Errorf("send = %+v", got)
		}
	}
	path := wxsim.PathSend + "?access_token=" + token
	if status, text, err := a.raw("POST", path, textTo(openid, "1")); status != http.StatusBadGateway || !strings.Contains(text, "<html>") {
		t.Errorf("send = %d %s %v", status, text, err)
	}
	if status, text, err := a.raw("POST", path, textTo(openid, "lost")); status != http.StatusOK || text != "<html>" {
		t.Errorf("send = %d %s %v", status, text, err)
	}
	if _, _, err := a.raw("POST", path, textTo(openid, "2")); err == nil {
		t.Error("a dropped connection has an answer")
	}
	if got := a.send(token, textTo(openid, "3")); got.Errcode != 0 {
		t.Errorf("send in fine weather = %+v", got)
	}
	var texts []string
	for _, m := range a.sim.Sent("main", openid) {
		texts = append(texts, m.Text())
	}
	if got := strings.Join(texts, " "); got != "1 2 3" {
		t.Errorf("the user got %s; want 1 2 3", got)
	}
	if got, want := a.sim.Counts(), (wxsim.Counts{Tokens: 1, Sends: 6, Sent: 3}); got != want {
		t.Errorf("Counts = %+v; want %+v", got, want)
	}
}

func TestHangEndsWithTheSimulator(t *testing.T) {
	a := reachable(t, nil)
	token := a.stable(false).Token
	a.sim.Weather().Next(1, wxsim.Fault{Hang: true})
	done := make(chan error, 1)
	go func() {
		_, _, err := a.raw("POST", wxsim.PathSend+"?access_token="+token, textTo(openid, "a"))
		done <- err
	}()
	if _, err := a.sim.WaitCounts(patience(t), func(c wxsim.Counts) bool { return c.Sends == 1 }); err != nil {
		t.Fatal(err)
	}
	a.sim.Close()
	if err := <-done; err == nil {
		t.Error("a call that hangs has an answer")
	}
}

func TestTokensEnd(t *testing.T) {
	a := reachable(t, nil)
	for errcode, end := range map[int]func(string){
		40001: a.sim.Weather().RevokeTokens,
		42001: a.sim.Weather().ExpireTokens,
	} {
		token := a.stable(false).Token
		end("main")
		if got := a.send(token, textTo(openid, "a")); got.Errcode != errcode {
			t.Errorf("send = %+v; want %d", got, errcode)
		}
		if got := a.send(a.stable(false).Token, textTo(openid, "a")); got.Errcode != 0 {
			t.Errorf("send with a new token = %+v", got)
		}
	}
	a.sim.Weather().Next(1, wxsim.Fault{Path: wxsim.PathStableToken})
	if got := a.stable(false); got.Errcode != -1 {
		t.Errorf("stable_token = %+v; want -1", got)
	}
}

func TestWaitGivesUp(t *testing.T) {
	sim := newSim(t, "", nil)
	ctx := patience(t)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := sim.Wait(ended, "main", openid, 2); err == nil || !strings.Contains(err.Error(), "0 of 2") {
		t.Errorf("Wait = %v", err)
	}
	if _, err := sim.Text(ctx, "nobody", openid, "a"); !errors.Is(err, wxsim.ErrAccount) {
		t.Errorf("Text = %v", err)
	}
}
