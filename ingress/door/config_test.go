package door_test

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
)

// load reads settings from an environment that holds only vars.
func load(t *testing.T, vars map[string]string) error {
	t.Helper()
	for name, value := range vars {
		t.Setenv(name, value)
	}
	return config.Load(new(door.Config))
}

func TestEveryFaultOfTheSettingsIsNamed(t *testing.T) {
	err := load(t, map[string]string{
		"WECHAT_ACCOUNTS":    "main,my-shop,third",
		"WECHAT_MAIN_APPID":  "wx 1",
		"WECHAT_MAIN_TOKEN":  "a,b,c",
		"WECHAT_MAIN_MODE":   "secret",
		"WECHAT_THIRD_APPID": "wx3", "WECHAT_THIRD_TOKEN": "weixin", "WECHAT_THIRD_MODE": "safe",
		"WECHAT_MY_SHOP_APPID": "wx2", "WECHAT_MY_SHOP_AES_KEY": "short",
		"MAX_BODY":        "huge",
		"PUBLISH_TIMEOUT": "",
	})
	want := []string{
		"WECHAT_MAIN_APPID: want one word without blanks",
		"WECHAT_MAIN_TOKEN: want one token, or new,old",
		"WECHAT_MAIN_MODE: want plain, compat or safe",
		"WECHAT_MY_SHOP_TOKEN: is missing",
		"WECHAT_MY_SHOP_AES_KEY: an EncodingAESKey has 43 characters",
		"WECHAT_THIRD_MODE: safe needs AES_KEY",
		"PUBLISH_TIMEOUT: is set but empty",
		"MAX_BODY: want a size such as 1MiB",
	}
	if err == nil {
		t.Fatal("Load = nil")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestModeFollowsTheKey(t *testing.T) {
	for _, tt := range []struct{ key, mode, want string }{
		{"", "", ""},
		{"", "plain", ""},
		{aesKey, "", ""},
		{aesKey, "plain", ""},
		{aesKey, "compat", ""},
		{aesKey + "," + aesKey, "safe", ""},
		{"", "compat", "WECHAT_MAIN_MODE: compat needs AES_KEY"},
		{aesKey + ",", "", "WECHAT_MAIN_AES_KEY: an EncodingAESKey has 43 characters"},
	} {
		err := load(t, map[string]string{
			"WECHAT_MAIN_APPID": appID, "WECHAT_MAIN_TOKEN": token, "WECHAT_MAIN_AES_KEY": tt.key, "WECHAT_MAIN_MODE": tt.mode,
		})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("AES_KEY of %d, MODE %q: %q, want %q", len(tt.key), tt.mode, got, tt.want)
		}
	}
}

// base are the settings that every ingress needs, with more beside them.
func base(more map[string]string) map[string]string {
	vars := map[string]string{"WECHAT_MAIN_APPID": appID, "WECHAT_MAIN_TOKEN": token}
	maps.Copy(vars, more)
	return vars
}

func TestFaultsOfWhatStandsInFrontAreNamed(t *testing.T) {
	files, other := t.TempDir(), t.TempDir()
	certify(t, files, "one")
	certify(t, other, "two")
	cert, key := filepath.Join(files, "tls.crt"), filepath.Join(files, "tls.key")
	for _, tt := range []struct {
		name string
		vars map[string]string
		want string // what the only fault begins with; empty for none
	}{
		{"nothing set", nil, ""},
		{"certificate and key", map[string]string{"TLS_CERT": cert, "TLS_KEY": key}, ""},
		{"certificate alone", map[string]string{"TLS_CERT": cert}, "TLS_KEY: is needed with TLS_CERT"},
		{"key alone", map[string]string{"TLS_KEY": key}, "TLS_CERT: is needed with TLS_KEY"},
		{"no such file", map[string]string{"TLS_CERT": cert + "x", "TLS_KEY": key}, "TLS_CERT: open " + cert + "x: "},
		{"a folder", map[string]string{"TLS_CERT": cert, "TLS_KEY": files}, "TLS_KEY: " + files + " is not a file"},
		{"swapped", map[string]string{"TLS_CERT": key, "TLS_KEY": cert}, "TLS_CERT: tls: "},
		{"key of another", map[string]string{"TLS_CERT": cert, "TLS_KEY": filepath.Join(other, "tls.key")}, "TLS_CERT: tls: private key does not match"},
		{"addresses", map[string]string{"ALLOW_FROM": "203.0.113.7, 101.226.103.0/25", "TRUSTED_PROXIES": "::1"}, ""},
		{"no address", map[string]string{"ALLOW_FROM": "weixin.qq.com"}, `ALLOW_FROM: want addresses and blocks such as 101.226.103.0/25, not "weixin.qq.com"`},
		{"number of hops", map[string]string{"TRUSTED_PROXIES": "1"}, `TRUSTED_PROXIES: want addresses and blocks such as 101.226.103.0/25, not "1"`},
		{"limit", map[string]string{"FAILURE_LIMIT": "0"}, ""},
		{"limit below none", map[string]string{"FAILURE_LIMIT": "-1"}, "FAILURE_LIMIT: want 0 or more"},
		{"prefix", map[string]string{"HTTP_PREFIX": "/api/wx-1.0"}, ""},
		{"prefix without a slash", map[string]string{"HTTP_PREFIX": "api"}, "HTTP_PREFIX: want a path such as /api/wx"},
		{"prefix with a slash at its end", map[string]string{"HTTP_PREFIX": "/api/"}, "HTTP_PREFIX: want a path such as /api/wx"},
		{"prefix that is a slash", map[string]string{"HTTP_PREFIX": "/"}, "HTTP_PREFIX: want a path such as /api/wx"},
		{"prefix that is a pattern", map[string]string{"HTTP_PREFIX": "/:x/*"}, "HTTP_PREFIX: want a path such as /api/wx"},
		{"prefix that climbs", map[string]string{"HTTP_PREFIX": "/api/.."}, "HTTP_PREFIX: want a path such as /api/wx"},
		{"official", map[string]string{"WECHAT_MAIN_KIND": "official"}, ""},
		{"wecom", map[string]string{"WECHAT_MAIN_KIND": "wecom", "WECHAT_MAIN_AES_KEY": aesKey}, ""},
		{"wecom is safe", map[string]string{"WECHAT_MAIN_KIND": "wecom", "WECHAT_MAIN_AES_KEY": aesKey, "WECHAT_MAIN_MODE": "safe"}, ""},
		{"wecom without a key", map[string]string{"WECHAT_MAIN_KIND": "wecom"}, "WECHAT_MAIN_KIND: wecom needs AES_KEY"},
		{"wecom in plain mode", map[string]string{"WECHAT_MAIN_KIND": "wecom", "WECHAT_MAIN_AES_KEY": aesKey, "WECHAT_MAIN_MODE": "plain"}, "WECHAT_MAIN_MODE: wecom knows only safe"},
		{"wecom in compat mode", map[string]string{"WECHAT_MAIN_KIND": "wecom", "WECHAT_MAIN_AES_KEY": aesKey, "WECHAT_MAIN_MODE": "compat"}, "WECHAT_MAIN_MODE: wecom knows only safe"},
		{"wecom in cloud hosting", map[string]string{"WECHAT_MAIN_KIND": "wecom", "WECHAT_MAIN_AES_KEY": aesKey, "WECHAT_MAIN_CLOUD_HOSTING": "true"}, "WECHAT_MAIN_CLOUD_HOSTING: is not for wecom"},
		{"another kind", map[string]string{"WECHAT_MAIN_KIND": "feishu"}, "WECHAT_MAIN_KIND: want official or wecom"},
		{"cloud hosting", map[string]string{"WECHAT_MAIN_CLOUD_HOSTING": "true"}, ""},
		{"cloud hosting, perhaps", map[string]string{"WECHAT_MAIN_CLOUD_HOSTING": "perhaps"}, "WECHAT_MAIN_CLOUD_HOSTING: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := load(t, base(tt.vars)); err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" || strings.Contains(got, "\n") {
				t.Errorf("Load = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFaultsInFrontAreNamedAtOnce(t *testing.T) {
	err := load(t, base(map[string]string{
		"TLS_KEY": "/absent", "ALLOW_FROM": "x", "TRUSTED_PROXIES": "y", "FAILURE_LIMIT": "many",
		"HTTP_PREFIX": "api", "WECHAT_MAIN_KIND": "x", "WECHAT_MAIN_MODE": "y",
	}))
	if err == nil {
		t.Fatal("Load = nil")
	}
	for _, name := range []string{"TLS_KEY", "ALLOW_FROM", "TRUSTED_PROXIES", "FAILURE_LIMIT", "HTTP_PREFIX", "WECHAT_MAIN_KIND", "WECHAT_MAIN_MODE"} {
		if strings.Count("\n"+err.Error(), "\n"+name+": ") != 1 {
			t.Errorf("%s is not named once in:\n%v", name, err)
		}
	}
}
