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
}

// Replies are what a handler answers, in the order in which the user gets them.
type Replies []Reply

// TextReplies answers with one text. See [TextReply].
func TextReplies(content string) Replies { return Replies{TextReply(content)} }

// TextReply is a text. Line breaks and <a href="…"> links work; what exceeds
// 2048 bytes is sent as several messages.
func TextReply(content string) Reply {
	return Reply{MsgType: "text", Content: map[string]string{"content": content}}
}

// ImageReply is a picture that was uploaded as mediaID. The same id is good
// for three days.
func ImageReply(mediaID string) Reply { return mediaReply("image", mediaID) }

// VoiceReply is a recording that was uploaded as mediaID.
func VoiceReply(mediaID string) Reply { return mediaReply("voice", mediaID) }

func mediaReply(msgType, mediaID string) Reply {
	return Reply{MsgType: msgType, Content: map[string]string{"media_id": mediaID}}
}

// Article is the card of a [NewsReply].
type Article struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	PicURL      string `json:"picurl"`
}

// NewsReply is a card that links to a page. WeChat takes exactly one.
func NewsReply(article Article) Reply {
	return Reply{MsgType: "news", Content: map[string]any{"articles": []Article{article}}}
}

// MenuItem is an entry of a [MenuReply]. A tap on it comes back as a text
// message with Content and, in bizmsgmenuid, ID.
type MenuItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

// MenuReply is a text with entries to tap on; head and tail may be empty.
// Accounts that are not verified get errcode 40200.
func MenuReply(head string, items []MenuItem, tail string) Reply {
	content := map[string]any{"head_content": head, "list": items}
	if tail != "" {
		content["tail_content"] = tail
	}
	return Reply{MsgType: "msgmenu", Content: content}
}

// MarshalJSON writes r as WeChat's custom/send takes it.
func (r Reply) MarshalJSON() ([]byte, error) {
	body := map[string]any{"msgtype": r.MsgType, r.MsgType: r.Content}
	if r.ToUser != "" {
		body["touser"] = r.ToUser
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
