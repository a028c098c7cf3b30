package wxapi

import (
	"fmt"
	"strings"
)

// TokenAPI is the API that an account's access token comes from. Tokens of
// both are good for all calls, and neither ends the other's.
type TokenAPI int

const (
	// Stable is /cgi-bin/stable_token: everybody who asks gets the same token
	// until it is about to end. The default.
	Stable TokenAPI = iota
	// Classic is /cgi-bin/token: every call makes a new token and ends the one
	// before five minutes later. It is for accounts that cannot use Stable, and
	// nothing else may ask for tokens of the account.
	Classic
)

// Decode reads "stable" or "classic"; nothing is Stable. It serves envconfig.
func (a *TokenAPI) Decode(text string) error {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "stable":
		*a = Stable
	case "classic":
		*a = Classic
	default:
		return fmt.Errorf("token API %q is neither stable nor classic", text)
	}
	return nil
}

// String returns the word that Decode reads.
func (a TokenAPI) String() string {
	if a == Classic {
		return "classic"
	}
	return "stable"
}
