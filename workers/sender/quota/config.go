package quota

import (
	"errors"
	"fmt"
	"time"
)

// Config are the settings of the ledger. The sender embeds them.
type Config struct {
	PerMessage    int           `envconfig:"SENDER_QUOTA_MESSAGE" default:"5" desc:"messages that WeChat takes after a user's message"`
	MessageWindow time.Duration `envconfig:"SENDER_QUOTA_MESSAGE_WINDOW" default:"48h" desc:"for how long it takes them"`
	PerEvent      int           `envconfig:"SENDER_QUOTA_EVENT" default:"3" desc:"messages that WeChat takes after a follow, a scan or a tap on the menu"`
	EventWindow   time.Duration `envconfig:"SENDER_QUOTA_EVENT_WINDOW" default:"1m" desc:"for how long it takes them"`
	Users         int           `envconfig:"SENDER_QUOTA_USERS" default:"10000000" desc:"users whose allowance is known to each replica, at about 50 bytes each; WeChat decides about those beyond"`
}

const (
	perMax    = closed - 1
	windowMax = 48 * time.Hour // what the log of spends covers
)

// Validate checks what single values cannot show.
func (c *Config) Validate() error {
	var faults []error
	for _, count := range []struct {
		name string
		n    int
	}{{"SENDER_QUOTA_MESSAGE", c.PerMessage}, {"SENDER_QUOTA_EVENT", c.PerEvent}} {
		if count.n < 0 || count.n > perMax {
			faults = append(faults, fmt.Errorf("%s: want 0 to %d", count.name, perMax))
		}
	}
	for _, window := range []struct {
		name string
		d    time.Duration
	}{{"SENDER_QUOTA_MESSAGE_WINDOW", c.MessageWindow}, {"SENDER_QUOTA_EVENT_WINDOW", c.EventWindow}} {
		if window.d < time.Second || window.d > windowMax {
			faults = append(faults, fmt.Errorf("%s: want 1s to %s", window.name, windowMax))
		}
	}
	if c.Users < 0 {
		faults = append(faults, errors.New("SENDER_QUOTA_USERS: want 0 or more"))
	}
	return errors.Join(faults...)
}

// remembered is for how long a user is known after the newest trigger: an hour
// beyond the longest window, in which what is over is known to be over.
func (c *Config) remembered() time.Duration {
	return max(c.MessageWindow, c.EventWindow) + afterword
}

const afterword = time.Hour
