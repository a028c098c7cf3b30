package config_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/config"
)

const hidden = "s3cret 密钥"

// reveals reports whether text holds the secret in a form that can be read back.
func reveals(text string) bool {
	forms := []string{
		"s3", "密", strconv.QuoteToASCII("密钥")[1:13], hex.EncodeToString([]byte("s3cret")),
		base64.StdEncoding.EncodeToString([]byte(hidden)),
	}
	for _, form := range forms {
		if strings.Contains(strings.ToLower(strings.ReplaceAll(text, " ", "")), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

type wallet struct {
	Name string
	Key  config.Secret
	Spot *config.Secret
}

// holders are what a secret may be in when it is printed.
func holders() map[string]any {
	secret := config.Secret(hidden)
	return map[string]any{
		"alone":     secret,
		"pointer":   &secret,
		"struct":    wallet{"w", secret, &secret},
		"reference": &wallet{"w", secret, &secret},
		"list":      []config.Secret{secret, secret},
		"value":     map[string]config.Secret{"k": secret},
		"any":       []any{secret, wallet{Key: secret}},
		"accounts":  config.Accounts[account]{"main": {Token: secret, Key: secret}},
		"program":   program{Accounts: config.Accounts[account]{"main": {Token: secret}}},
	}
}

func TestSecretIsHiddenFromFmt(t *testing.T) {
	for name, holder := range holders() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%5s", "%-9v", "%.2s", "%t", "%c", "%!", "no verb"} {
			if got := fmt.Sprintf(verb, holder); reveals(got) {
				t.Errorf("%s in %s prints %s", verb, name, got)
			}
		}
		if got := fmt.Sprint(holder) + fmt.Sprintln(holder); reveals(got) {
			t.Errorf("%s prints %s", name, got)
		}
	}
}

func TestSecretPrintsAsStars(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, config.Secret(hidden)); got != "***" {
			t.Errorf("%s = %s, want ***", verb, got)
		}
		if got := fmt.Sprintf(verb, config.Secret("")); got != "" {
			t.Errorf("%s of no secret = %q, want nothing", verb, got)
		}
	}
	got := fmt.Sprintf("%+v", struct{ Key, None config.Secret }{Key: hidden})
	if want := "{Key:*** None:}"; got != want {
		t.Errorf("struct = %s, want %s", got, want)
	}
}

func TestSecretIsHiddenInErrors(t *testing.T) {
	secret := config.Secret(hidden)
	err := fmt.Errorf("open %s: %w", secret, errors.Join(fmt.Errorf("key %q", secret), fmt.Errorf("%+v", wallet{Key: secret})))
	for _, got := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%q", err)} {
		if reveals(got) || !strings.Contains(got, "***") {
			t.Errorf("error is %s", got)
		}
	}
}

func TestSecretIsHiddenInLogs(t *testing.T) {
	for name, holder := range holders() {
		var text, lines bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&lines, nil)} {
			log := slog.New(handler).With("with", holder)
			log.Info("m", "attr", holder, slog.Group("g", "inner", holder), "err", fmt.Errorf("wrapped %v", holder))
		}
		for _, got := range []string{text.String(), lines.String()} {
			if reveals(got) || !strings.Contains(got, "***") {
				t.Errorf("%s is logged as %s", name, got)
			}
		}
	}
}

func TestSecretIsHiddenInJSON(t *testing.T) {
	for name, holder := range holders() {
		got, err := json.Marshal(holder)
		if err != nil || reveals(string(got)) || !strings.Contains(string(got), `"***"`) {
			t.Errorf("%s is %s, %v", name, got, err)
		}
	}
}

func TestSecretIsRevealedOnlyByName(t *testing.T) {
	if got := config.Secret(hidden).Reveal(); got != hidden {
		t.Errorf("Reveal() = %s, want %s", got, hidden)
	}
}

// Files that secrets are mounted from often end with a line break.
func TestSecretHasNoBlanksAround(t *testing.T) {
	setenv(t, map[string]string{"SECRET": " s3cret\n"})
	var cfg struct {
		Secret config.Secret `required:"true"`
	}
	if err := config.Load(&cfg); err != nil || cfg.Secret.Reveal() != "s3cret" {
		t.Errorf("read %q, %v", cfg.Secret.Reveal(), err)
	}
}

func TestSecretLists(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"one", []string{"one"}},
		{"new,old", []string{"new", "old"}},
		{" new ,\told\n", []string{"new", "old"}},
		{"a b", []string{"a b"}},
		{"new,", []string{"new", ""}},
		{",", []string{"", ""}},
		{"a,b,c", []string{"a", "b", "c"}},
		{" ", []string{""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, config.Secret(tt.text).List()); diff != "" {
			t.Errorf("List() of %q: %s", tt.text, diff)
		}
	}
}

func TestFaultsHoldNoSecret(t *testing.T) {
	setenv(t, map[string]string{
		"WECHAT_ACCOUNTS": "main,shop", "WECHAT_MAIN_TOKEN": hidden, "WECHAT_MAIN_AES_KEY": hidden,
		"WECHAT_SHOP_TOKEN": hidden, "WECHAT_SHOP_APPID": "",
		"NATS_URL":   "nats://user:s3cret@host:99999,nats://user:%s3cret@host,http://s3cret@host",
		"NATS_CREDS": write(t, "creds", []byte(hidden)), "NATS_CA": write(t, "ca", []byte(hidden)),
		"NATS_CERT": write(t, "cert", []byte(hidden)), "NATS_KEY": write(t, "key", []byte(hidden)),
	})
	var cfg program
	err := config.Load(&cfg)
	if err == nil || strings.Count(err.Error(), "\n") < 5 {
		t.Fatalf("faults: %v, want more", err)
	}
	var out, table bytes.Buffer
	if code := config.Start(nil, &cfg, &table, &out); code != 2 {
		t.Errorf("Start = %d, want 2", code)
	}
	for _, got := range []string{err.Error(), fmt.Sprintf("%+v", err), out.String(), table.String()} {
		if reveals(got) {
			t.Errorf("faults reveal a secret:\n%s", got)
		}
	}
}
