package door_test

import (
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
