package wxsim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Who says what stands in a chat.
const (
	FromUser    = "user"    // pushed to the server
	FromAccount = "account" // sent by the server through custom/send
	FromSystem  = "system"  // the grey lines
)

// MsgTypes of grey lines, which WeChat does not have.
const (
	failureLine = "failure" // the user reads that the service is out of order
	refusedLine = "refused" // a call of custom/send for this user was refused
)

// Message is one entry of a chat. It must not be changed.
type Message struct {
	ID      int64           `json:"id"`
	Time    time.Time       `json:"time"`
	From    string          `json:"from"` // FromUser, FromAccount or FromSystem
	MsgType string          `json:"msgtype"`
	Content json.RawMessage `json:"content"`        // of a push: all its fields; of an answer: the object named like MsgType
	Body    json.RawMessage `json:"body,omitempty"` // of an answer: as custom/send got it
	Push    *Push           `json:"push,omitempty"` // of a push: how it went
	Left    int             `json:"left"`           // answers that the account may send right behind it
}

// Text returns what the user reads of a text message, "" of any other.
func (m Message) Text() string {
	var content struct{ Content string } // encoding/json ignores case: both directions
	if m.MsgType != "text" || json.Unmarshal(m.Content, &content) != nil {
		return ""
	}
	return content.Content
}

// Chat returns all that is kept of a user's chat, oldest first: the last 500
// entries of messages, answers and grey lines.
func (p *Platform) Chat(account, openid string) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.accounts[account]; a != nil && a.users[openid] != nil {
		return slices.Clone(a.users[openid].Chat)
	}
	return nil
}

// Sent returns what custom/send has delivered to a user, in order. Nobody and
// nothing are the same: nil.
func (p *Platform) Sent(account, openid string) []Message {
	var sent []Message
	for _, m := range p.Chat(account, openid) {
		if m.From == FromAccount {
			sent = append(sent, m)
		}
	}
	return sent
}

// Wait waits until custom/send has delivered n messages to a user, counted
// from the first one ever, and returns them all as [Platform.Sent] does. When
// ctx ends first the error says how many there were.
func (p *Platform) Wait(ctx context.Context, account, openid string, n int) ([]Message, error) {
	received := 0
	err := p.until(ctx, func() bool {
		if a := p.accounts[account]; a != nil && a.users[openid] != nil {
			received = a.users[openid].Received
		}
		return received >= n
	})
	if err != nil {
		return p.Sent(account, openid), fmt.Errorf("%d of %d messages: %w", received, n, err)
	}
	return p.Sent(account, openid), nil
}

// say adds a message to a chat and returns its ID. The caller holds mu.
func (p *Platform) say(a *account, u *user, m Message) int64 {
	p.lastID++
	m.ID, m.Time = p.lastID, p.options.Now()
	if len(u.Chat) >= maxChat {
		u.Chat = slices.Delete(u.Chat, 0, len(u.Chat)-maxChat+1)
	}
	u.Chat = append(u.Chat, m)
	u.Active = m.Time
	p.events.publish(event{Type: "message", Account: a.Name, OpenID: u.OpenID, Message: &m})
	p.touch()
	return m.ID
}

// saw replaces what is known of a push in a chat. The caller does not hold mu.
func (p *Platform) saw(a *account, openid string, id int64, push Push) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, known := a.users[openid]
	if !known {
		return
	}
	for i := len(u.Chat) - 1; i >= 0; i-- {
		if u.Chat[i].ID == id {
			u.Chat[i].Push = &push
			m := u.Chat[i]
			p.events.publish(event{Type: "message", Account: a.Name, OpenID: openid, Message: &m})
			p.touch()
			return
		}
	}
}

// userChanged tells the page about a user. The caller holds mu.
func (p *Platform) userChanged(a *account, u *user) {
	who := u.User
	p.events.publish(event{Type: "user", Account: a.Name, OpenID: u.OpenID, User: &who})
	p.touch()
}
