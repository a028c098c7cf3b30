package workertest

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// account is the one that messages are pushed for.
const account = "main"

// Push is a message or an event as WeChat pushes it: XML or JSON, decrypted.
// [Text] and [Event] write the common ones; of others, copy an example from
// WeChat's manual.
type Push string

var numbers atomic.Int64

// Text returns a text that a user writes just now. No two are the same.
func Text(user, content string) Push {
	return push(user, map[string]any{"MsgType": "text", "Content": content, "MsgId": numbers.Add(1)})
}

// Event returns an event of a user, such as subscribe, or CLICK with the key of
// a menu's button. No two are the same.
func Event(user, event, key string) Push {
	return push(user, map[string]any{"MsgType": "event", "Event": event, "EventKey": key, "Number": numbers.Add(1)})
}

func push(user string, fields map[string]any) Push {
	fields["ToUserName"], fields["FromUserName"], fields["CreateTime"] = "gh_0a1b2c3d4e5f", user, time.Now().Unix()
	text, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("workertest: texts and numbers are always JSON: %v", err))
	}
	return Push(text)
}

// pack wraps a push as the ingress does: one that cannot be decoded is stored as
// undecodable.
func (p Push) pack(t testing.TB) *route.Envelope {
	t.Helper()
	m, err := wechat.Decode([]byte(p))
	if err != nil {
		t.Logf("stored as undecodable: %v", err)
		return route.PackUndecodable(account, []byte(p), time.Now())
	}
	return route.Pack(account, m, []byte(p), time.Now())
}
