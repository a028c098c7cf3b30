package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// textMax is the longest text, in bytes of UTF-8, that WeChat takes at once.
const textMax = 2048

var errMalformed = errors.New("malformed reply")

func malformed(fault string) error { return fmt.Errorf("%w: %s", errMalformed, fault) }

// reply is a checked reply: the bodies of the calls that it takes, in order.
type reply struct {
	toUser string
	parts  [][]byte
}

type object = map[string]json.RawMessage

// required are the texts or lists that each msgtype needs in its object.
var required = map[string][]string{
	"text": {"content"}, "image": {"media_id"}, "voice": {"media_id"}, "video": {"media_id"},
	"music": {"thumb_media_id"}, "news": {"articles"}, "mpnews": {"media_id"},
	"mpnewsarticle": {"article_id"}, "msgmenu": {"list"}, "wxcard": {"card_id"},
	"miniprogrampage": {"pagepath"}, "link": {"url"},
}

// parseReply reads the body of a reply: what custom/send takes, or several of
// it under messages.
func parseReply(body []byte) (*reply, error) {
	whole, err := readObject(body, "the reply")
	if err != nil {
		return nil, err
	}
	r := &reply{toUser: textOf(whole["touser"])}
	if r.toUser == "" {
		return nil, malformed("touser is missing or not a text")
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
		part, err := readObject(raw, fmt.Sprintf("message %d", i+1))
		if err != nil {
			return err
		}
		merged := maps.Clone(whole) // customservice and the like hold for all
		maps.Copy(merged, part)
		if textOf(merged["touser"]) != r.toUser {
			return malformed(fmt.Sprintf("message %d is to another user", i+1))
		}
		if err := r.add(merged); err != nil {
			return fmt.Errorf("%w (message %d)", err, i+1)
		}
	}
	return nil
}

// add checks one message and appends its calls: several when its text is too
// long for one.
func (r *reply) add(message object) error {
	msgType := textOf(message["msgtype"])
	needs, known := required[msgType]
	if !known {
		return malformed(fmt.Sprintf("msgtype %q is not one that WeChat takes", msgType))
	}
	content, err := readObject(message[msgType], msgType)
	if err != nil {
		return err
	}
	for _, name := range needs {
		if isEmpty(content[name]) {
			return malformed(fmt.Sprintf("%s.%s is missing or empty", msgType, name))
		}
	}
	if msgType == "text" {
		return r.addText(message, content)
	}
	r.parts = append(r.parts, encode(message, msgType))
	return nil
}

func (r *reply) addText(message, content object) error {
	text := textOf(content["content"])
	if text == "" {
		return malformed("text.content is not a text")
	}
	for _, piece := range wechat.SplitText(text, textMax) {
		quoted, err := wechat.Marshal(piece)
		if err != nil {
			return malformed("text.content is not a text")
		}
		split := maps.Clone(content)
		split["content"] = quoted
		part := maps.Clone(message)
		if part["text"], err = json.Marshal(split); err != nil {
			return malformed("text is not an object")
		}
		r.parts = append(r.parts, encode(part, "text"))
	}
	return nil
}

// own are the fields that are ours and mean nothing to WeChat.
var own = []string{"messages"}

// encode writes a message for WeChat: first its address, then its content, then
// the rest, all as raw UTF-8.
func encode(message object, msgType string) []byte {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(message)), func(name string) bool {
		return slices.Contains(own, name) || name == "touser" || name == "msgtype" || name == msgType
	})
	names = append([]string{"touser", "msgtype", msgType}, names...)
	body := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			body = append(body, ',')
		}
		key, _ := wechat.Marshal(name) // a string
		body = append(wechat.AppendRaw(body, key), ':')
		body = wechat.AppendRaw(body, message[name])
	}
	return append(body, '}')
}

func readObject(data []byte, what string) (object, error) {
	var o object
	if err := json.Unmarshal(data, &o); err != nil || o == nil {
		return nil, malformed(what + " is not a JSON object")
	}
	return o, nil
}

// textOf returns the text of a JSON string, "" for anything else.
func textOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}

func isEmpty(value json.RawMessage) bool {
	switch string(wechat.AppendRaw(nil, value)) {
	case "", `""`, "null", "[]", "{}":
		return true
	}
	return false
}
