package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// inbound is the handling of pushes: decode, mux, publish the replies.
type inbound struct {
	name string
	mux  *Mux
	bus  *bus.Bus
	log  *slog.Logger
}

// key puts the messages of one user into one lane.
func (in *inbound) key(d *bus.Delivery) string {
	if user := d.Get(route.HeaderSubject); user != "" {
		return d.Get(route.HeaderSource) + " " + user
	}
	return d.String()
}

func (in *inbound) handle(ctx context.Context, d *bus.Delivery) error {
	address, err := route.ParseIn(d.Subject)
	if err != nil {
		return Drop("malformed", err)
	}
	again := replayOf(d)
	handler := in.mux.handler(address.Kind)
	if handler == nil && again != nil { // the operator has asked for more than the worker handles
		return nil
	}
	if handler == nil {
		return fmt.Errorf("no handler for %s in this version of the worker", address.Kind)
	}
	m, err := in.message(address, d)
	if err != nil {
		return Drop("malformed", err)
	}
	replies, err := handler(withReplay(withCause(ctx, in.bus, m), again), m)
	if err != nil {
		return err
	}
	if again.suppresses() {
		in.suppress(m, replies)
		return nil
	}
	return in.publish(ctx, m, again.cause(m), replies)
}

// message unpacks a delivery. A push that could not be decoded has only a
// Body: the bytes as they came.
func (in *inbound) message(address route.Address, d *bus.Delivery) (*wechat.Message, error) {
	m, err := route.Unpack(address, d.Header, d.Body)
	if errors.Is(err, wechat.ErrMalformed) && address.Kind == wechat.Undecodable {
		m, err = &wechat.Message{Account: address.Account, ID: d.Get(route.HeaderID), Body: d.Body}, nil
	}
	if err == nil && m.ID == "" { // published by hand
		m.ID = d.String()
	}
	return m, err
}

// publish stores the replies before the message is acknowledged. Their ids are
// made of the worker's name and the cause, which is the message's id, so that a
// message handled twice is answered once.
func (in *inbound) publish(ctx context.Context, m *wechat.Message, cause string, replies wechat.Replies) error {
	if len(replies) == 0 {
		return nil
	}
	partitions, err := in.bus.Partitions(ctx)
	if err != nil {
		return err
	}
	bodies, err := bundle(m.FromUserName, replies)
	if err != nil {
		return Drop("malformed reply", err)
	}
	for n, reply := range bodies {
		id := fmt.Sprintf("%s:%s:%d", in.name, cause, n+1)
		header := map[string][]string{route.HeaderInReplyTo: {m.ID}}
		bus.Inject(ctx, header)
		subject := route.OutSubject(m.Account, reply.toUser, partitions)
		if _, err := in.bus.Publish(ctx, subject, id, header, reply.body); err != nil {
			return fmt.Errorf("publish reply: %w", err)
		}
	}
	return nil
}

type outbound struct {
	toUser string
	body   []byte
}

// bundle writes replies as bodies for the sender: those that follow each other
// to the same user become one, so that they arrive in order, unless they differ
// in what is to be done when too much is sent.
func bundle(asker string, replies wechat.Replies) ([]outbound, error) {
	var bodies []outbound
	for start := 0; start < len(replies); {
		user := receiver(asker, replies[start])
		if user == "" {
			return nil, errors.New("a reply to a message without a user needs ToUser")
		}
		end := start + 1
		for end < len(replies) && receiver(asker, replies[end]) == user && sameOverflow(replies[start], replies[end]) {
			end++
		}
		body, err := encodeBundle(user, replies[start:end])
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, outbound{toUser: user, body: body})
		start = end
	}
	return bodies, nil
}

func receiver(asker string, r wechat.Reply) string {
	if r.ToUser != "" {
		return r.ToUser
	}
	return asker
}

func sameOverflow(a, b wechat.Reply) bool {
	return cmp.Or(a.Overflow, wechat.Defer) == cmp.Or(b.Overflow, wechat.Defer)
}

func encodeBundle(user string, replies wechat.Replies) ([]byte, error) {
	if len(replies) == 1 {
		single := replies[0]
		single.ToUser = user
		return wechat.Marshal(single)
	}
	parts := make(wechat.Replies, len(replies))
	for i, r := range replies {
		r.ToUser, r.Overflow = "", ""
		parts[i] = r
	}
	bundle := map[string]any{"touser": user, "messages": parts}
	if overflow := replies[0].Overflow; overflow != "" {
		bundle["overflow"] = overflow
	}
	return wechat.Marshal(bundle)
}
