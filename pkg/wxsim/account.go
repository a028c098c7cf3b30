package wxsim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
)

// Account is what stands in WeChat's console about one Official Account.
type Account struct {
	Name       string        // how this account is called here, such as "main"
	OriginalID string        // gh_…, the ToUserName of pushes; made from AppID when empty
	AppID      string        // wx…
	Token      string        // signs pushes
	AESKey     string        // 43 characters; not needed in plain mode
	Secret     string        // opens the API; with an empty one no token is given out
	Mode       callback.Mode // when empty: safe with an AESKey, else plain
	URL        string        // of the server; may be set later, see [Platform.SetURL]
	Menu       []byte        // JSON as menu/create takes it; what that call sets later comes first
}

func (a Account) withDefaults() Account {
	sum := sha256.Sum256([]byte(a.AppID))
	a.OriginalID = cmp.Or(a.OriginalID, "gh_"+hex.EncodeToString(sum[:6]))
	if a.Mode == "" {
		a.Mode = callback.Plain
		if a.AESKey != "" {
			a.Mode = callback.Safe
		}
	}
	return a
}

func (a Account) validate() error {
	switch {
	case a.Name == "":
		return errors.New("it has no name")
	case a.AppID == "":
		return errors.New("it has no AppID")
	case a.Token == "":
		return errors.New("it has no token")
	}
	switch a.Mode {
	case callback.Plain, callback.Compat, callback.Safe:
	default:
		return fmt.Errorf("mode %q is not plain, compat or safe", a.Mode)
	}
	return checkURL(a.URL)
}

func checkURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil {
		return errors.New("the URL cannot be read")
	}
	if text != "" && parsed.Scheme != "http" && parsed.Scheme != "https" {
		return errors.New("the URL begins neither with http:// nor with https://")
	}
	return nil
}

// account is an Account with all that happens in it. It is guarded by the
// Platform's mu.
type account struct {
	Account
	key     callback.Key
	tokens  tokens
	users   map[string]*user
	media   media
	menu    []*button
	ownMenu bool // it was set through the API
	codes   []code
	notices map[string]time.Time // client_msg_ids and when they were used
	crowd   map[string]*user
}

func (p *Platform) add(config Account) error {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return err
	}
	if _, twice := p.accounts[config.Name]; twice {
		return errors.New("its name is used twice")
	}
	for _, other := range p.accounts {
		if other.AppID == config.AppID {
			return errors.New("its AppID is used twice")
		}
	}
	a := &account{Account: config, users: make(map[string]*user)}
	if config.Mode != callback.Plain {
		var err error
		if a.key, err = callback.ParseKey(config.AESKey); err != nil {
			return err
		}
	}
	if len(config.Menu) > 0 {
		menu, errcode := readMenu(config.Menu)
		if errcode != errOK {
			return fmt.Errorf("its menu: %d %s", errcode, errmsgs[errcode])
		}
		a.menu = menu
	}
	p.accounts[config.Name] = a
	p.names = append(p.names, config.Name)
	return nil
}

// byAppID returns the account with an AppID, or nil. The caller holds mu.
func (p *Platform) byAppID(appID string) *account {
	for _, a := range p.accounts {
		if a.AppID == appID {
			return a
		}
	}
	return nil
}
