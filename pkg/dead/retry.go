package dead

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// dropTime is how long a letter may take to go whose message is back already.
const dropTime = 10 * time.Second

// Retry has the message of a letter handled once more by the worker that gave it
// up, and by no other, and takes the letter away. It returns the subject that the
// message is stored under.
//
// The message is stored before the letter goes, under an id that is the letter's:
// when the process is killed between the two, or the error says that the letter is
// still there, a second Retry stores it no more as long as its stream remembers
// the id, five minutes for a push and an hour for a reply. The worker's replies
// have the ids that they had the first time: of what was answered within the last
// hour, no second answer is sent.
//
// It returns [ErrGone] when there is no such letter. Every other error leaves the
// letter where it is.
func (x *Letters) Retry(ctx context.Context, sequence uint64) (subject string, err error) {
	l, err := x.Show(ctx, sequence)
	if err != nil {
		return "", err
	}
	publish, stored, err := x.subjects(ctx, l)
	if err == nil {
		err = x.listens(ctx, l, stored)
	}
	if err == nil {
		id := fmt.Sprintf("retry:%d:%s", l.Sequence, l.ID)
		_, err = x.bus.Publish(ctx, publish, id, l.header(), l.Body)
	}
	if err != nil {
		return "", fmt.Errorf("dead letter %d not put back: %w", sequence, err)
	}
	dropping, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTime)
	defer cancel()
	if err := x.Drop(dropping, sequence); err != nil && !errors.Is(err, ErrGone) {
		return stored, fmt.Errorf("put back, but still there: %w", err)
	}
	return stored, nil
}

// subjects returns where the message of a letter is published, and as what it is
// stored there.
func (x *Letters) subjects(ctx context.Context, l *Letter) (publish, stored string, err error) {
	if l.bodyLeft() && l.Body == nil {
		return "", "", fmt.Errorf("its body was too large for the letter, and is no longer in %s", l.Stream)
	}
	if l.Stream != bus.StreamOut {
		address, err := route.ParseIn(l.Subject)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", worker.DeadSubject, err)
		}
		subject := address.RetrySubject(l.Worker)
		return subject, subject, nil
	}
	account, _, err := route.ParseOut(l.Subject)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", worker.DeadSubject, err)
	}
	user, ok := wechat.Lookup(l.Body, "touser")
	if !ok || len(user) == 0 {
		return "", "", errors.New("the reply says no touser: it cannot be sent")
	}
	partitions, err := x.bus.Partitions(ctx)
	if err != nil {
		return "", "", err
	}
	stored = fmt.Sprintf("%s%s.%d", route.Out, account, route.Partition(string(user), partitions))
	return route.OutSubject(account, string(user), partitions), stored, nil
}

// listens returns an error when nobody would be given the message.
func (x *Letters) listens(ctx context.Context, l *Letter, subject string) error {
	filters, err := x.bus.Listens(ctx, l.Stream, l.Worker)
	if errors.Is(err, bus.ErrNoDurable) {
		return fmt.Errorf("worker %q is not there: start it, or wxbus apply --worker (%w)", l.Worker, err)
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(filters, func(filter string) bool { return route.Covers(filter, subject) }) {
		return fmt.Errorf("worker %q does not listen to %s: wxbus apply --worker", l.Worker, subject)
	}
	return nil
}

// Headers by which the sender names a reply that it had held.
const (
	heldSequence = "Wechat-Held-Sequence"
	heldSince    = "Wechat-Held-Since"
	heldID       = "Wechat-Held-Id"
)

// header returns the headers of the message that is put back. That of a reply
// names what it was when it was stored for the first time, so that the parts
// which were sent then are not sent again.
func (l *Letter) header() map[string][]string {
	header := route.Own(l.Header)
	if l.Stream != bus.StreamOut {
		return header
	}
	sequence, since, id := l.get(worker.DeadSequence), l.get(worker.DeadStored), l.ID
	if held := l.get(heldSequence); held != "" {
		sequence, since, id = held, l.get(heldSince), l.get(heldID)
	}
	header[route.HeaderRetryOf] = []string{sequence + " " + since + " " + id}
	return header
}
