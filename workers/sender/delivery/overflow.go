package delivery

import (
	"encoding/json"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// overflow says what becomes of the parts for which a user's allowance has no
// room: the field of that name in a reply.
type overflow string

const (
	deferRest  overflow = "defer" // they wait until the user's next message
	mergeTexts overflow = "merge" // texts are joined; what is still too much waits
	dropRest   overflow = "drop"  // they become a dead letter
)

// overflowOf reads the field; without it a reply waits.
func overflowOf(value json.RawMessage) (overflow, error) {
	if value == nil {
		return deferRest, nil
	}
	switch choice := overflow(wechat.StringIn(value)); choice {
	case deferRest, mergeTexts, dropRest:
		return choice, nil
	}
	return "", malformed("overflow is none of defer, merge and drop")
}

// merge joins the texts that follow each other, each on a line of its own, so
// that they need fewer calls.
func (r *reply) merge() error {
	var parts []part
	for next := 0; next < len(r.messages); {
		joined, err := r.joinFrom(&next)
		if err != nil {
			return err
		}
		pieces, err := joined.split()
		if err != nil {
			return err
		}
		parts = append(parts, pieces...)
	}
	r.parts = parts
	return nil
}

// joinFrom joins the messages from next on that can be joined, and moves next
// behind them.
func (r *reply) joinFrom(next *int) (joined part, err error) {
	joined = r.messages[*next]
	for *next++; *next < len(r.messages) && joined.sameBut(r.messages[*next]); *next++ {
		if joined, err = join(joined, r.messages[*next]); err != nil {
			return part{}, err
		}
	}
	return joined, nil
}

func join(a, b part) (part, error) {
	first, err := a.text()
	if err != nil {
		return part{}, err
	}
	second, err := b.text()
	if err != nil {
		return part{}, err
	}
	return a.withText(first + "\n" + second)
}
