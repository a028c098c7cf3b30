package chaos

import (
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
			c.repeats = append(c.repeats, repeat{r.key, before.to, true})
			continue
		}
		c.repeated(r.key, before.to, "reply of %s sent by %s at %s and again by %s at %s", r.worker,
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

func clock(t time.Time) string { return t.Format("15:04:05.000") }
