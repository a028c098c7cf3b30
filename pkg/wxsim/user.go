package wxsim

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what is kept.
const (
	maxUsers     = 1000 // of an account; the one silent for longest is forgotten
	maxChat      = 500  // messages of a user
	mostUserName = 32
)

// User is somebody who follows an account, or has done so.
type User struct {
	OpenID    string `json:"openid"` // "o" and 27 of [A-Za-z0-9_-]
	Name      string `json:"name"`
	Following bool   `json:"following"`
}

// user is a User and his chat.
type user struct {
	User
	Seq        int64                 `json:"seq"`    // order in which users came
	Active     time.Time             `json:"active"` // last message to or from him
	Chat       []Message             `json:"chat"`
	Allowed    map[trigger]allowance `json:"allowed"`
	Received   int                   `json:"received"`             // messages of custom/send, ever
	Subscribed map[string]int        `json:"subscribed,omitempty"` // notices that he has agreed to, by template
	typing     time.Time             // until when the account is shown as typing
	crowd      bool                  // one of many who write only to make a load
}

// AddUser makes a user who does not follow the account yet and returns his
// OpenID. An empty name gets one of the house.
func (p *Platform) AddUser(account, name string) (openid string, err error) {
	return p.addUser(account, name, false)
}

// addUser makes a user who may follow already, without an event of it.
func (p *Platform) addUser(account, name string, following bool) (openid string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return "", err
	}
	u := p.meet(a, newOpenID())
	u.Following = following
	u.Name = cmp.Or(name, u.Name)
	p.userChanged(a, u)
	return u.OpenID, nil
}

// Rename changes the name that a user is shown by; WeChat tells the server none.
func (p *Platform) Rename(account, openid, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return err
	}
	u, known := a.users[openid]
	if name = strings.TrimSpace(name); !known || name == "" || utf8.RuneCountInString(name) > mostUserName {
		return errors.New("no such user, or no name of 1 to 32 characters")
	}
	u.Name = name
	p.userChanged(a, u)
	return nil
}

// Users returns the users of an account in the order in which they came.
func (p *Platform) Users(account string) []User {
	p.mu.Lock()
	defer p.mu.Unlock()
	var users []User
	if a, err := p.account(account); err == nil {
		for _, u := range a.inOrder() {
			users = append(users, u.User)
		}
	}
	return users
}

func (a *account) inOrder() []*user {
	users := make([]*user, 0, len(a.users))
	for _, u := range a.users {
		users = append(users, u)
	}
	slices.SortFunc(users, func(x, y *user) int { return cmp.Compare(x.Seq, y.Seq) })
	return users
}

// meet returns the user with an OpenID; a stranger becomes a follower.
func (p *Platform) meet(a *account, openid string) *user {
	if u, known := a.users[openid]; known {
		return u
	}
	if len(a.users) >= maxUsers {
		a.forgetOne()
	}
	p.lastID++
	u := &user{
		User:    User{OpenID: openid, Name: a.freeName(), Following: true},
		Seq:     p.lastID,
		Active:  p.options.Now(),
		Allowed: make(map[trigger]allowance),
	}
	a.users[openid] = u
	return u
}

func (a *account) forgetOne() {
	var oldest *user
	for _, u := range a.users {
		if oldest == nil || u.Active.Before(oldest.Active) {
			oldest = u
		}
	}
	delete(a.users, oldest.OpenID)
}

// freeName returns a nickname that no user of the account has, if there is one.
func (a *account) freeName() string {
	nicknames := []string{"小明", "阿芳", "老王", "晓雨", "思远", "琪琪", "大山", "子涵"}
	taken := make(map[string]bool, len(a.users))
	for _, u := range a.users {
		taken[u.Name] = true
	}
	for _, name := range nicknames {
		if !taken[name] {
			return name
		}
	}
	return fmt.Sprintf("%s %d", nicknames[len(a.users)%len(nicknames)], len(a.users)+1)
}

// newOpenID returns an OpenID that nobody has: 27 characters are 162 bits.
func newOpenID() string {
	return "o" + randomText(27)
}

// randomText returns n random characters of [A-Za-z0-9_-].
func randomText(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails
	return base64.RawURLEncoding.EncodeToString(random)[:n]
}
