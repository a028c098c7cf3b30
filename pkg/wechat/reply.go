package wechat

import (
	"bytes"
	"encoding/json"
)

// Reply is one message to one user, as the customer-service API sends it. The
// functions of this package build the kinds that WeChat takes; a Reply with a
// MsgType of its own is sent as it is.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
type Reply struct {
	ToUser  string // OpenID; empty means the user whose message is answered
	MsgType string // text, image, voice, video, music, news, msgmenu, …
	Content any    // the JSON object that stands under the name of MsgType

	// Agent is the account of the agent (kf_account, prefix@wechatid) in whose
	// name and with whose picture the message is shown. Empty means the
	// Official Account's own. One that does not exist gets errcode 65401.
	Agent string
	// AI marks the message as made by a machine.
	AI bool
	// BusinessID is the sub-merchant of a mini program that answers; 0 is none.
	BusinessID int64
	// Overflow says what becomes of the message when the user may get no more.
	Overflow Overflow
}

// Overflow says what the sender does with messages for which WeChat's allowance
// (five answers to a message of the user, three to a tap, a scan or a follow)
// has no room. It holds for all that one handling of a message answers one
// user; see [Replies.OnOverflow].
type Overflow string

// What may be done about an allowance that is used up.
const (
	Defer Overflow = "defer" // the messages wait until the user writes again; so does the empty Overflow
	Merge Overflow = "merge" // texts that follow each other are joined, and what is still too much waits
	Drop  Overflow = "drop"  // the messages become a dead letter, reason quota
)

// From returns the reply as a message of an agent, prefix@wechatid.
func (r Reply) From(agent string) Reply {
	r.Agent = agent
	return r
}

// ByAI returns the reply with the mark of a machine's work.
func (r Reply) ByAI() Reply {
	r.AI = true
	return r
}

// OnOverflow returns the reply with another Overflow.
func (r Reply) OnOverflow(o Overflow) Reply {
	r.Overflow = o
	return r
}

// Replies are what a handler answers, in the order in which the user gets them.
type Replies []Reply

// OnOverflow returns the replies, all of them with this Overflow.
func (rs Replies) OnOverflow(o Overflow) Replies {
	all := make(Replies, len(rs))
	for i, r := range rs {
		all[i] = r.OnOverflow(o)
	}
	return all
}

// MarshalJSON writes r as WeChat's custom/send takes it, with overflow beside,
// which is for the sender.
func (r Reply) MarshalJSON() ([]byte, error) {
	body := map[string]any{"msgtype": r.MsgType, r.MsgType: r.Content}
	if r.ToUser != "" {
		body["touser"] = r.ToUser
	}
	if r.Agent != "" {
		body["customservice"] = map[string]string{"kf_account": r.Agent}
	}
	if r.AI {
		body["aimsgcontext"] = map[string]int{"is_ai_msg": 1}
	}
	if r.BusinessID != 0 {
		body["businessid"] = r.BusinessID
	}
	if r.Overflow != "" {
		body["overflow"] = r.Overflow
	}
	return Marshal(body)
}

// Marshal writes v as JSON for WeChat, which refuses the \u003c that
// json.Marshal makes of <.
func Marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
