package main_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// desk is `wxbus up` without an account: the simulator's page is its user.
type desk struct {
	*program

	t    *testing.T
	page string
}

func sitDown(t *testing.T, data string, env ...string) *desk {
	t.Helper()
	return sitDownAt(t, data, bustest.FreeAddr(), env...)
}

// sitDownAt has the page at a known address.
func sitDownAt(t *testing.T, data, page string, env ...string) *desk {
	t.Helper()
	d := &desk{t: t, page: "http://" + page}
	env = append([]string{"WXBUS_DATA=" + data, "SIM_ADDR=" + page, "HTTP_ADDR=" + bustest.FreeAddr(), "NATS_ADDR=" + bustest.FreeAddr()}, env...)
	d.program = start(t, "wxbus", []string{"up"}, env...)
	d.says("wxbus is up")
	d.says(d.page)
	return d
}

// ask calls the page's own API.
func (d *desk) ask(path string, body any, answer any) {
	d.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	response, err := http.Post(d.page+path, "application/json", bytes.NewReader(data))
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		d.t.Fatal(err)
	}
}

// push has a user send something with one field, and returns once the chat
// holds the answer.
func (d *desk) push(openid, msgType, field, value, answer string) {
	d.t.Helper()
	d.ask("/sim/push", map[string]any{
		"account": "main", "openid": openid, "msgtype": msgType, "fields": []map[string]string{{"name": field, "text": value}},
	}, new(map[string]any))
	bustest.Eventually(d.t, "the answer "+answer, func() bool {
		_, chat := get(d.page + "/sim/chat?account=main&openid=" + openid)
		return strings.Contains(chat, answer)
	})
}

// The first hour: start, say hello, stop, start again, go on.
func TestDeskAnswersAndGoesOnAfterARestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := sitDown(t, data)
	var user struct {
		OpenID string `json:"openid"`
	}
	d.ask("/sim/users", map[string]string{"account": "main"}, &user)
	d.push(user.OpenID, "event", "Event", "subscribe", "欢迎关注")
	d.push(user.OpenID, "text", "Content", "你好", "你好呀")
	if status := d.kill(syscall.SIGINT); status != 0 {
		t.Fatalf("exit status %d: %s", status, d.output())
	}
	d = sitDown(t, data)
	if _, chat := get(d.page + "/sim/chat?account=main&openid=" + user.OpenID); !strings.Contains(chat, "你好呀") {
		t.Errorf("the chat is gone: %s", chat)
	}
	d.push(user.OpenID, "text", "Content", "文档", "微信公众号开发文档")
	if status := d.kill(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d: %s", status, d.output())
	}
	entries, err := os.ReadDir(data)
	if err != nil || len(entries) != 4 {
		t.Errorf("data folder: %v, %v", entries, err)
	}
}

func TestSecondStartSaysWhoIsThere(t *testing.T) {
	data := t.TempDir()
	sitDown(t, data)
	second := start(t, "wxbus", []string{"up"}, "WXBUS_DATA="+data, "SIM_ADDR=127.0.0.1:0", "HTTP_ADDR=127.0.0.1:0")
	if status := second.status(); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if !strings.Contains(second.output(), "another wxbus uses "+data) {
		t.Errorf("said %s", second.output())
	}
}

// Who has something on the usual ports is told where wxbus is instead.
func TestUpMovesFromDefaultPortsThatAreTaken(t *testing.T) {
	for _, addr := range []string{":8080", "127.0.0.1:8090", "127.0.0.1:4222"} {
		if listener, err := net.Listen("tcp", addr); err == nil { // else somebody has it, too
			t.Cleanup(func() { _ = listener.Close() })
		}
	}
	up := start(t, "wxbus", []string{"up"}, "WXBUS_DATA="+t.TempDir())
	up.says("Ctrl-C stops")
	for _, note := range []string{
		"port 8080 is taken: it is ", "port 8090 is taken: it is ", "port 4222 is taken: NATS_ADDR=", "NATS_URL=nats://127.0.0.1:",
	} {
		if !strings.Contains(up.output(), note) {
			t.Errorf("%q is not said: %s", note, up.output())
		}
	}
}

func TestUpNamesWhatItCannotHave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := strings.TrimPrefix(sitDown(t, t.TempDir()).page, "http://")
	for _, tt := range []struct {
		name   string
		env    []string
		status int
		says   string
	}{
		{"data folder is a file", []string{"WXBUS_DATA=" + file}, 1, "WXBUS_DATA: "},
		{"folder in a file", []string{"WXBUS_DATA=" + file + "/data"}, 1, "WXBUS_DATA: "},
		{"port taken", []string{"HTTP_ADDR=" + taken}, 1, "HTTP_ADDR: listen tcp " + taken},
		{"page's port taken", []string{"SIM_ADDR=" + taken}, 1, "SIM_ADDR: listen tcp " + taken},
		{"NATS' port taken", []string{"NATS_ADDR=" + taken}, 1, "NATS_ADDR: listen tcp " + taken},
		{"rules are not there", []string{"AUTOREPLY_RULES=/nowhere.yaml"}, 2, "AUTOREPLY_RULES: open /nowhere.yaml"},
		{"half an account", []string{"WECHAT_MAIN_APPID=wx1"}, 2, "WECHAT_MAIN_SECRET: is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := append([]string{"WXBUS_DATA=" + t.TempDir(), "SIM_ADDR=127.0.0.1:0", "HTTP_ADDR=127.0.0.1:0"}, tt.env...)
			up := start(t, "wxbus", []string{"up"}, env...)
			if status := up.status(); status != tt.status || !strings.Contains(up.output(), tt.says) {
				t.Errorf("exit status %d, want %d; said %s", status, tt.status, up.output())
			}
		})
	}
}
