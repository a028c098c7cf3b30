package delivery_test

import (
	"testing"
	"time"

	"github.com/wxbus/wxbus/workers/sender/delivery"
)

func TestConfigValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*delivery.Config)
		want   string
	}{
		{"good", func(*delivery.Config) {}, ""},
		{"plain HTTP", func(c *delivery.Config) { c.APIURL = "http://127.0.0.1:8090/" }, ""},
		{"no scheme", func(c *delivery.Config) { c.APIURL = "api.weixin.qq.com" }, apiURL},
		{"no host", func(c *delivery.Config) { c.APIURL = "https://" }, apiURL},
		{"other scheme", func(c *delivery.Config) { c.APIURL = "ftp://a" }, apiURL},
		{"no URL", func(c *delivery.Config) { c.APIURL = "http://[::1" }, apiURL},
		{"no slots", func(c *delivery.Config) { c.Slots = 0 }, slots},
		{"negative gap", func(c *delivery.Config) { c.Gap = -1 }, gap},
		{"gap of a minute", func(c *delivery.Config) { c.Gap = time.Minute }, gap},
		{"all at once", func(c *delivery.Config) { c.APIURL, c.Slots = "", -1 }, apiURL + "\n" + slots},
	}
	for _, tt := range tests {
		cfg := delivery.Config{APIURL: "https://api.weixin.qq.com", Slots: 1}
		tt.change(&cfg)
		got := ""
		if err := cfg.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: Validate = %q, want %q", tt.name, got, tt.want)
		}
	}
}

const (
	apiURL = "WECHAT_API_URL: want http:// or https:// and a host"
	slots  = "SENDER_SLOTS: want 1 or more"
	gap    = "SENDER_GAP: want 0 to 5s"
)

func TestAccountValidate(t *testing.T) {
	for appID, good := range map[string]bool{"wx1": true, "a b": false, "wx1\n": false, "\twx1": false} {
		account := delivery.Account{AppID: appID}
		if err := account.Validate(); (err == nil) != good {
			t.Errorf("Validate of AppID %q = %v", appID, err)
		}
	}
}

func TestInDoubtDecode(t *testing.T) {
	for text, good := range map[string]bool{"resend": true, "skip": true, "": false, "Skip": false, "both": false} {
		var got delivery.InDoubt
		err := got.Decode(text)
		if (err == nil) != good || good && got != delivery.InDoubt(text) {
			t.Errorf("Decode(%q) = %v, %q", text, err, got)
		}
	}
}

func TestLedgerDecode(t *testing.T) {
	for text, good := range map[string]bool{"all": true, "parts": true, "": false, "All": false, "none": false} {
		var got delivery.Ledger
		err := got.Decode(text)
		if (err == nil) != good || good && got != delivery.Ledger(text) {
			t.Errorf("Decode(%q) = %v, %q", text, err, got)
		}
	}
}
