package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrMalformed says that a push cannot be decoded. It is wrapped with what is
// wrong, never with content.
var ErrMalformed = errors.New("malformed message")

// Message is one push of WeChat: a message of a user, or an event. The named
// fields are those that decide its way; all others stand in Body and are read
// with [Message.Field] or [Message.Unmarshal]. A Message must not be changed
// while it is shared; reading it from several goroutines is safe.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
type Message struct {
	Account string // the account's name in the settings, such as "main"
	ID      string // the key under which the push is stored once (ce-id)

	ToUserName   string // original id of the account, gh_…
	FromUserName string // OpenID of the user
	CreateTime   int64  // Unix seconds; 0 when absent or not a number
	MsgType      string // as sent: text, image, event, …
	Event        string // as sent, in mixed case: subscribe, CLICK, …
	InfoType     string // set instead of MsgType by third-party platforms
	MsgId        string // decimal, up to 64 bits; events have none

	// Body is one JSON object with every field of the push, under WeChat's
	// names and in its order.
	Body []byte

	hasMsgType, hasEvent, hasInfoType bool
}

// Decode reads a push, XML or JSON as the first character tells, and also a
// Body that was decoded before. It returns [ErrMalformed] for anything else,
// and for a push that has neither MsgType nor InfoType. The Message holds
// nothing of push.
func Decode(push []byte) (*Message, error) {
	m := new(Message)
	if err := m.Decode(push); err != nil {
		return nil, err
	}
	return m, nil
}

// Decode is [Decode] into a Message that is used again: everything in it is
// replaced, Body in the memory of the Body before. After an error it is empty.
func (m *Message) Decode(push []byte) error {
	body := m.Body[:0]
	*m = Message{}
	err := m.decode(trimStart(push), body)
	if err == nil && !m.hasMsgType && !m.hasInfoType {
		err = malformed("neither MsgType nor InfoType", len(push))
	}
	if err != nil {
		*m = Message{Body: body}
	}
	return err
}

func (m *Message) decode(push, body []byte) error {
	switch {
	case bytes.HasPrefix(push, []byte("<")):
		return m.decodeXML(push, body)
	case bytes.HasPrefix(push, []byte("{")):
		return m.decodeJSON(push, body)
	}
	return malformed("neither XML nor a JSON object", 0)
}

// LooksLikeXML reports whether push would be read as XML.
func LooksLikeXML(push []byte) bool {
	return bytes.HasPrefix(trimStart(push), []byte("<"))
}

// Lookup returns the text of the first element or member called name directly
// under the root of a push, and whether there is one. What cannot be decoded
// has none.
func Lookup(push []byte, name string) (text []byte, found bool) {
	for text := range Texts(push, name) {
		return text, true
	}
	return nil, false
}

// Texts returns the texts of all elements or members called name directly
// under the root of a push, in its order. What cannot be decoded has none.
func Texts(push []byte, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if push := trimStart(push); bytes.HasPrefix(push, []byte("<")) {
			eachXML(push, name, yield)
		} else {
			eachJSON(push, name, yield)
		}
	}
}

// Time returns CreateTime, and false when it is absent or out of range.
func (m *Message) Time() (time.Time, bool) {
	const year9999 = 253402300799 // the last second that RFC 3339 can name
	if m.CreateTime <= 0 || m.CreateTime > year9999 {
		return time.Time{}, false
	}
	return time.Unix(m.CreateTime, 0).UTC(), true
}

// Field returns the text of a field, by WeChat's exact name; further names
// descend into nested fields. A field that is absent, or not a text or a
// number, is "".
func (m *Message) Field(path ...string) string {
	value := m.Body
	for _, name := range path {
		found := false
		if value, found = memberJSON(value, name); !found {
			return ""
		}
	}
	return scalarText(value)
}

// Unmarshal reads the whole Body into v as encoding/json does. Note that
// encoding/json ignores case: a struct that has MsgId and not MsgID gets either.
func (m *Message) Unmarshal(v any) error { return json.Unmarshal(m.Body, v) }

// field is one of the fields that decide the way of a push.
type field uint8

const (
	other field = iota
	toUserName
	fromUserName
	createTime
	msgType
	event
	infoType
	msgID
	fields int = iota // how many there are, with other
)

func fieldOf(name []byte) field {
	switch string(name) {
	case "ToUserName":
		return toUserName
	case "FromUserName":
		return fromUserName
	case "CreateTime":
		return createTime
	case "MsgType":
		return msgType
	case "Event":
		return event
	case "InfoType":
		return infoType
	case "MsgId":
		return msgID
	}
	return other
}

// routeTexts takes the routing fields out of a push, whose texts share one
// allocation. nil is a field that the push does not have.
func (m *Message) routeTexts(texts *[fields][]byte) {
	size := 0
	for _, text := range texts[other+1:] {
		size += len(text)
	}
	var all strings.Builder
	all.Grow(size)
	for f, text := range texts {
		switch {
		case field(f) == other, text == nil:
		case utf8.Valid(text):
			all.Write(text)
			m.route(field(f), all.String()[all.Len()-len(text):])
		default:
			m.route(field(f), validText(text))
		}
	}
}

// route takes a routing field out of a push. Only the first occurrence of a
// name may be given: what a user types must not forge a second one.
func (m *Message) route(f field, text string) {
	switch f {
	case toUserName:
		m.ToUserName = text
	case fromUserName:
		m.FromUserName = text
	case createTime:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			m.CreateTime = n
		}
	case msgType:
		m.MsgType, m.hasMsgType = text, true
	case event:
		m.Event, m.hasEvent = text, true
	case infoType:
		m.InfoType, m.hasInfoType = text, true
	case msgID:
		m.MsgId = text
	case other:
	}
}
