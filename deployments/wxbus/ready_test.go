package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/deployments/wxbus/permit"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// The simulator runs beside programs that were started each by itself: what is
// written on its page is answered there.
func TestSimBesidePrograms(t *testing.T) {
	door, page, admin := bustest.FreeAddr(), bustest.FreeAddr(), bustest.FreeAddr()
	env := append(credentials(), "NATS_URL="+bustest.Start(t).Config().URL, "WECHAT_API_URL=http://"+page, "HTTP_ADDR="+door,
		"AUTOREPLY_RULES="+absolute(t, exampleRules))
	asked := start(t, "wxbus", []string{"ready"}, "ADMIN_ADDR="+admin)
	if asked.status() != 1 {
		t.Errorf("before it runs: wxbus ready = %d", asked.status())
	}
	start(t, "wxbus", []string{"sim", "--account", "safe", "--url", "http://" + door + "/wechat/safe", "--addr", page, "--data", ""}, append(env, "ADMIN_ADDR="+admin)...)
	ready(t, admin)
	if asked = start(t, "wxbus", []string{"ready"}, "ADMIN_ADDR="+admin); asked.status() != 0 {
		t.Errorf("wxbus ready = %d: %s", asked.status(), asked.output())
	}
	for _, name := range []string{"ingress", "autoreply", "sender"} {
		admin := bustest.FreeAddr()
		start(t, name, nil, append(env, "ADMIN_ADDR="+admin)...)
		ready(t, admin)
	}
	var user struct{ OpenID string }
	act(t, page, "users", `{"account":"safe","name":"a"}`, &user)
	act(t, page, "push", `{"account":"safe","openid":"`+user.OpenID+`","msgtype":"event","fields":[{"name":"Event","text":"subscribe"}]}`, nil)
	bustest.Eventually(t, "the welcome is shown", func() bool {
		_, chat := get("http://" + page + "/sim/chat?account=safe&openid=" + user.OpenID)
		return strings.Contains(chat, `"from":"account"`)
	})
}

// act does what the page does.
func act(t *testing.T, page, what, body string, answer any) {
	t.Helper()
	response, err := http.Post("http://"+page+"/sim/"+what, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", what, response.Status, text, err)
	}
}

// What is printed is JSON, with subjects as NATS reads them.
func TestPermissionsAreJSON(t *testing.T) {
	for _, args := range [][]string{{"ingress"}, {"ingress", "--spool"}, {"sender"}, {"apply"}, {"greeter", "--ordered"}, {"greeter", "--no-age"}} {
		p := start(t, "wxbus", append([]string{"permissions"}, args...))
		status := p.status()
		var printed permit.Permissions
		if err := json.Unmarshal([]byte(p.output()), &printed); status != 0 || err != nil || len(printed.Publish.Allow) == 0 {
			t.Errorf("%v: exit status %d: %v: %s", args, status, err, p.output())
		}
		if strings.Contains(p.output(), `\u003e`) {
			t.Errorf("%v: NATS does not read \\u003e", args)
		}
		reads := strings.Contains(p.output(), "$JS.API.STREAM.MSG.GET.WECHAT_IN")
		if want := args[0] == "sender" || args[0] == "greeter" && args[1] != "--no-age"; reads != want {
			t.Errorf("%v: may read by number: %v, want %v", args, reads, want)
		}
	}
}
