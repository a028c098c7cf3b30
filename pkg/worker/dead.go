package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// Headers of a dead letter, beside those of the message itself.
const (
	DeadWorker   = "Dead-Worker"
	DeadReason   = "Dead-Reason"   // short
	DeadDetail   = "Dead-Detail"   // what exactly, when there is more to say
	DeadAttempts = "Dead-Attempts" // deliveries, 1 or more
	DeadSubject  = "Dead-Subject"  // as the message was stored
	DeadStream   = "Dead-Stream"
	DeadSequence = "Dead-Sequence" // in that stream
	DeadStored   = "Dead-Stored"   // there, RFC 3339
	DeadTime     = "Dead-Time"     // RFC 3339
	DeadMsgID    = "Dead-Msg-Id"   // the message's own Nats-Msg-Id
	DeadUser     = "Dead-User"     // OpenID that a reply was for, percent-encoded like ce-subject
	DeadBody     = "Dead-Body"     // [DeadBodyLeft], or nothing
)

// DeadBodyLeft says that a letter has no body because it would be too large: it
// is in the stream that the message came from, as long as that keeps it.
const DeadBodyLeft = "left"

const detailMax = 300

type letter struct {
	subject, id string
	header      map[string][]string
}

// storeLetter stores the dead letter of a message in the name of a worker.
func storeLetter(ctx context.Context, b *bus.Bus, d *bus.Delivery, worker, reason, detail string) error {
	letter := deadLetter(worker, d, reason, detail)
	_, err := b.Publish(ctx, letter.subject, letter.id, letter.header, d.Body)
	if errors.Is(err, bus.ErrTooLarge) { // by what the letter adds
		letter.leaveBody(d)
		_, err = b.Publish(ctx, letter.subject, letter.id, letter.header, nil)
	}
	if err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}

// deadLetter returns the subject, id and headers of the dead letter for d. Two
// workers may bury the same message, and one worker may try to twice.
func deadLetter(worker string, d *bus.Delivery, reason, detail string) letter {
	header := make(map[string][]string, len(d.Header)+12)
	for name, values := range d.Header {
		if !strings.HasPrefix(name, "Nats-") { // what was meant for the old stream is not for the new one
			header[name] = values
		}
	}
	id := fmt.Sprintf("dead:%s:%s:%d", worker, d.Stream, d.Sequence)
	set := func(name, value string) { header[name] = []string{oneLine(value)} }
	if original := d.Get(route.HeaderMsgID); original != "" {
		set(DeadMsgID, original)
	}
	set(route.HeaderMsgID, id)
	set(DeadWorker, worker)
	set(DeadReason, reason)
	set(DeadAttempts, strconv.Itoa(max(1, d.Attempt)))
	set(DeadSubject, d.Subject)
	set(DeadStream, d.Stream)
	set(DeadSequence, strconv.FormatUint(d.Sequence, 10))
	set(DeadStored, d.Stored.UTC().Format(time.RFC3339Nano))
	set(DeadTime, time.Now().UTC().Format(time.RFC3339))
	if detail != "" {
		set(DeadDetail, detail)
	}
	if user, ok := wechat.Lookup(d.Body, "touser"); ok && d.Stream == bus.StreamOut {
		set(DeadUser, route.Encode(string(user)))
	}
	return letter{subject: route.Dead + worker, id: id, header: header}
}

// leaveBody says where the body is of a message that no letter can hold.
func (l *letter) leaveBody(d *bus.Delivery) {
	note := fmt.Sprintf("the body of %d bytes stays in %s as %d", len(d.Body), d.Stream, d.Sequence)
	if before := l.header[DeadDetail]; len(before) > 0 {
		note += ": " + before[0]
	}
	l.header[DeadDetail], l.header[DeadBody] = []string{oneLine(note)}, []string{DeadBodyLeft}
}

// oneLine makes a text fit for a header.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	if len(text) > detailMax {
		text = strings.ToValidUTF8(text[:detailMax], "") + "…"
	}
	return text
}
