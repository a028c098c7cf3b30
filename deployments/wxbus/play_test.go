package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const scenario = `
steps:
  - user: 小明
    follow: true
    expect: 欢迎关注
  - text: 你好
    expect: 你好呀
  - press: 帮助
    expect: {type: msgmenu}
  - tap: hours
    expect: 9:00
  - scan: table8
    expect: 8 号桌
`

func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A user's regression test of his bot: it passes, fails, or is no scenario.
func TestSimPlay(t *testing.T) {
	d := sitDown(t, t.TempDir())
	for _, tt := range []struct {
		name, file string
		args       []string
		status     int
		says       string
	}{
		{"as expected", scenario, nil, 0, "  小明: tap hours\n    ✓ text 我们每天 9:00"},
		{"quiet", scenario, []string{"--quiet"}, 0, ""},
		{"another answer", "steps:\n  - text: 你好\n    expect: 再见", nil, 1, `line 2: not as expected: the answer is text 你好呀`},
		{"no scenario", "steps:\n  - text: a\n    expct: b", nil, 2, "line 3: unknown field"},
		{"no simulator", scenario, []string{"--sim", "http://" + bustest.FreeAddr()}, 1, "no simulator answers there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"sim", "play", "--sim", d.page, written(t, "scenario.yaml", tt.file)}, tt.args...)
			p := start(t, "wxbus", args)
			if status := p.status(); status != tt.status || !strings.Contains(p.output(), tt.says) || tt.says == "" && p.output() != "" {
				t.Errorf("exit status %d, want %d; said %s", status, tt.status, p.output())
			}
		})
	}
}

// The simulator alone, in front of a server that knows nothing of wxbus.
func TestSimServesAnyServer(t *testing.T) {
	addr := bustest.FreeAddr()
	got := make(chan string, 10)
	server := &http.Server{Addr: bustest.FreeAddr(), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Query().Get("openid") })}
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { _ = server.Close() })
	data := t.TempDir()
	p := start(t, "wxbus", []string{"sim", "--addr", addr, "--data", data, "--url", "http://" + server.Addr + "/wx"})
	p.says("the simulator is up")
	d := &desk{program: p, t: t, page: "http://" + addr}
	var user struct {
		OpenID string `json:"openid"`
	}
	bustest.Eventually(t, "the page", func() bool { status, _ := get(d.page); return status == http.StatusOK })
	d.ask("/sim/users", map[string]any{"account": "main", "follow": true}, &user)
	d.ask("/sim/do", map[string]any{"account": "main", "openid": user.OpenID, "text": "在吗"}, new(any))
	if openid := <-got; openid != user.OpenID {
		t.Errorf("pushed for %q, want %q", openid, user.OpenID)
	}
	if status := p.kill(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d: %s", status, p.output())
	}
	if _, err := os.Stat(filepath.Join(data, "accounts.json")); err != nil {
		t.Error(err)
	}
	for name, args := range map[string][]string{
		"no such menu": {"--menu", "/nowhere.json"}, "half an account": {"--appid", "wx1"},
	} {
		if bad := start(t, "wxbus", append([]string{"sim", "--addr", bustest.FreeAddr(), "--data", data}, args...)); bad.status() != 2 {
			t.Errorf("%s: exit status %d: %s", name, bad.status(), bad.output())
		}
	}
}

func TestUpFlags(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	addr := bustest.FreeAddr()
	_, port, _ := strings.Cut(addr, ":")
	env := []string{"WXBUS_DATA=" + data, "HTTP_ADDR=127.0.0.1:0", "NATS_ADDR=127.0.0.1:0"}
	first := start(t, "wxbus", []string{"up", "--port", port, "--account", "shop,vip"}, env...)
	first.says("wxbus is up")
	first.says("http://" + addr + "/")
	first.says("/wechat/vip")
	before, err := os.ReadFile(filepath.Join(data, "accounts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if second := start(t, "wxbus", []string{"up", "--reset"}, env...); second.status() != 1 || !strings.Contains(second.output(), "another wxbus uses") {
		t.Errorf("a reset of what is in use: %s", second.output())
	}
	first.kill(syscall.SIGTERM)
	keep := filepath.Join(data, "notes.txt")
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	third := start(t, "wxbus", []string{"up", "--reset", "--port", port}, env...)
	third.says("wxbus is up")
	after, err := os.ReadFile(filepath.Join(data, "accounts.json"))
	if err != nil || string(after) == string(before) {
		t.Errorf("the credentials are the old ones: %v", err)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("what is not ours is gone: %v", err)
	}
	if bad := start(t, "wxbus", []string{"up", "--port", "70000"}); bad.status() != 2 {
		t.Errorf("exit status %d of a port that is none", bad.status())
	}
}
