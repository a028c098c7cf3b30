package wxsim

import (
	"encoding/json"
	"net/http"
	"time"
)

// Facts about WeChat's tokens.
const (
	tokenLife    = 2 * time.Hour
	tokenOverlap = 5 * time.Minute  // the old and the new one are good
	forcePause   = 30 * time.Second // between two forced refreshes
	forcePerDay  = 20
	mostTokens   = 50 // that are remembered, so that a dead one has its own errcode
)

// tokens are what an account's two token endpoints have given out.
type tokens struct {
	Stable  string           `json:"stable,omitempty"`  // current token of stable_token
	Classic string           `json:"classic,omitempty"` // current token of token
	Given   map[string]grant `json:"given,omitempty"`   // by token
	Forced  []time.Time      `json:"forced,omitempty"`  // refreshes of today
}

// grant is the life of one token.
type grant struct {
	Ends time.Time `json:"ends"`
	Code int       `json:"code"` // answered once it has ended
}

// issue makes a token that lives for two hours.
func (t *tokens) issue(now time.Time) string {
	if t.Given == nil {
		t.Given = make(map[string]grant)
	}
	for len(t.Given) >= mostTokens {
		t.forgetOne()
	}
	text := "92_" + randomText(133)
	t.Given[text] = grant{Ends: now.Add(tokenLife), Code: errExpired}
	return text
}

func (t *tokens) forgetOne() {
	oldest := ""
	for text, g := range t.Given {
		if oldest == "" || g.Ends.Before(t.Given[oldest].Ends) {
			oldest = text
		}
	}
	delete(t.Given, oldest)
}

// supersede ends a token at a time, if it would live longer.
func (t *tokens) supersede(text string, at time.Time) {
	if g, given := t.Given[text]; given && g.Ends.After(at) {
		t.Given[text] = grant{Ends: at, Code: errCredential}
	}
}

// shorten has a token expire at a time, if it would live longer.
func (t *tokens) shorten(text string, at time.Time) {
	if g := t.Given[text]; g.Ends.After(at) {
		t.Given[text] = grant{Ends: at, Code: errExpired}
	}
}

// end ends all tokens now.
func (t *tokens) end(errcode int) {
	for text := range t.Given {
		t.Given[text] = grant{Code: errcode}
	}
	t.Stable, t.Classic = "", ""
}

// classic returns a new token; the one before it works for five more minutes.
func (t *tokens) classic(now time.Time) string {
	before := t.Classic
	t.Classic = t.issue(now)
	t.supersede(before, now.Add(tokenOverlap))
	return t.Classic
}

// stable returns the current token, or a new one in the last five minutes of
// its life. The old one then lives to its end.
func (t *tokens) stable(now time.Time) string {
	if g, given := t.Given[t.Stable]; !given || !now.Before(g.Ends.Add(-tokenOverlap)) {
		t.Stable = t.issue(now)
	}
	return t.Stable
}

// force returns a new token and ends the old one, but the current one when the
// last refresh was less than 30 seconds ago.
func (t *tokens) force(now time.Time) (string, int) {
	if n := len(t.Forced); n > 0 && now.Sub(t.Forced[n-1]) < forcePause {
		return t.stable(now), errOK
	}
	if len(t.Forced) > 0 && day(t.Forced[0]) != day(now) {
		t.Forced = nil
	}
	if len(t.Forced) >= forcePerDay {
		return "", errDayQuota
	}
	t.Forced = append(t.Forced, now)
	before := t.Stable
	t.Stable = t.issue(now)
	t.supersede(before, now)
	return t.Stable, errOK
}

// day returns the date in China, where WeChat's quotas begin anew at midnight.
func day(t time.Time) string {
	return t.In(time.FixedZone("CST", 8*60*60)).Format(time.DateOnly)
}

// authorized returns the account of an access_token. The caller holds mu.
func (p *Platform) authorized(text string) (*account, int) {
	if text == "" {
		return nil, errNoToken
	}
	for _, a := range p.accounts {
		if g, given := a.tokens.Given[text]; given {
			if !p.options.Now().Before(g.Ends) {
				return nil, g.Code
			}
			return a, errOK
		}
	}
	return nil, errCredential
}

// tokenAsked is what both token endpoints are asked with.
type tokenAsked struct {
	GrantType string `json:"grant_type"`
	AppID     string `json:"appid"`
	Secret    string `json:"secret"`
	Force     bool   `json:"force_refresh"`
}

type tokenAnswer struct {
	Token   string `json:"access_token"`
	Expires int    `json:"expires_in"` // seconds
}

func (p *Platform) serveToken(r *http.Request, _ []byte) (any, int) {
	if r.Method != http.MethodGet {
		return nil, errNeedGet
	}
	query := r.URL.Query()
	asked := tokenAsked{query.Get("grant_type"), query.Get("appid"), query.Get("secret"), false}
	return p.giveToken(asked, func(t *tokens, now time.Time) (string, int) { return t.classic(now), errOK })
}

func (p *Platform) serveStableToken(r *http.Request, body []byte) (any, int) {
	if r.Method != http.MethodPost {
		return nil, errNeedPost
	}
	if len(body) == 0 {
		return nil, errEmptyBody
	}
	var asked tokenAsked
	if json.Unmarshal(body, &asked) != nil {
		return nil, errNotJSON
	}
	if asked.Force {
		return p.giveToken(asked, (*tokens).force)
	}
	return p.giveToken(asked, func(t *tokens, now time.Time) (string, int) { return t.stable(now), errOK })
}

// giveToken answers a token endpoint with the token that give chooses.
func (p *Platform) giveToken(asked tokenAsked, give func(*tokens, time.Time) (string, int)) (any, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, errcode := p.asking(asked)
	if errcode != errOK {
		return nil, errcode
	}
	now := p.options.Now()
	text, errcode := give(&a.tokens, now)
	if errcode != errOK {
		return nil, errcode
	}
	if life := p.weather.Conditions().TokenLife; life > 0 {
		a.tokens.shorten(text, now.Add(life))
	}
	p.touch()
	return tokenAnswer{text, int(a.tokens.Given[text].Ends.Sub(now) / time.Second)}, errOK
}

// asking returns the account that asks for a token, if it may.
func (p *Platform) asking(asked tokenAsked) (*account, int) {
	switch {
	case asked.GrantType != "client_credential":
		return nil, errGrantType
	case asked.AppID == "":
		return nil, errNoAppID
	case asked.Secret == "":
		return nil, errNoSecret
	}
	a := p.byAppID(asked.AppID)
	if a == nil {
		return nil, errAppID
	}
	if a.Secret == asked.Secret {
		return a, errOK
	}
	for _, other := range p.accounts {
		if other.Secret == asked.Secret {
			return nil, errCredential // a secret, but of another account
		}
	}
	return nil, errSecret
}
