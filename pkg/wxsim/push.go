package wxsim

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Push is one message or event on its way to the server.
type Push struct {
	XML        string     `json:"xml"` // before encryption; the same in every delivery
	Deliveries []Delivery `json:"deliveries"`
	Accepted   bool       `json:"accepted"`
	Done       bool       `json:"done"` // no further delivery follows
}

// Text lets a user write to the account and delivers the message. A stranger
// becomes a known follower. See [Platform.Push] for what is returned.
func (p *Platform) Text(ctx context.Context, account, openid, content string) (Push, error) {
	return p.Send(ctx, account, openid, "text", Field{Name: "Content", Text: content})
}

// Tap lets a user tap on an entry of a msgmenu: it comes as his own text, with
// the entry's id.
func (p *Platform) Tap(ctx context.Context, account, openid, id, content string) (Push, error) {
	return p.Send(ctx, account, openid, "text",
		Field{Name: "Content", Text: content}, Field{Name: afterMsgID, Text: id})
}

// Event delivers an event with an EventKey: "subscribe" (the key is empty or
// "qrscene_" and a scene), "unsubscribe", "SCAN" (a scene), "CLICK" (a menu
// key), "VIEW" (a URL) or any other. Subscribe and unsubscribe change whether
// the user follows. Events with further fields are sent with [Platform.Send].
func (p *Platform) Event(ctx context.Context, account, openid, event, key string) (Push, error) {
	fields := []Field{{Name: "Event", Text: event}, {Name: "EventKey", Text: key}}
	if event == "SCAN" || strings.HasPrefix(key, "qrscene_") {
		fields = append(fields, Field{Name: "Ticket", Text: "gQ" + randomText(94)})
	}
	return p.Send(ctx, account, openid, "event", fields...)
}

// Send delivers a message of any type with its fields; the common ones and the
// MsgId are added. A msgType of "event" gets no MsgId.
func (p *Platform) Send(ctx context.Context, account, openid, msgType string, fields ...Field) (Push, error) {
	xml, err := p.compose(account, openid, msgType, fields)
	if err != nil {
		return Push{}, err
	}
	return p.Push(ctx, account, []byte(xml))
}

func (p *Platform) compose(account, openid, msgType string, fields []Field) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return "", err
	}
	e := envelope{to: a.OriginalID, from: openid, msgType: msgType, createTime: p.options.Now().Unix()}
	if msgType != "event" {
		e.msgID = p.nextMsgID()
	}
	return e.xml(fields)
}

// Push delivers the XML of a message: it is signed, encrypted as the account's
// mode says, and posted up to [Options.Tries] times until the server answers.
// What is not a message is delivered all the same, but stands in no chat.
//
// The Push tells how each delivery went, also beside an error: [ErrAccount],
// [ErrNotAccepted] after the last try, the error of ctx, or [ErrClosed].
func (p *Platform) Push(ctx context.Context, account string, xml []byte) (Push, error) {
	way, err := p.begin(account, xml)
	if err != nil {
		return Push{}, err
	}
	return way.deliver(ctx)
}

// way is a push and the place in a chat where it is shown.
type way struct {
	platform *Platform
	account  *account
	message  *wechat.Message // nil when it cannot be decoded
	entry    int64           // in the user's chat, 0 for none
	crowd    bool            // one of so many that nobody wants to read of it
	push     Push
}

// begin is the user's act: it is shown in the chat and opens an allowance
// before anything is delivered.
func (p *Platform) begin(account string, xml []byte) (*way, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return nil, err
	}
	w := &way{platform: p, account: a, push: Push{XML: string(xml)}}
	m, err := wechat.Decode(xml)
	if err != nil || m.FromUserName == "" {
		return w, nil // the server shall see what cannot be decoded
	}
	w.message = m
	u := p.meet(a, m.FromUserName)
	switch m.Kind() {
	case wechat.EventSubscribe:
		u.Following = true
	case wechat.EventUnsubscribe:
		u.Following = false
	}
	u.allow(m, p.options.Now())
	if m.Kind() == "event.subscribe_msg_popup_event" {
		u.subscribe(m)
	}
	p.userChanged(a, u)
	push := w.push
	w.entry = p.say(a, u, Message{
		From:    FromUser,
		MsgType: cmp.Or(m.MsgType, m.InfoType),
		Content: json.RawMessage(m.Body),
		Push:    &push,
		Left:    u.left(p.options.Now()),
	})
	return w, nil
}

// show brings the chat up to date with the push.
func (w *way) show() {
	if w.entry != 0 {
		w.platform.saw(w.account, w.message.FromUserName, w.entry, w.push)
	}
}

// failed shows the grey line, if the user did something that asks for an answer.
func (w *way) failed() {
	if w.crowd || w.message == nil || !visible(w.message) {
		return
	}
	p := w.platform
	p.mu.Lock()
	defer p.mu.Unlock()
	if u, known := w.account.users[w.message.FromUserName]; known {
		p.say(w.account, u, Message{From: FromSystem, MsgType: failureLine, Content: json.RawMessage("{}")})
	}
}

func visible(m *wechat.Message) bool {
	switch kind := m.Kind(); kind {
	case wechat.EventSubscribe, wechat.EventClick, wechat.EventScan, "event.scancode_waitmsg":
		return true
	default:
		return !wechat.AnyEvent.Covers(kind)
	}
}
