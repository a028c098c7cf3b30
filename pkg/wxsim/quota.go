package wxsim

import (
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// trigger is what a user does that allows the account to answer.
type trigger string

const (
	byMessage trigger = "message"
	byTap     trigger = "tap" // on the menu, or on an entry of a msgmenu
	byFollow  trigger = "follow"
	byScan    trigger = "scan"
)

// allowance is what a trigger leaves the account to answer with.
type allowance struct {
	Left int       `json:"left"` // messages
	Ends time.Time `json:"ends"`
}

// WeChat's rules since 12 June 2023.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html
const (
	perMessage, messageWindow = 5, 48 * time.Hour
	perEvent, eventWindow     = 3, time.Minute
)

// allow opens the allowance of a push, if it has one. A new one replaces that
// of the same trigger: WeChat does not say that they add up.
func (u *user) allow(m *wechat.Message, now time.Time) {
	switch kind := m.Kind(); {
	case kind == wechat.EventUnsubscribe:
		clear(u.Allowed)
	case kind == wechat.EventSubscribe:
		u.open(byFollow, perEvent, now.Add(eventWindow))
	case kind == wechat.EventScan:
		u.open(byScan, perEvent, now.Add(eventWindow))
	case kind == wechat.EventClick, kind == "event.scancode_push", kind == "event.scancode_waitmsg",
		kind == wechat.KindText && m.Field(afterMsgID) != "":
		u.open(byTap, perEvent, now.Add(eventWindow))
	case !wechat.AnyEvent.Covers(kind):
		u.open(byMessage, perMessage, now.Add(messageWindow))
	}
}

func (u *user) open(by trigger, messages int, ends time.Time) {
	if u.Allowed == nil {
		u.Allowed = make(map[trigger]allowance)
	}
	u.Allowed[by] = allowance{messages, ends}
}

// spend takes one message from the allowance that ends first, and returns
// errWindow when none is open, errCount when all open ones are used up.
func (u *user) spend(now time.Time) int {
	var from trigger
	errcode := errWindow
	for by, allowed := range u.Allowed {
		if !now.Before(allowed.Ends) {
			continue
		}
		if errcode == errWindow {
			errcode = errCount
		}
		if allowed.Left > 0 && (from == "" || allowed.Ends.Before(u.Allowed[from].Ends)) {
			from = by
		}
	}
	if from == "" {
		return errcode
	}
	allowed := u.Allowed[from]
	allowed.Left--
	u.Allowed[from] = allowed
	return errOK
}

// left is how many answers are allowed now: a message is taken off one of the
// open allowances, so they add up.
func (u *user) left(now time.Time) int {
	left := 0
	for _, allowed := range u.Allowed {
		if now.Before(allowed.Ends) {
			left += allowed.Left
		}
	}
	return left
}
