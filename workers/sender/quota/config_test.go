package quota_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/workers/sender/quota"
)

func TestConfigNamesItsFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*quota.Config)
		want   string
	}{
		"as it is":            {func(*quota.Config) {}, ""},
		"no message":          {func(c *quota.Config) { c.PerMessage, c.PerEvent, c.Users = 0, 0, 0 }, ""},
		"negative messages":   {func(c *quota.Config) { c.PerMessage = -1 }, "SENDER_QUOTA_MESSAGE: want 0 to 254"},
		"too many for events": {func(c *quota.Config) { c.PerEvent = 255 }, "SENDER_QUOTA_EVENT: want 0 to 254"},
		"window too long":     {func(c *quota.Config) { c.MessageWindow += time.Second }, "SENDER_QUOTA_MESSAGE_WINDOW: want 1s to 48h0m0s"},
		"window too short":    {func(c *quota.Config) { c.EventWindow = 0 }, "SENDER_QUOTA_EVENT_WINDOW: want 1s to 48h0m0s"},
		"negative users":      {func(c *quota.Config) { c.Users = -1 }, "SENDER_QUOTA_USERS: want 0 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := rules()
			tt.change(&cfg)
			err := cfg.Validate()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Validate = %v, want %q", err, tt.want)
			}
		})
	}
}
