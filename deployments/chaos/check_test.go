package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// breach is a promise that was broken, and by which push.
type breach struct {
	kind string
	key
	what string
}

// repeat is something that was stored or sent before, and when that had been.
type repeat struct {
	key
	before  time.Time
	allowed bool
}

// The kinds of breaches, as the columns of the table.
const (
	lost       = "lost"
	outOfOrder = "out of order"
	extra      = "extra copy"
)

const (
	// noteTime is how long after WeChat's answer a sender may be killed and not
	// have noted it yet, while NATS is well.
	noteTime = time.Second
	// electTime is how long streams may have no leader after a server has gone.
	electTime = 10 * time.Second
)

// checker holds a history against what is promised.
type checker struct {
	*history

	breaches []breach
	repeats  []repeat
	written  map[key]time.Time
}

func (h *history) check() *checker {
	c := &checker{history: h, written: make(map[key]time.Time)}
	for _, p := range h.pushes {
		c.written[p.key] = p.from
	}
	c.nothingIsLost()
	c.storedOnce()
	c.deadLetters()
	c.copiesAreAllowed()
	c.handledInOrder()
	c.oneAtATime()
	c.repliesInOrder()
	c.sentInOrder()
	return c
}

func (c *checker) breach(kind string, k key, format string, args ...any) {
	c.breaches = append(c.breaches, breach{kind, k, fmt.Sprintf(format, args...)})
}

// repeated is a breach: something was there before.
func (c *checker) repeated(k key, before time.Time, format string, args ...any) {
	c.repeats = append(c.repeats, repeat{k, before, false})
	c.breach(extra, k, format, args...)
}

var workers = []string{plain, lined}

// nothingIsLost: what was acknowledged is stored, what is stored is handled by
// each worker, and what was handled is answered.
func (c *checker) nothingIsLost() {
	stored, handled, replied, sent := map[key]bool{}, map[reply]bool{}, map[reply]bool{}, map[reply]bool{}
	for _, k := range c.stored {
		stored[k] = true
	}
	for _, h := range c.handled {
		handled[reply{h.worker, h.key}] = handled[reply{h.worker, h.key}] || h.ended
	}
	for _, r := range c.replies {
		replied[r] = true
	}
	for _, call := range c.calls {
		sent[reply{call.worker, call.key}] = true
	}
	for _, p := range c.pushes {
		if p.acknowledged && !stored[p.key] {
			c.breach(lost, p.key, "acknowledged and not stored")
		}
	}
	for k := range stored {
		for _, worker := range workers {
			r := reply{worker, k}
			switch {
			case k.givenUp(worker):
			case !handled[r]:
				c.breach(lost, k, "not handled by %s", worker)
			case !replied[r]:
				c.breach(lost, k, "handled by %s, and no reply stored", worker)
			case !sent[r]:
				c.breach(lost, k, "reply of %s not received by WeChat", worker)
			}
		}
	}
}

// storedOnce: a push and a reply are each stored once.
func (c *checker) storedOnce() {
	pushes, replies := map[key]bool{}, map[reply]bool{}
	for _, k := range c.stored {
		if pushes[k] {
			c.repeated(k, c.written[k], "stored again")
		}
		pushes[k] = true
	}
	for _, r := range c.replies {
		if replies[r] {
			c.repeated(r.key, c.written[r.key], "reply of %s stored again", r.worker)
		}
		replies[r] = true
	}
}

// deadLetters: each worker has one for what cannot be handled, and none else.
func (c *checker) deadLetters() {
	count := map[reply]int{}
	for _, letter := range c.letters {
		if count[letter]++; !letter.givenUp(letter.worker) {
			c.breach(lost, letter.key, "given up by %s", letter.worker)
		}
	}
	for _, k := range c.stored {
		for _, worker := range workers {
			if n := count[reply{worker, k}]; k.givenUp(worker) && n != 1 {
				c.breach(lost, k, "%d dead letters of %s, want 1", n, worker)
			}
		}
	}
}

// copiesAreAllowed: a message comes again only when its sender was in trouble
// while it called, or says that it got no answer.
func (c *checker) copiesAreAllowed() {
	last := map[reply]call{}
	for _, next := range c.byBegin() {
		r := reply{next.worker, next.key}
		before, again := last[r]
		if last[r] = next; !again {
			continue
		}
		if c.inTrouble(before.sender, before.from, c.noted(before.to)) {
			c.repeats = append(c.repeats, repeat{r.key, before.from, true})
			continue
		}
		c.repeated(r.key, before.from, "reply of %s sent by %s at %s and again by %s at %s", r.worker,
			before.sender, clock(before.from), next.sender, clock(next.from))
	}
}

// noted is when a sender has noted an answer at the latest: NATS may have to be
// back for that.
func (c *checker) noted(answered time.Time) time.Time {
	end := answered.Add(noteTime)
	for name, troubles := range c.troubles {
		for _, t := range troubles {
			back := t.to.Add(electTime)
			if strings.HasPrefix(name, server) && !t.from.After(answered.Add(noteTime)) && back.After(end) {
				end = back
			}
		}
	}
	return end
}

func (c *checker) byBegin() []call {
	return slices.SortedFunc(slices.Values(c.calls), func(a, b call) int { return a.from.Compare(b.from) })
}

func (c *checker) inTrouble(process string, from, to time.Time) bool {
	return slices.ContainsFunc(c.troubles[process], func(t trouble) bool { return !t.from.After(to) && !t.to.Before(from) })
}

// handledInOrder: the ordered worker was done with each user's messages, the
// first time, in the order in which they are stored.
func (c *checker) handledInOrder() {
	done := map[key]time.Time{}
	for _, h := range c.handled {
		if first, known := done[h.key]; h.worker == lined && h.ended && (!known || h.to.Before(first)) {
			done[h.key] = h.to
		}
	}
	newest := map[string]key{}
	for _, k := range c.stored {
		at, known := done[k]
		if !known {
			continue
		}
		if before, is := newest[k.user]; is && done[before].After(at) {
			c.breach(outOfOrder, k, "handled at %s, and %q before it at %s", clock(at), before.content, clock(done[before]))
			continue
		}
		newest[k.user] = k
	}
}

// oneAtATime: no two messages of a user were handled at the same time, by all
// replicas of the ordered worker, or within one of the other. Who is frozen in
// the middle of it cannot help it.
func (c *checker) oneAtATime() {
	lanes := map[string][]handling{}
	for _, h := range c.handled {
		lane := h.user + " " + h.process
		if h.worker == lined {
			lane = h.user
		}
		lanes[lane] = append(lanes[lane], h)
	}
	for _, lane := range lanes {
		slices.SortFunc(lane, func(a, b handling) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
		for i, next := range lane[1:] {
			before := lane[i]
			if next.from.Before(before.to) && !c.inTrouble(before.process, before.from, before.to) {
				c.breach(outOfOrder, next.key, "handled by %s from %s, while %s handled %q from %s to %s", next.process,
					clock(next.from), before.process, before.content, clock(before.from), clock(before.to))
			}
		}
	}
}

// repliesInOrder: the replies of the ordered worker are stored in the order of
// the pushes.
func (c *checker) repliesInOrder() {
	place := map[key]int{}
	for i, k := range c.stored {
		place[k] = i
	}
	newest := map[string]key{}
	for _, r := range c.replies {
		if r.worker != lined {
			continue
		}
		if before, is := newest[r.user]; is && place[before] > place[r.key] {
			c.breach(outOfOrder, r.key, "reply stored behind that to %q", before.content)
			continue
		}
		newest[r.user] = r.key
	}
}

// sentInOrder: senders that keep order have each user's replies come to WeChat,
// the first time, in the order in which they are stored.
func (c *checker) sentInOrder() {
	if !c.sendersKeepOrder {
		return
	}
	came := map[reply]time.Time{}
	for _, call := range c.byBegin() {
		if r := (reply{call.worker, call.key}); came[r].IsZero() {
			came[r] = call.from
		}
	}
	newest := map[string]reply{}
	for _, r := range c.replies {
		at, sent := came[r]
		if !sent {
			continue
		}
		if before, is := newest[r.user]; is && came[before].After(at) {
			c.breach(outOfOrder, r.key, "reply of %s sent at %s, and that of %s to %q, stored before it, at %s", r.worker,
				clock(at), before.worker, before.content, clock(came[before]))
			continue
		}
		newest[r.user] = r
	}
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }
