package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/wxbus/wxbus/pkg/wechat"
)

var errMalformed = errors.New("malformed reply")

func malformed(fault string) error { return fmt.Errorf("%w: %s", errMalformed, fault) }

// reply is a checked reply.
type reply struct {
	toUser   string
	overflow overflow
	messages []part // as they were published
	parts    []part // as they are sent: long texts are several
}

type object = wechat.Object

// parseReply reads the body of a reply: what custom/send takes, or several of
// it under messages.
func parseReply(body []byte) (*reply, error) {
	whole, err := readObject(body, "the reply")
	if err != nil {
		return nil, err
	}
	r := &reply{toUser: wechat.StringIn(whole["touser"])}
	if r.toUser == "" {
		return nil, malformed("touser is missing or not a text")
	}
	if r.overflow, err = overflowOf(whole["overflow"]); err != nil {
		return nil, err
	}
	messages, several := whole["messages"]
	if !several {
		return r, r.add(whole)
	}
	if _, both := whole["msgtype"]; both {
		return nil, malformed("has both msgtype and messages")
	}
	return r, r.addAll(whole, messages)
}

func (r *reply) addAll(whole object, messages json.RawMessage) error {
	var list []json.RawMessage
	if err := json.Unmarshal(messages, &list); err != nil || len(list) == 0 {
		return malformed("messages is not a list of messages")
	}
	for i, raw := range list {
		message, err := readObject(raw, fmt.Sprintf("message %d", i+1))
		if err != nil {
			return err
		}
		merged := maps.Clone(whole) // customservice and the like hold for all
		maps.Copy(merged, message)
		if wechat.StringIn(merged["touser"]) != r.toUser {
			return malformed(fmt.Sprintf("message %d is to another user", i+1))
		}
		if err := r.add(merged); err != nil {
			return fmt.Errorf("%w (message %d)", err, i+1)
		}
	}
	return nil
}

// add checks one message and appends its parts.
func (r *reply) add(message object) error {
	p, err := newPart(message)
	if err != nil {
		return err
	}
	pieces, err := p.split()
	r.messages, r.parts = append(r.messages, p), append(r.parts, pieces...)
	return err
}

func readObject(data []byte, what string) (object, error) {
	o, ok := wechat.ReadObject(data)
	if !ok {
		return nil, malformed(what + " is not a JSON object")
	}
	return o, nil
}

func isEmpty(value json.RawMessage) bool {
	switch string(wechat.AppendRaw(nil, value)) {
	case "", `""`, "null", "[]", "{}":
		return true
	}
	return false
}
