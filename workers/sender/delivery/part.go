package delivery

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/sender/media"
)

// textMax is the longest text, in bytes of UTF-8, that WeChat takes at once.
const textMax = 2048

// part is one message of a reply: what one call sends.
type part struct {
	msgType string
	message object // with what is ours
}

// required are the texts or lists that each msgtype needs in its object.
var required = map[string][]string{
	"text": {"content"}, "image": {"media_id"}, "voice": {"media_id"}, "video": {"media_id"},
	"music": {"thumb_media_id"}, "news": {"articles"}, "mpnews": {"media_id"},
	"mpnewsarticle": {"article_id"}, "msgmenu": {"list"}, "wxcard": {"card_id"},
	"miniprogrampage": {"pagepath"}, "link": {"url"},
}

// newPart checks a message of a reply.
func newPart(message object) (part, error) {
	p := part{msgType: wechat.StringIn(message["msgtype"]), message: message}
	needs, known := required[p.msgType]
	if !known {
		return part{}, malformed(fmt.Sprintf("msgtype %q is not one that WeChat takes", p.msgType))
	}
	content, err := p.content()
	if err != nil {
		return part{}, err
	}
	for _, name := range needs {
		if isEmpty(content[name]) && !media.Fills(p.msgType, name, content) {
			return part{}, malformed(fmt.Sprintf("%s.%s is missing or empty", p.msgType, name))
		}
	}
	return p, nil
}

// content is the object under the name of the msgtype.
func (p part) content() (object, error) { return readObject(p.message[p.msgType], p.msgType) }

// with returns the part with another content.
func (p part) with(content object) (part, error) {
	value, err := json.Marshal(content)
	if err != nil {
		return part{}, malformed(p.msgType + " is not an object")
	}
	message := maps.Clone(p.message)
	message[p.msgType] = value
	return part{p.msgType, message}, nil
}

// split cuts a text that is too long for one call.
func (p part) split() ([]part, error) {
	if p.msgType != "text" {
		return []part{p}, nil
	}
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	if len(text) <= textMax {
		return []part{p}, nil
	}
	var pieces []part
	for _, piece := range wechat.SplitText(text, textMax) {
		next, err := p.withText(piece)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, next)
	}
	return pieces, nil
}

func (p part) text() (string, error) {
	content, err := p.content()
	if err != nil {
		return "", err
	}
	text := wechat.StringIn(content["content"])
	if text == "" {
		return "", malformed("text.content is not a text")
	}
	return text, nil
}

func (p part) withText(text string) (part, error) {
	content, err := p.content()
	if err != nil {
		return part{}, err
	}
	quoted, err := wechat.Marshal(text)
	if err != nil {
		return part{}, malformed("text.content is not a text")
	}
	content["content"] = quoted
	return p.with(content)
}

// own are the fields that are ours and mean nothing to WeChat.
var own = []string{"messages", "overflow"}

// body writes a part for WeChat: first its address, then its content, then the
// rest, all as raw UTF-8.
func (p part) body() []byte {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(p.message)), func(name string) bool {
		return slices.Contains(own, name) || name == "touser" || name == "msgtype" || name == p.msgType
	})
	names = append([]string{"touser", "msgtype", p.msgType}, names...)
	body := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			body = append(body, ',')
		}
		key, _ := wechat.Marshal(name) // a string
		body = append(wechat.AppendRaw(body, key), ':')
		body = wechat.AppendRaw(body, p.message[name])
	}
	return append(body, '}')
}

// sameBut reports whether two texts differ in nothing but what they say.
func (p part) sameBut(other part) bool {
	if p.msgType != "text" || other.msgType != "text" {
		return false
	}
	a, failedA := p.withText("-")
	b, failedB := other.withText("-")
	return failedA == nil && failedB == nil && string(a.body()) == string(b.body())
}
