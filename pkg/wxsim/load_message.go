package wxsim

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// What stands in a message until its own values are written over it. They are
// as long as those, so that every message of a kind has the same length.
const (
	someUser = "oLoad00000000000000000000000"
	someTime = 1000000000
	someID   = "1000000000000000000"
)

// loadMessage is the message of a load, with holes for what is different in
// each push.
type loadMessage struct {
	text           []byte
	user, time, id int // where the holes are
}

// messages are those that the pushes take by turns.
func (l Load) messages() ([]*loadMessage, error) {
	var list []*loadMessage
	if l.Kind != LoadEvents {
		text, err := l.text()
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	if l.Kind != LoadTexts {
		event, err := l.event()
		if err != nil {
			return nil, err
		}
		list = append(list, event)
	}
	return list, nil
}

// text is a text message of l.Size bytes.
func (l Load) text() (*loadMessage, error) {
	const greeting = "你好"
	of := func(content string) (*loadMessage, error) {
		return l.message("text", someID, Field{Name: "Content", Text: content})
	}
	short, err := of(greeting)
	if err != nil {
		return nil, err
	}
	room := l.Size - len(short.text)
	if room < 0 {
		return nil, fmt.Errorf("size %d: a text takes %d bytes at least", l.Size, len(short.text))
	}
	return of(greeting + strings.Repeat("x", room))
}

// event is what a menu's scan button sends. It has no MsgId; what was scanned
// is different each time.
func (l Load) event() (*loadMessage, error) {
	return l.message("event", "", Field{Name: "Event", Text: "scancode_push"}, Field{Name: "EventKey", Text: "load"},
		Field{Name: "ScanCodeInfo", Fields: []Field{
			{Name: "ScanType", Text: "qrcode"}, {Name: "ScanResult", Text: someID},
		}})
}

func (l Load) message(msgType, msgID string, fields ...Field) (*loadMessage, error) {
	e := envelope{to: l.Account.OriginalID, from: someUser, msgType: msgType, createTime: someTime, msgID: msgID}
	xml, err := e.xml(fields)
	if err != nil {
		return nil, err
	}
	text := []byte(xml)
	if l.JSON {
		decoded, err := wechat.Decode(text)
		if err != nil {
			return nil, err
		}
		text = bytes.Replace(decoded.Body, []byte(`"MsgId":"`+someID+`"`), []byte(`"MsgId":`+someID), 1)
	}
	return &loadMessage{
		text: text,
		user: bytes.Index(text, []byte(someUser)),
		time: bytes.Index(text, []byte(strconv.Itoa(someTime))),
		id:   bytes.Index(text, []byte(someID)),
	}, nil
}

// appendTo appends the message with its own values.
func (m *loadMessage) appendTo(dst []byte, user, now, id int64) []byte {
	start := len(dst)
	dst = append(dst, m.text...)
	message := dst[start:]
	digits(message[m.user:m.user+len(someUser)], user)
	digits(message[m.time:m.time+10], now)
	digits(message[m.id:m.id+len(someID)], id)
	return dst
}

// digits writes n over the end of text.
func digits(text []byte, n int64) {
	for i := len(text) - 1; n > 0 && i >= 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
}
