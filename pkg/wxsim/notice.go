package wxsim

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Paths of the calls that send notices, for a [Fault].
const (
	PathTemplate  = "/cgi-bin/message/template/send"
	PathSubscribe = "/cgi-bin/message/subscribe/bizsend"
)

// MsgTypes of notices in a chat, which custom/send does not have. Their content
// is the whole body of the call.
const (
	MsgTypeTemplate  = "template"
	MsgTypeSubscribe = "subscribe"
)

// sameNotice is for how long a client_msg_id is not taken again.
const sameNotice = 10 * time.Minute

// notice is what both calls take.
type notice struct {
	ToUser     string `json:"touser"`
	TemplateID string `json:"template_id"`
	Once       string `json:"client_msg_id"`
	Data       map[string]struct {
		Value any `json:"value"`
	} `json:"data"`
}

// serveTemplate is message/template/send. Its result comes as the event
// TEMPLATESENDJOBFINISH.
func (p *Platform) serveTemplate(a *account, body []byte) (any, int) {
	n, u, errcode := a.readNotice(body)
	if errcode != errOK {
		return nil, errcode
	}
	if n.Once != "" && !a.once(n.Once, p.options.Now()) {
		return nil, errNoticeTwice
	}
	id := p.nextMsgID()
	p.say(a, u, Message{From: FromAccount, MsgType: MsgTypeTemplate, Content: body, Body: body, Left: u.left(p.options.Now())})
	p.tellLater(a, u.OpenID, "TEMPLATESENDJOBFINISH", Field{Name: "MsgID", Text: id}, Field{Name: "Status", Text: "success"})
	return noticeAnswer{errOK, "ok", json.Number(id)}, errOK
}

// serveSubscribe is message/subscribe/bizsend: it needs a subscription, which
// the event subscribe_msg_popup_event has given, and uses it up. Its result
// comes as the event subscribe_msg_sent_event.
func (p *Platform) serveSubscribe(a *account, body []byte) (any, int) {
	n, u, errcode := a.readNotice(body)
	if errcode != errOK {
		return nil, errcode
	}
	if u.Subscribed[n.TemplateID] < 1 {
		return nil, errNoSubscription
	}
	u.Subscribed[n.TemplateID]--
	id := p.nextMsgID()
	p.say(a, u, Message{From: FromAccount, MsgType: MsgTypeSubscribe, Content: body, Body: body, Left: u.left(p.options.Now())})
	p.tellLater(a, u.OpenID, "subscribe_msg_sent_event", Field{Name: "SubscribeMsgSentEvent", Fields: []Field{
		{Name: "List", Fields: []Field{
			{Name: "TemplateId", Text: n.TemplateID},
			{Name: "MsgID", Text: id},
			{Name: "ErrorCode", Text: "0"},
			{Name: "ErrorStatus", Text: "success"},
		}},
	}})
	return result{errOK, "ok"}, errOK
}

type noticeAnswer struct {
	Errcode int         `json:"errcode"`
	Errmsg  string      `json:"errmsg"`
	MsgID   json.Number `json:"msgid"`
}

// readNotice checks what both calls have in common.
func (a *account) readNotice(body []byte) (notice, *user, int) {
	var n notice
	if json.Unmarshal(body, &n) != nil {
		return n, nil, errNotJSON
	}
	u, errcode := a.addressee(n.ToUser)
	switch {
	case errcode != errOK:
		return n, nil, errcode
	case strings.TrimSpace(n.TemplateID) == "":
		return n, nil, errTemplate
	case len(n.Data) == 0:
		return n, nil, errArgument
	}
	return n, u, errOK
}

// once reports whether an id is new, and remembers it for ten minutes.
func (a *account) once(id string, now time.Time) bool {
	for old, at := range a.notices {
		if now.Sub(at) >= sameNotice {
			delete(a.notices, old)
		}
	}
	if _, twice := a.notices[id]; twice {
		return false
	}
	if a.notices == nil {
		a.notices = make(map[string]time.Time)
	}
	a.notices[id] = now
	return true
}

// tellLater pushes an event once the call that it is about has been answered.
// The caller holds mu.
func (p *Platform) tellLater(a *account, openid, name string, fields ...Field) {
	if p.closed {
		return
	}
	fields = append([]Field{{Name: "Event", Text: name}}, fields...)
	p.running.Go(func() { _, _ = p.Send(p.stop, a.Name, openid, "event", fields...) }) // the chat shows how it went
}

// subscribe takes note of the templates that a user has agreed to in the window
// that asks for it.
func (u *user) subscribe(m *wechat.Message) {
	var answers struct {
		Event struct {
			List json.RawMessage `json:"List"`
		} `json:"SubscribeMsgPopupEvent"`
	}
	if json.Unmarshal(m.Body, &answers) != nil {
		return
	}
	type answer struct{ TemplateId, SubscribeStatusString string }
	var list []answer
	if json.Unmarshal(answers.Event.List, &list) != nil {
		list = make([]answer, 1)
		_ = json.Unmarshal(answers.Event.List, &list[0]) // none is none
	}
	for _, one := range list {
		if one.SubscribeStatusString != "accept" || one.TemplateId == "" {
			continue
		}
		if u.Subscribed == nil {
			u.Subscribed = make(map[string]int)
		}
		u.Subscribed[one.TemplateId]++
	}
}
