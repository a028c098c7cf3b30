package up_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/deployments/wxbus/up"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
)

var ours = regexp.MustCompile(`^(WXBUS|WECHAT|NATS|HTTP|TLS|SIM|SENDER|WORKER|AUTOREPLY|LOG|ADMIN|SHUTDOWN|ALLOW|SPOOL)_`)

// setenv has the environment hold vars, and no other setting of ours.
func setenv(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, setting := range []string{"APPID", "TOKEN", "AES_KEY", "SECRET"} {
		t.Setenv("WECHAT_MAIN_"+setting, "") // what Load makes up is gone after the test, too
	}
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); ours.MatchString(name) {
			t.Setenv(name, value) // restores it after the test
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

// desk is `wxbus up` in the process of the test.
type desk struct {
	out, log *bustest.Logbook
	page     string
}

// run starts `wxbus up` with some settings and returns once it has greeted.
func run(t *testing.T, vars map[string]string) *desk {
	t.Helper()
	d := &desk{out: new(bustest.Logbook), log: new(bustest.Logbook), page: bustest.FreeAddr()}
	settings := map[string]string{
		"WXBUS_DATA": filepath.Join(t.TempDir(), "data"), "HTTP_ADDR": "127.0.0.1:0", "SIM_ADDR": d.page, "NATS_ADDR": "127.0.0.1:0",
	}
	maps.Copy(settings, vars)
	setenv(t, settings)
	cfg, err := up.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- up.Run(ctx, cfg, process.NewHost("up", d.log.Logger(), process.NewHealth(ctx)), d.out)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	bustest.Eventually(t, "the greeting", func() bool { return d.out.Count("wxbus is up") == 1 })
	return d
}

// The simulator gets in, whatever is set for WeChat's requests.
func TestSimulatorGetsIn(t *testing.T) {
	const notice = "TLS_CERT and ALLOW_FROM are left out"
	for _, tt := range []struct {
		name, url string
		vars      map[string]string
		notices   int
	}{
		{"usual settings", `http://127\.0\.0\.1:\d+/wechat/main`, nil, 0},
		{"behind a prefix", `http://127\.0\.0\.1:\d+/api/wx/wechat/main`, map[string]string{"HTTP_PREFIX": "/api/wx"}, 0},
		{"allowed from elsewhere", `http://127\.0\.0\.1:\d+/wechat/main`, map[string]string{"ALLOW_FROM": "192.0.2.0/24"}, 1},
		{"with TLS", `http://127\.0\.0\.1:\d+/wechat/main`, certified(t), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := run(t, tt.vars)
			if !regexp.MustCompile(`server URL +` + tt.url + `\n`).MatchString(d.out.String()) {
				t.Errorf("want the server URL %s in:\n%s", tt.url, d.out)
			}
			if got := d.log.Count(notice); got != tt.notices {
				t.Errorf("%d notices, want %d:\n%s", got, tt.notices, d.log)
			}
			body := `{"account":"main","openid":"oAbCd","msgtype":"text","fields":[{"name":"Content","text":"你好"}]}`
			answer, err := http.Post("http://"+d.page+"/sim/push", "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("status %d of a push, want 200:\n%s", answer.StatusCode, d.log)
			}
		})
	}
}

// A real account has the door as it is set, and no simulator.
func TestRealAccountKeepsTLS(t *testing.T) {
	vars := certified(t)
	vars["WECHAT_MAIN_APPID"], vars["WECHAT_MAIN_TOKEN"] = "wx0123456789abcdef", "weixin"
	vars["WECHAT_MAIN_SECRET"], vars["ALLOW_FROM"] = "0123456789abcdef0123456789abcdef", "192.0.2.0/24"
	d := run(t, vars)
	greeting := d.out.String()
	if !regexp.MustCompile(`server URL +https://127\.0\.0\.1:\d+/wechat/main\n`).MatchString(greeting) || strings.Contains(greeting, "chat page") {
		t.Errorf("want an https server URL and no chat page in:\n%s", greeting)
	}
	if d.log.Count("are left out") > 0 {
		t.Errorf("settings are left out:\n%s", d.log)
	}
}

// Whoever says anything about an account means a real one.
func TestOneSettingMakesAnAccountReal(t *testing.T) {
	for _, setting := range []string{"APPID", "TOKEN", "AES_KEY", "SECRET", "MODE", "KIND", "CLOUD_HOSTING"} {
		t.Run(setting, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			setenv(t, map[string]string{"WXBUS_DATA": data, "WECHAT_MAIN_" + setting: "true"})
			_, err := up.Load()
			missing := "WECHAT_MAIN_SECRET"
			if setting == "SECRET" {
				missing = "WECHAT_MAIN_APPID"
			}
			if want := missing + ": is missing"; !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			if _, err := os.Stat(data); !os.IsNotExist(err) {
				t.Errorf("credentials were made up: %v", err)
			}
		})
	}
}
