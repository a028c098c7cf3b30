package delivery

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/media"
	"github.com/wxbus/wxbus/workers/sender/pace"
	"github.com/wxbus/wxbus/workers/sender/quota"
)

// Config are the settings of the sender.
type Config struct {
	config.Common
	Accounts config.Accounts[Account]
	APIURL   string  `envconfig:"WECHAT_API_URL" default:"https://api.weixin.qq.com" desc:"where WeChat's API is called"`
	InDoubt  InDoubt `envconfig:"SENDER_IN_DOUBT" default:"resend" desc:"resend or skip a part whose call got no answer: it may come twice, or not at all"`
	Ledger   Ledger  `envconfig:"SENDER_LEDGER" default:"all" desc:"all, or parts: a reply of one message is then sent without a step ledger, faster, and again after a kill"`

	Slots int           `envconfig:"SENDER_SLOTS" default:"32" desc:"replies sent at the same time by this replica"`
	Gap   time.Duration `envconfig:"SENDER_GAP" default:"100ms" desc:"pause between the messages of one reply, so that phones show them in order"`
	Order worker.Order  `envconfig:"SENDER_ORDER" default:"none" desc:"user sends the replies to each user in the order they were stored, also with several replicas; none does so within a replica"`
	Quota quota.Config
	Pace  pace.Config
	Media media.Config
}

// gapMax is the longest SENDER_GAP: a reply holds a slot while it waits.
const gapMax = 5 * time.Second

// Account are the settings of one account.
type Account struct {
	AppID  string        `envconfig:"APPID" required:"true" desc:"AppID"`
	Secret config.Secret `envconfig:"SECRET" required:"true" desc:"AppSecret"`

	TokenAPI wxapi.TokenAPI `envconfig:"TOKEN_API" default:"stable" desc:"stable, or classic for an account that needs /cgi-bin/token; no other program must fetch tokens of that account then"`
}

// Validate checks what single values cannot show.
func (c *Config) Validate() error {
	var faults []error
	base, err := url.Parse(c.APIURL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		faults = append(faults, errors.New("WECHAT_API_URL: want http:// or https:// and a host"))
	}
	if c.Slots < 1 {
		faults = append(faults, errors.New("SENDER_SLOTS: want 1 or more"))
	}
	if c.Gap < 0 || c.Gap > gapMax {
		faults = append(faults, fmt.Errorf("SENDER_GAP: want 0 to %s", gapMax))
	}
	return errors.Join(faults...)
}

// Validate checks what single values cannot show.
func (a *Account) Validate() error {
	if strings.ContainsAny(a.AppID, " \t\r\n") {
		return errors.New("APPID: want one word without blanks")
	}
	return nil
}

// InDoubt says what becomes of a part whose call got no answer.
type InDoubt string

// The choices of SENDER_IN_DOUBT.
const (
	Resend InDoubt = "resend" // send it again: it may arrive twice
	Skip   InDoubt = "skip"   // go on: it may not have arrived
)

// Decode implements envconfig.Decoder.
func (d *InDoubt) Decode(text string) error {
	switch choice := InDoubt(text); choice {
	case Resend, Skip:
		*d = choice
		return nil
	}
	return errors.New("want resend or skip")
}

// Ledger says which replies have an entry in the step ledger.
type Ledger string

// The choices of SENDER_LEDGER.
const (
	LedgerAll   Ledger = "all"
	LedgerParts Ledger = "parts" // those of several messages
)

// Decode implements envconfig.Decoder.
func (l *Ledger) Decode(text string) error {
	switch choice := Ledger(text); choice {
	case LedgerAll, LedgerParts:
		*l = choice
		return nil
	}
	return errors.New("want all or parts")
}
