package quota

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// WeChat's codes for a message that the user's allowance has no room for.
const (
	codeWindow = 45015 // it is over, or the user has left
	codeCount  = 45047 // it is used up
)

// entry is what stands in the log.
type entry struct {
	ToUser string `json:"touser"`
	N      int    `json:"n,omitempty"`       // messages about to be sent
	Code   int    `json:"errcode,omitempty"` // or that WeChat has refused one
}

// Take takes up to n messages off the allowance of a user and returns for how
// many there was room: all of them for a user who is not known. They stand in
// the log when it returns, so that every replica counts them; what is not sent
// after all stays counted. Of several replicas that take for one user at the
// same time, the log says who was first. id names the messages: taken once more
// under the same id within some minutes, by any replica, they count once, unless
// the user did something meanwhile. The error is that of the log; nothing is
// taken then.
func (l *Ledger) Take(ctx context.Context, account, user, id string, n int) (granted int, err error) {
	key, at := l.table.key(account, user), time.Now()
	id = l.spendID(id, key)
	if before, found := l.ids.find(id); found {
		return min(n, before), nil
	}
	known := false
	granted = l.table.spend(key, at, at, func(st *standing) (room int) {
		room, known = l.grant(account, st, n)
		return room
	})
	if granted == 0 {
		spends.WithLabelValues(account, "refused").Add(float64(n))
		return 0, nil
	}
	echo := l.ids.add(id, granted)
	spend := entry{ToUser: user, N: granted}
	if !known && l.isReady() { // WeChat decides
		err = l.tell(ctx, account, id, spend)
	} else {
		err = l.note(ctx, account, id, spend)
	}
	if err != nil {
		if l.ids.drop(id) {
			l.table.giveBack(key, at, granted)
		}
		return 0, err
	}
	if known {
		granted = l.agreed(ctx, echo, granted)
	}
	spends.WithLabelValues(account, "refused").Add(float64(n - granted))
	spends.WithLabelValues(account, "taken").Add(float64(granted))
	return granted, nil
}

// spendID is an id in the log: messages for which there was no room are taken
// off the next allowance under the same name.
func (l *Ledger) spendID(id string, key userKey) string {
	st, _ := l.table.look(key)
	return id + "@" + strconv.FormatUint(uint64(st.newest()), 10)
}

// agreed waits until what was taken comes back from the log, behind what other
// replicas have taken before it, and returns how much there was room for.
func (l *Ledger) agreed(ctx context.Context, echo <-chan int, granted int) int {
	timer := time.NewTimer(echoTime)
	defer timer.Stop()
	select {
	case granted = <-echo:
	case <-timer.C: // WeChat decides
	case <-ctx.Done():
	}
	return granted
}

// over is by how many messages more were sent to a user than there was room for.
func (l *Ledger) over(key userKey) int {
	st, known := l.table.look(key)
	now := time.Now()
	if !known || !l.isReady() || !l.cfg.allowance(st, now).Known {
		return 0
	}
	return max(0, -l.cfg.room(st, now))
}

// grant is how many of n messages a standing has room for, and whether that is
// known.
func (l *Ledger) grant(account string, st *standing, n int) (room int, known bool) {
	if st == nil || !l.isReady() {
		return n, false
	}
	now := time.Now()
	a := l.cfg.allowance(*st, now)
	if !a.Known {
		return n, false
	}
	remaining.WithLabelValues(account).Observe(float64(a.Remaining))
	if a.Remaining > 0 {
		expires.WithLabelValues(account).Observe(a.ExpiresAt.Sub(now).Seconds())
	}
	return min(n, a.Remaining), true
}

// Refused takes into account that WeChat has refused a message for the user's
// allowance, with errcode 45015 or 45047: nothing is left until the user does
// something. Other codes say nothing of it, and of a user who is not known
// WeChat goes on deciding.
func (l *Ledger) Refused(ctx context.Context, account, user string, code int) {
	if code != codeWindow && code != codeCount {
		return
	}
	if !l.Left(account, user).Known {
		refusals.WithLabelValues(account, strconv.Itoa(code), "no").Inc()
		return
	}
	now := time.Now()
	before, _, _ := l.table.change(l.table.key(account, user), func(st *standing, _ []spending) {
		st.shut(max(secondOf(now), st.newest())) // WeChat's clock may be ahead
	})
	surprise := "no"
	if l.isReady() && l.cfg.allowance(before, now).Known && !before.isShut() {
		surprise = "yes"
	}
	refusals.WithLabelValues(account, strconv.Itoa(code), surprise).Inc()
	id := fmt.Sprintf("refused:%s:%s:%d", account, user, now.Unix())
	l.ids.add(id, 0)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
	defer cancel()
	if err := l.note(ctx, account, id, entry{ToUser: user, Code: code}); err != nil {
		l.log.Debug("refusal not told to other replicas", "account", account, "err", err)
	}
}

// note writes into the log.
func (l *Ledger) note(ctx context.Context, account, id string, e entry) error {
	subject, body, err := l.line(ctx, account, e)
	if err != nil {
		return err
	}
	if _, err := l.bus.Publish(ctx, subject, id, nil, body); err != nil {
		return fmt.Errorf("reply quota: %w", err)
	}
	return nil
}

// tell writes into the log, most likely.
func (l *Ledger) tell(ctx context.Context, account, id string, e entry) error {
	subject, body, err := l.line(ctx, account, e)
	if err == nil {
		err = l.bus.Tell(subject, map[string][]string{route.HeaderMsgID: {id}}, body)
	}
	return err
}

func (l *Ledger) line(ctx context.Context, account string, e entry) (subject string, body []byte, err error) {
	body, err = wechat.Marshal(e)
	if err != nil {
		return "", nil, err
	}
	partitions, err := l.bus.Partitions(ctx)
	if err != nil {
		return "", nil, err
	}
	return route.Quota + account + "." + strconv.Itoa(route.Partition(e.ToUser, partitions)), body, nil
}

// followSpends learns what all replicas have sent.
func (l *Ledger) followSpends(ctx context.Context, since time.Time, caughtUp chan<- struct{}) error {
	return l.bus.Follow(ctx, &bus.Follower{
		Stream: bus.StreamQuota, Subjects: l.subjects(route.Quota), Since: since,
		Seen: l.spent, CaughtUp: func() { close(caughtUp) },
	})
}

// spent takes an entry of the log into account, unless it is one's own.
func (l *Ledger) spent(r *bus.Record) {
	id := r.Get(route.HeaderMsgID)
	account, _, found := strings.Cut(strings.TrimPrefix(r.Subject, route.Quota), ".")
	var e entry
	if !found || json.Unmarshal(r.Body, &e) != nil {
		return
	}
	key := l.table.key(account, e.ToUser)
	if l.ids.seen(id, e.N, func() int { return l.over(key) }) {
		return
	}
	now := time.Now()
	if now.Sub(r.Stored) < markFor*time.Second {
		l.ids.addLogged(id, e.N)
	}
	if e.Code != 0 {
		l.table.change(key, func(st *standing, _ []spending) { st.shut(secondOf(r.Stored)) })
		return
	}
	l.table.spend(key, r.Stored, now, func(*standing) int { return max(0, e.N) })
}
