package quota

import (
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// closed in place of a count says that an allowance takes nothing more,
// whatever was sent: the user has left, or WeChat has refused.
const closed = 255

// second is a time in seconds since 1970.
type second uint32

func secondOf(t time.Time) second { return second(max(0, min(t.Unix(), 1<<32-1))) }

func (s second) time() time.Time { return time.Unix(int64(s), 0).UTC() }

// back is d before s.
func (s second) back(d second) second { return s - min(s, d) }

// spending is some messages that were logged at a time and sent after it.
type spending struct {
	at int64 // milliseconds since 1970
	n  int
}

const (
	callTime = 250 // milliseconds from one message to the next
	callsMax = 2   // seconds that all are taken to need
)

// reach is the second in which the last of the messages may be sent. A trigger
// up to then may be what WeChat takes them off.
func (s spending) reach() second {
	return secondOf(time.UnixMilli(s.at + int64(min(s.n*callTime, callsMax*1000))))
}

func (s spending) second() second { return secondOf(time.UnixMilli(s.at)) }

// standing is what is known of one user. An allowance is the time of its
// trigger and how many messages were sent since; so it does not matter in which
// order triggers and messages are learnt of, as long as their times are known.
// It is small because there are millions of it.
type standing struct {
	message, event           second // when it was opened; 0 = never
	spent                    second // when the newest message may have been sent
	messageSpent, eventSpent uint8
}

// opening is a trigger at a time, and the messages that were sent since, as far
// as it is known.
type opening struct {
	at    second
	sent  int  // messages that reach beyond at
	exact bool // these are all of them
}

// open takes a trigger for one of the allowances into account. One that is
// older than the last changes nothing. When it is too late to tell how many
// messages were sent since, all since the last one count.
func (o opening) open(at *second, spent *uint8, newest second) {
	if o.at < *at {
		return
	}
	switch {
	case o.exact:
		*spent = count(0, o.sent)
	case *spent == closed, newest < o.at:
		*spent = 0
	}
	*at = o.at
}

// count adds messages to a count that grows no further than it can.
func count(spent uint8, n int) uint8 {
	return uint8(min(perMax, int(spent)+n)) //nolint:gosec // it is in range
}

// spend takes messages off each allowance that they count against.
func (s *standing) spend(p spending) {
	if s.messageSpent != closed && p.reach() >= s.message {
		s.messageSpent = count(s.messageSpent, p.n)
	}
	if s.eventSpent != closed && p.reach() >= s.event {
		s.eventSpent = count(s.eventSpent, p.n)
	}
	s.spent = max(s.spent, p.reach())
}

// giveBack undoes spend.
func (s *standing) giveBack(p spending) {
	if s.messageSpent != closed && p.reach() >= s.message {
		s.messageSpent -= min(s.messageSpent, count(0, p.n))
	}
	if s.eventSpent != closed && p.reach() >= s.event {
		s.eventSpent -= min(s.eventSpent, count(0, p.n))
	}
}

// shut closes what was opened until a time, however little of it was used. A
// trigger of the second before opens it again: it may have been on its way.
func (s *standing) shut(at second) {
	if s.message <= at {
		s.message, s.messageSpent = max(s.message, at.back(1)), closed
	}
	if s.event <= at {
		s.event, s.eventSpent = max(s.event, at.back(1)), closed
	}
}

// isShut reports whether nothing is open because of shut.
func (s *standing) isShut() bool { return s.messageSpent == closed && s.eventSpent == closed }

// newest is when the last trigger was.
func (s *standing) newest() second { return max(s.message, s.event) }

// allowance is what a standing means at a time. It is as much as the larger of
// what is open: WeChat does not say which of the two a message is taken off.
func (c *Config) allowance(s standing, now time.Time) wechat.Allowance {
	if !now.Before(s.newest().time().Add(c.remembered())) {
		return wechat.Allowance{}
	}
	a := wechat.Allowance{Known: true}
	widen(&a, c.PerMessage-int(s.messageSpent), s.message.time().Add(c.MessageWindow), now)
	widen(&a, c.PerEvent-int(s.eventSpent), s.event.time().Add(c.EventWindow), now)
	return a
}

func widen(a *wechat.Allowance, left int, ends, now time.Time) {
	switch {
	case left <= 0 || !now.Before(ends) || left < a.Remaining:
	case left > a.Remaining || ends.After(a.ExpiresAt):
		a.Remaining, a.ExpiresAt = left, ends
	}
}

// room is what is left of the open allowance that has most, below 0 when more
// was sent than it takes. Without an open one there was room when it was taken.
func (c *Config) room(s standing, now time.Time) int {
	room, open := -perMax, false
	if now.Before(s.message.time().Add(c.MessageWindow)) {
		room, open = max(room, c.PerMessage-int(s.messageSpent)), true
	}
	if now.Before(s.event.time().Add(c.EventWindow)) {
		room, open = max(room, c.PerEvent-int(s.eventSpent)), true
	}
	if !open {
		return 0
	}
	return room
}
