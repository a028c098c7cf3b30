package door

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/config"
)

// Config are the settings of the ingress.
type Config struct {
	config.Common
	Accounts       config.Accounts[Account]
	HTTPAddr       config.Addr   `envconfig:"HTTP_ADDR" default:":8080" desc:"where WeChat's pushes are taken"`
	PublishTimeout time.Duration `envconfig:"PUBLISH_TIMEOUT" default:"4.5s" desc:"longest time a push waits for JetStream before it is answered 503; WeChat waits 5s"`
	MaxBody        config.Bytes  `envconfig:"MAX_BODY" default:"1MiB" desc:"largest body of a push"`
	MaxInFlight    int           `envconfig:"MAX_IN_FLIGHT" default:"1024" desc:"requests held at the same time; what goes beyond is answered 503 at once"`
}

// Validate checks what single values cannot show.
func (c *Config) Validate() error {
	var faults []error
	if c.PublishTimeout <= 0 {
		faults = append(faults, errors.New("PUBLISH_TIMEOUT: want a duration above 0"))
	}
	if c.MaxInFlight < 1 {
		faults = append(faults, errors.New("MAX_IN_FLIGHT: want 1 or more"))
	}
	return errors.Join(faults...)
}

// Account are the settings of one account, as they stand in WeChat's console.
type Account struct {
	AppID  string        `envconfig:"APPID" required:"true" desc:"AppID"`
	Token  config.Secret `envconfig:"TOKEN" required:"true" desc:"Token; new,old accepts both while it is being changed"`
	AESKey config.Secret `envconfig:"AES_KEY" desc:"EncodingAESKey, 43 characters; new,old accepts both; empty = plain mode"`
	Mode   string        `envconfig:"MODE" desc:"plain, compat or safe; default safe when AES_KEY is set, else plain"`
}

// rotating is how many tokens or keys may hold at a time: the new and the old.
const rotating = 2

// Validate checks what single values cannot show.
func (a *Account) Validate() error {
	_, err := a.open()
	return err
}

// open returns the account as the door knows it. Its error joins all faults.
func (a *Account) open() (*callback.Account, error) {
	var faults []error
	if strings.ContainsAny(a.AppID, " \t\r\n") {
		faults = append(faults, errors.New("APPID: want one word without blanks"))
	}
	tokens, err := a.tokens()
	faults = append(faults, err)
	keys, err := a.keys()
	faults = append(faults, err)
	mode, err := a.mode(len(keys) > 0 || err != nil)
	faults = append(faults, err)
	return &callback.Account{AppID: a.AppID, Tokens: tokens, Keys: keys, Mode: mode}, errors.Join(faults...)
}

func (a *Account) tokens() ([]string, error) {
	tokens := a.Token.List()
	if len(tokens) > rotating {
		return nil, errors.New("TOKEN: want one token, or new,old")
	}
	if slices.Contains(tokens, "") {
		return nil, errors.New("TOKEN: one of new,old is empty")
	}
	return tokens, nil
}

var usualToken = regexp.MustCompile(`^[A-Za-z0-9]{3,32}$`)

// oddTokens reports whether a token is not one that WeChat's console takes.
func (a *Account) oddTokens() bool {
	for _, token := range a.Token.List() {
		if !usualToken.MatchString(token) {
			return true
		}
	}
	return false
}

func (a *Account) keys() (keys []callback.Key, err error) {
	texts := a.AESKey.List()
	if len(texts) > rotating {
		return nil, errors.New("AES_KEY: want one key, or new,old")
	}
	for _, text := range texts {
		key, err := callback.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("AES_KEY: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (a *Account) mode(hasKey bool) (callback.Mode, error) {
	switch mode := callback.Mode(a.Mode); {
	case mode == "" && hasKey:
		return callback.Safe, nil
	case mode == "" || mode == callback.Plain:
		return callback.Plain, nil
	case mode != callback.Safe && mode != callback.Compat:
		return "", errors.New("MODE: want plain, compat or safe")
	case !hasKey:
		return "", fmt.Errorf("MODE: %s needs AES_KEY", mode)
	default:
		return mode, nil
	}
}
