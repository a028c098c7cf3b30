package wxsim_test

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// change is one server-sent event, as the page reads it.
type change struct {
	Type    string             `json:"type"`
	OpenID  string             `json:"openid"`
	Message *wxsim.Message     `json:"message"`
	User    *wxsim.User        `json:"user"`
	Typing  int                `json:"typing"`
	Load    *wxsim.CrowdReport `json:"load"`
}

// stream returns the changes of /sim/events, from now on.
func (a *api) stream() <-chan change {
	a.t.Helper()
	request, err := http.NewRequestWithContext(patience(a.t), http.MethodGet, a.URL+"/sim/events", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		a.t.Errorf("Content-Type = %q", got)
	}
	changes := make(chan change, 100)
	go func() {
		defer response.Body.Close()
		defer close(changes)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if data, isData := strings.CutPrefix(lines.Text(), "data: "); isData {
				var c change
				if json.Unmarshal([]byte(data), &c) == nil {
					changes <- c
				}
			}
		}
	}()
	return changes
}

func (a *api) page(path, body string, headers ...string) (int, string) {
	a.t.Helper()
	request, err := http.NewRequestWithContext(patience(a.t), http.MethodPost, a.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

const pagePush = `{"account":"main","openid":"` + openid + `","msgtype":"text","fields":[{"name":"Content","text":"在吗"}]}`

func TestPageHearsOfMessages(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	a := newAPI(t, sim)
	changes := a.stream()
	if status, text := a.page("/sim/push", pagePush); status != http.StatusOK {
		t.Fatalf("push = %d %s", status, text)
	}
	delivered := false
	for c := range changes {
		if c.Message != nil && c.Message.Push != nil && c.Message.Push.Done {
			delivered = c.OpenID == openid && c.Message.Text() == "在吗" && c.Message.Push.Accepted
			break
		}
	}
	if !delivered {
		t.Error("the page does not hear that its message was accepted")
	}
	token := a.stable(false).Token
	a.send(token, textTo(openid, "在"))
	if c := <-changes; c.Type != "message" || c.Message.Text() != "在" || c.Message.From != wxsim.FromAccount {
		t.Errorf("the page hears %+v; want the answer", c)
	}
	a.call("POST", wxsim.PathTyping+"?access_token="+token, `{"touser":"`+openid+`","command":"Typing"}`)
	if c := <-changes; c.Type != "typing" || c.Typing <= 0 {
		t.Errorf("the page hears %+v; want typing", c)
	}
	sim.Close()
	for c := range changes {
		t.Errorf("after Close the page hears %+v", c)
	}
	if status, _ := a.page("/sim/push", pagePush); status != http.StatusServiceUnavailable {
		t.Errorf("push after Close = %d", status)
	}
}

func TestOnlyThePageActs(t *testing.T) {
	a := newAPI(t, newSim(t, "", nil))
	tests := map[string]struct {
		body    string
		headers []string
		want    int
	}{
		"the page itself":    {pagePush, []string{"Sec-Fetch-Site", "same-origin", "Origin", a.URL}, 200},
		"no browser":         {pagePush, nil, 200},
		"a foreign site":     {pagePush, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"a neighbour":        {pagePush, []string{"Sec-Fetch-Site", "same-site"}, 403},
		"an old browser":     {pagePush, []string{"Origin", "https://evil.example"}, 403},
		"a form":             {"account=main", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"text":               {pagePush, []string{"Content-Type", "text/plain"}, 415},
		"no JSON":            {"{", nil, 400},
		"an unknown account": {`{"account":"x","openid":"o"}`, nil, 400},
		"a forged element":   {`{"account":"main","openid":"o","fields":[{"name":"a><b","text":"x"}]}`, nil, 400},
	}
	for name, tt := range tests {
		if got, text := a.page("/sim/push", tt.body, tt.headers...); got != tt.want {
			t.Errorf("%s: %d %s; want %d", name, got, text, tt.want)
		}
	}
	if got := len(a.sim.Users("main")); got != 1 {
		t.Errorf("%d users; want 1", got)
	}
}

func TestPageState(t *testing.T) {
	server := newServer(t, callback.Safe)
	a := newAPI(t, newSim(t, server.URL, nil))
	status, text := a.page("/sim/users", `{"account":"main","name":"小红"}`)
	var added struct{ OpenID string }
	if err := json.Unmarshal([]byte(text), &added); err != nil || status != http.StatusOK {
		t.Fatalf("users = %d %s", status, text)
	}
	_, state, _ := a.raw("GET", "/sim/state", "")
	for _, want := range []string{`"name":"main"`, `"name":"小红"`, added.OpenID, `"mode":"safe"`} {
		if !strings.Contains(state, want) {
			t.Errorf("state lacks %s: %s", want, state)
		}
	}
	for _, hidden := range []string{secret, aesKey, `"weixin"`} {
		if strings.Contains(state, hidden) {
			t.Errorf("state shows %s", hidden)
		}
	}
	if _, chat, _ := a.raw("GET", "/sim/chat?account=main&openid="+added.OpenID, ""); chat != `{"messages":[]}` {
		t.Errorf("chat = %s", chat)
	}
	if status, text := a.page("/sim/verify", `{"account":"main"}`); status != http.StatusOK || text != "{}" {
		t.Errorf("verify = %d %s", status, text)
	}
}

func TestPageFiles(t *testing.T) {
	a := newAPI(t, newSim(t, "", nil))
	files, err := fs.Glob(os.DirFS("page"), "*.*")
	more, _ := fs.Glob(os.DirFS("page"), "css/*.css")
	if err != nil || len(files) < 10 || len(more) < 5 {
		t.Fatalf("files of the page: %v, %v, %v", files, more, err)
	}
	for _, path := range append(files, more...) {
		path = "/" + strings.TrimPrefix(path, "index.html") // which is the folder itself
		status, text, err := a.raw("GET", path, "")
		if err != nil || status != http.StatusOK || len(text) < 100 {
			t.Errorf("GET %s = %d, %d bytes, %v", path, status, len(text), err)
		}
		if strings.Contains(text, "innerHTML") {
			t.Errorf("%s writes HTML that a user may have typed", path)
		}
	}
	if status, _, _ := a.raw("POST", "/", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("POST / = %d", status)
	}
}
