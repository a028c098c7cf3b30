package quota

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// trigger is what a push does to its user's allowance.
type trigger string

const (
	none      trigger = ""
	byMessage trigger = "message"
	byEvent   trigger = "event" // a tap on the menu or on a msgmenu, a follow, a scan
	byLeaving trigger = "leave"
)

// fromMenu is the field of a text that is a tap on a msgmenu.
const fromMenu = "bizmsgmenuid"

// triggerOf tells what a push of a kind does. A payment, which opens an
// allowance too, is not pushed to the account.
//
// https://developers.weixin.qq.com/doc/service/guide/product/kf/intro.html
func triggerOf(kind wechat.Kind, body []byte) trigger {
	switch {
	case kind == wechat.EventUnsubscribe:
		return byLeaving
	case kind == wechat.EventSubscribe, kind == wechat.EventScan, kind == wechat.EventClick,
		kind == "event.scancode_push", kind == "event.scancode_waitmsg":
		return byEvent
	case strings.HasPrefix(string(kind), "event."), strings.HasPrefix(string(kind), "info."), kind == wechat.Undecodable:
		return none
	case kind == wechat.KindText && isTap(body):
		return byEvent
	}
	return byMessage
}

func isTap(body []byte) bool {
	if !bytes.Contains(body, []byte(fromMenu)) {
		return false
	}
	id, found := wechat.Lookup(body, fromMenu)
	return found && len(id) > 0
}

// followPushes learns what users do. caughtUp is closed once all is seen that
// was there.
func (l *Ledger) followPushes(ctx context.Context, since time.Time, caughtUp chan<- struct{}) error {
	return l.bus.Follow(ctx, &bus.Follower{
		Stream: bus.StreamIn, Subjects: l.subjects(route.In), Since: since,
		Seen: l.pushed, CaughtUp: func() { close(caughtUp) },
	})
}

func (l *Ledger) subjects(root string) (subjects []string) {
	for _, account := range l.accounts {
		subjects = append(subjects, root+account+".>")
	}
	return subjects
}

// pushed takes a push into account.
func (l *Ledger) pushed(r *bus.Record) {
	address, err := route.ParseIn(r.Subject)
	if err != nil {
		return
	}
	by, user := triggerOf(address.Kind, r.Body), userOf(r)
	if by == none || user == "" {
		return
	}
	triggers.WithLabelValues(address.Account, string(by)).Inc()
	l.trigger(address.Account, user, by, timeOf(r))
}

func userOf(r *bus.Record) string {
	user := r.Get(route.HeaderSubject)
	if plain, err := url.PathUnescape(user); err == nil {
		return plain
	}
	return user
}

// timeOf is when WeChat says that it happened, which cannot be later than it was
// stored.
func timeOf(r *bus.Record) time.Time {
	created, err := time.Parse(time.RFC3339, r.Get(route.HeaderTime))
	if err != nil || created.After(r.Stored) {
		return r.Stored
	}
	return created
}

func (l *Ledger) trigger(account, user string, by trigger, at time.Time) {
	now := time.Now()
	if now.Sub(at) > l.cfg.remembered() {
		return
	}
	_, after, ok := l.table.change(l.table.key(account, user), func(st *standing, marks []spending) {
		o := openingAt(secondOf(at), secondOf(now), marks)
		switch by {
		case byMessage:
			o.open(&st.message, &st.messageSpent, st.spent)
		case byEvent:
			o.open(&st.event, &st.eventSpent, st.spent)
		case byLeaving:
			st.shut(o.at)
		case none:
		}
	})
	if !ok {
		untracked.Inc()
		return
	}
	if opened := l.opened.Load(); opened != nil && l.isReady() && l.cfg.allowance(after, now).Remaining > 0 {
		(*opened)(account, user)
	}
}
