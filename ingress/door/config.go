package door

import (
	"cmp"
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
	SpoolDir       string        `envconfig:"SPOOL_DIR" desc:"folder that keeps pushes while JetStream is away: they are answered success once they are on this disk; empty = off"`
	SpoolMaxBytes  config.Bytes  `envconfig:"SPOOL_MAX_BYTES" default:"1GiB" desc:"largest size of SPOOL_DIR; what does not fit is answered 503"`
	HTTPPrefix     string        `envconfig:"HTTP_PREFIX" desc:"path that a proxy puts in front of /wechat/<account>, such as /api/wx; the path without it is served, too"`
	TLSCert        config.File   `envconfig:"TLS_CERT" desc:"certificate, PEM with its chain, to serve HTTPS without a proxy; needs TLS_KEY; read again when the files change"`
	TLSKey         config.File   `envconfig:"TLS_KEY" desc:"key of the certificate, PEM"`
	AllowFrom      Networks      `envconfig:"ALLOW_FROM" desc:"addresses and CIDR blocks that pushes may come from, a comma list; WeChat's are told by its API getcallbackip; empty = from everywhere"`
	TrustedProxies Networks      `envconfig:"TRUSTED_PROXIES" desc:"addresses and CIDR blocks of your own proxies, a comma list: of them X-Forwarded-For is believed; empty = of nobody"`
	FailureLimit   int           `envconfig:"FAILURE_LIMIT" default:"10" desc:"refusals a second for each address; past them its failing requests are neither read nor logged; what is signed always passes; 0 = no limit"`
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
	if c.HTTPPrefix != "" && !usualPrefix.MatchString(c.HTTPPrefix) {
		faults = append(faults, errors.New("HTTP_PREFIX: want a path such as /api/wx, without a slash at its end"))
	}
	if c.FailureLimit < 0 {
		faults = append(faults, errors.New("FAILURE_LIMIT: want 0 or more"))
	}
	return errors.Join(append(faults, c.checkTLS())...)
}

// usualPrefix leaves out what a router or a proxy could read in another way.
var usualPrefix = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)

func (c *Config) checkTLS() error {
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
		return nil
	case c.TLSCert == "":
		return errors.New("TLS_CERT: is needed with TLS_KEY")
	case c.TLSKey == "":
		return errors.New("TLS_KEY: is needed with TLS_CERT")
	}
	_, err := openCertificate(string(c.TLSCert), string(c.TLSKey), nil)
	return err
}

// ServerURL returns the URL of an account for who reaches the ingress at addr,
// a host:port. WeChat's console wants the one that is seen from outside.
func (c *Config) ServerURL(addr, account string) string {
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + addr + c.HTTPPrefix + root + account
}

// Account are the settings of one account, as they stand in WeChat's console.
type Account struct {
	AppID        string        `envconfig:"APPID" required:"true" desc:"AppID; of a wecom account its CorpID"`
	Token        config.Secret `envconfig:"TOKEN" required:"true" desc:"Token; new,old accepts both while it is being changed"`
	AESKey       config.Secret `envconfig:"AES_KEY" desc:"EncodingAESKey, 43 characters; new,old accepts both; empty = plain mode"`
	Mode         string        `envconfig:"MODE" desc:"plain, compat or safe; default safe when AES_KEY is set, else plain"`
	Kind         string        `envconfig:"KIND" desc:"official, the default, or wecom (企业微信), which needs AES_KEY"`
	CloudHosting bool          `envconfig:"CLOUD_HOSTING" desc:"true: the account runs in WeChat's cloud hosting (微信云托管): its probe is answered, and unsigned pushes with x-wx-source are taken from ALLOW_FROM, if that is set"`
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
	hasKey := len(keys) > 0 || err != nil
	kind, err := a.kind(hasKey)
	faults = append(faults, err)
	mode, err := a.mode(hasKey || kind == callback.WeCom)
	faults = append(faults, err)
	return &callback.Account{Kind: kind, AppID: a.AppID, Tokens: tokens, Keys: keys, Mode: mode}, errors.Join(faults...)
}

func (a *Account) kind(hasKey bool) (callback.Kind, error) {
	kind := callback.Kind(cmp.Or(a.Kind, string(callback.Official)))
	switch {
	case kind == callback.Official:
		return kind, nil
	case kind != callback.WeCom:
		return callback.Official, errors.New("KIND: want official or wecom")
	}
	var faults []error
	if !hasKey {
		faults = append(faults, errors.New("KIND: wecom needs AES_KEY"))
	}
	if mode := callback.Mode(a.Mode); mode == callback.Plain || mode == callback.Compat {
		faults = append(faults, errors.New("MODE: wecom knows only safe"))
	}
	if a.CloudHosting {
		faults = append(faults, errors.New("CLOUD_HOSTING: is not for wecom"))
	}
	return kind, errors.Join(faults...)
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
