package chaos

import (
	"cmp"
	"slices"
	"time"
)

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
