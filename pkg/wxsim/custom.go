package wxsim

import (
	"encoding/json"
	"time"
)

// typingShown is how long the account is shown as typing; WeChat does not say.
const typingShown = 15 * time.Second

// talkWindow is how recent the last exchange must be for typing to be shown.
const talkWindow = 30 * time.Second

// serveSend is custom/send: it delivers one message to one user.
func (p *Platform) serveSend(a *account, body []byte) int {
	if !json.Valid(body) {
		return errNotJSON
	}
	if escaped(body) {
		return errEscape
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return errNotJSON
	}
	u, errcode := a.addressee(text(members["touser"]))
	if errcode != errOK {
		return errcode
	}
	msgType := text(members["msgtype"])
	if errcode = a.check(msgType, members[msgType], p.options.Now()); errcode == errOK && !p.options.NoQuota {
		errcode = u.spend(p.options.Now())
	}
	if errcode != errOK {
		p.sayRefused(a, u, errcode, body)
		return errcode
	}
	p.counts.Sent++
	if u.crowd {
		if p.crowd != nil {
			p.crowd.count(func(r *CrowdReport) { r.Answered++ })
		}
		return errOK
	}
	u.Received++
	u.typing = time.Time{}
	p.say(a, u, Message{From: FromAccount, MsgType: msgType, Content: members[msgType], Body: body, Left: u.left(p.options.Now())})
	return errOK
}

// addressee returns the user that a call is for.
func (a *account) addressee(openid string) (*user, int) {
	u, known := a.users[openid]
	if !known {
		u, known = a.crowd[openid]
	}
	switch {
	case !known:
		return nil, errOpenID
	case !u.Following:
		return nil, errNotFollowing
	}
	return u, errOK
}

// sayRefused notes in the chat what its user does not see: the developer is
// looking.
func (p *Platform) sayRefused(a *account, u *user, errcode int, body []byte) {
	if u.crowd {
		return
	}
	content, _ := json.Marshal(result{errcode, errmsgs[errcode]}) // a number and a string
	p.say(a, u, Message{From: FromSystem, MsgType: refusedLine, Content: content, Body: body})
}

// serveTyping is custom/typing: it shows the user that the account is typing.
func (p *Platform) serveTyping(a *account, body []byte) int {
	var asked struct{ Touser, Command string }
	if json.Unmarshal(body, &asked) != nil {
		return errNotJSON
	}
	u, errcode := a.addressee(asked.Touser)
	if errcode != errOK {
		return errcode
	}
	now := p.options.Now()
	switch {
	case asked.Command == "CancelTyping":
		u.typing = time.Time{}
	case asked.Command != "Typing":
		return errTypingCommand
	case now.Sub(u.Active) > talkWindow:
		return errTypingWindow
	case now.Before(u.typing):
		return errTypingAlready
	default:
		u.typing = now.Add(typingShown)
	}
	p.events.publish(event{
		Type: "typing", Account: a.Name, OpenID: u.OpenID,
		Typing: int(max(0, u.typing.Sub(now)) / time.Millisecond),
	})
	return errOK
}

// escaped reports whether JSON has a \uXXXX in it, which WeChat refuses.
func escaped(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if body[i+1] == 'u' {
			return true
		}
		i++ // the character that is escaped, such as another backslash
	}
	return false
}

// text returns a JSON string, "" for anything else.
func text(value json.RawMessage) string {
	var s string
	_ = json.Unmarshal(value, &s)
	return s
}
