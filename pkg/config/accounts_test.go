package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/config"
)

func TestAccountPrefix(t *testing.T) {
	tests := []struct{ name, want string }{
		{"main", "WECHAT_MAIN"},
		{"shop-2", "WECHAT_SHOP_2"},
		{"a-b-c", "WECHAT_A_B_C"},
		{"9", "WECHAT_9"},
		{"-", "WECHAT__"},
	}
	for _, tt := range tests {
		if got := config.AccountPrefix(tt.name); got != tt.want {
			t.Errorf("AccountPrefix(%q) = %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAccountNames(t *testing.T) {
	longest := strings.Repeat("a", 32)
	notAName := func(name string) string {
		return "WECHAT_ACCOUNTS: \"" + name + "\" is not a name of 1 to 32 of [a-z0-9-]"
	}
	tests := []struct {
		list  string
		names []string
		fault string
	}{
		{"main", []string{"main"}, ""},
		{"main,shop-2,9", []string{"main", "shop-2", "9"}, ""},
		{" shop , main ", []string{"shop", "main"}, ""},
		{longest, []string{longest}, ""},
		{longest + "a", nil, notAName(longest + "a")},
		{"", nil, notAName("")},
		{"main,", []string{"main"}, notAName("")},
		{"Main,a_b,a.b,店", nil, strings.Join([]string{notAName("Main"), notAName("a_b"), notAName("a.b"), notAName("店")}, "\n")},
		{"main,shop,main", []string{"main", "shop"}, `WECHAT_ACCOUNTS: "main" stands there twice`},
		{"main,a b", []string{"main"}, notAName("a b")},
		{"main\n", []string{"main"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			setenv(t, map[string]string{"WECHAT_ACCOUNTS": tt.list})
			names, err := config.AccountNames()
			if diff := cmp.Diff(tt.names, names); diff != "" {
				t.Error(diff)
			}
			if got := errors.Join(err); got == nil && tt.fault != "" || got != nil && got.Error() != tt.fault {
				t.Errorf("fault = %v, want %s", got, tt.fault)
			}
		})
	}
}

func TestMainIsTheAccountWhenNoneIsNamed(t *testing.T) {
	setenv(t, map[string]string{"WECHAT_MAIN_APPID": "wx1", "WECHAT_MAIN_TOKEN": "t"})
	var cfg program
	if err := config.Load(&cfg); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Accounts[account]{"main": {AppID: "wx1", Token: "t"}}, cfg.Accounts); diff != "" {
		t.Error(diff)
	}
}

func TestEachAccountHasItsOwnVariables(t *testing.T) {
	setenv(t, map[string]string{
		"WECHAT_ACCOUNTS": "shop-2,main", "APPID": "none", "WECHAT_SHOP_APPID": "none", "WECHAT_APPID": "none",
		"WECHAT_MAIN_APPID": "wx1", "WECHAT_MAIN_TOKEN": "t1",
		"WECHAT_SHOP_2_APPID": "wx2", "WECHAT_SHOP_2_TOKEN": "t2", "WECHAT_SHOP_2_AES_KEY": "new,old",
	})
	var cfg program
	if err := config.Load(&cfg); err != nil {
		t.Fatal(err)
	}
	want := config.Accounts[account]{
		"main":   {AppID: "wx1", Token: "t1"},
		"shop-2": {AppID: "wx2", Token: "t2", Key: "new,old"},
	}
	if diff := cmp.Diff(want, cfg.Accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"main", "shop-2"}, cfg.Accounts.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestAccountVariablesDoNotFallBack(t *testing.T) {
	setenv(t, map[string]string{
		"APPID": "wx0", "TOKEN": "of something else", "AES_KEY": "k",
		"WECHAT_APPID": "wx0", "WECHAT_TOKEN": "t", "MAIN_TOKEN": "t", "WECHAT_MAIN_APPID": "wx1",
	})
	var cfg program
	if diff := cmp.Diff([]string{"WECHAT_MAIN_TOKEN: is missing"}, faults(&cfg)); diff != "" {
		t.Error(diff)
	}
	if key := cfg.Accounts["main"].Key.Reveal(); key != "" {
		t.Errorf("AES_KEY = %q, want none", key)
	}
}

func TestFaultsOfAllAccountsAreNamedAtOnce(t *testing.T) {
	setenv(t, map[string]string{
		"WECHAT_ACCOUNTS": "main,Shop,shop-2", "WECHAT_MAIN_APPID": "", "WECHAT_SHOP_2_TOKEN": "",
		"NATS_URL": "", "STREAM_REPLICAS": "7", "SHUTDOWN_TIMEOUT": "-1s", "LOG_FORMAT": "xml", "HTTP_ADDR": "80",
	})
	want := []string{
		"NATS_URL: is set but empty",
		"STREAM_REPLICAS: want 1 to 5",
		"LOG_FORMAT: want text or json",
		"SHUTDOWN_TIMEOUT: want a duration above 0",
		`WECHAT_ACCOUNTS: "Shop" is not a name of 1 to 32 of [a-z0-9-]`,
		"WECHAT_MAIN_APPID: is set but empty",
		"WECHAT_MAIN_TOKEN: is missing",
		"WECHAT_SHOP_2_APPID: is missing",
		"WECHAT_SHOP_2_TOKEN: is set but empty",
		`HTTP_ADDR: want host:port or :port, not "80"`,
	}
	if diff := cmp.Diff(want, faults(new(program))); diff != "" {
		t.Error(diff)
	}
}

// strict is an account whose settings must fit together.
type strict struct {
	Mode string        `envconfig:"MODE"`
	Key  config.Secret `envconfig:"AES_KEY"`
	Need string        `envconfig:"NEED" required:"true"`
}

func (s *strict) Validate() error {
	if s.Mode == "safe" && s.Key == "" {
		return errors.Join(errors.New("MODE: safe needs AES_KEY"), errors.New("NEED: is odd"))
	}
	return nil
}

func TestFaultsWithinAnAccountNameItsVariables(t *testing.T) {
	setenv(t, map[string]string{
		"WECHAT_ACCOUNTS": "need,b", "WECHAT_NEED_MODE": "safe", "WECHAT_NEED_NEED": "x", "WECHAT_B_MODE": "safe",
	})
	var cfg struct{ Accounts config.Accounts[strict] }
	want := []string{
		"WECHAT_NEED_MODE: safe needs AES_KEY", "WECHAT_NEED_NEED: is odd",
		"WECHAT_B_NEED: is missing", "WECHAT_B_MODE: safe needs AES_KEY",
	}
	if diff := cmp.Diff(want, faults(&cfg)); diff != "" {
		t.Error(diff)
	}
}
