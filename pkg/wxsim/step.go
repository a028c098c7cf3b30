package wxsim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// ErrStep says that a [Step] is none: it names no act, or more than one, or
// something that does not exist.
var ErrStep = errors.New("not something that a user can do")

// Step is one thing that a user does; exactly one of its fields but the last two says
// what. It is what the page sends and what a [Scenario] is made of.
type Step struct {
	Text     string      `json:"text,omitempty"     yaml:"text,omitempty"`     // writes
	Tap      string      `json:"tap,omitempty"      yaml:"tap,omitempty"`      // taps on an entry of the last msgmenu, by its id
	Press    string      `json:"press,omitempty"    yaml:"press,omitempty"`    // taps on a button of the account's menu, by its name
	Scan     string      `json:"scan,omitempty"     yaml:"scan,omitempty"`     // scans a QR code with this scene
	Follow   bool        `json:"follow,omitempty"   yaml:"follow,omitempty"`   // follows
	Unfollow bool        `json:"unfollow,omitempty" yaml:"unfollow,omitempty"` // leaves
	Image    string      `json:"image,omitempty"    yaml:"image,omitempty"`    // sends a picture: a media_id, or "example"
	Voice    string      `json:"voice,omitempty"    yaml:"voice,omitempty"`    // sends a voice message, likewise
	Video    string      `json:"video,omitempty"    yaml:"video,omitempty"`    // sends a film: a media_id
	Location *Place      `json:"location,omitempty" yaml:"location,omitempty"` // sends a place
	Link     *Link       `json:"link,omitempty"     yaml:"link,omitempty"`     // sends a link
	Event    *KeyedEvent `json:"event,omitempty"    yaml:"event,omitempty"`    // any other event with an EventKey
	Sample   string      `json:"sample,omitempty"   yaml:"sample,omitempty"`   // one of [wechat.Samples], by its name
	Push     string      `json:"push,omitempty"     yaml:"push,omitempty"`     // XML or JSON, as [Platform.Sample] takes it

	// TapText is what the entry of Tap says; when empty, that is looked up.
	TapText string `json:"tap_text,omitempty" yaml:"tap_text,omitempty"`
	// Input is for Press; its picture is a media_id.
	Input *Input `json:"input,omitempty" yaml:"input,omitempty"`
}

// Example stands for a file of the house in a [Step].
const Example = "example"

// Link is a link as a user sends it.
type Link struct {
	Title       string `json:"title"       yaml:"title"`
	Description string `json:"description" yaml:"description,omitempty"`
	URL         string `json:"url"         yaml:"url"`
}

// KeyedEvent names an event and its key.
type KeyedEvent struct {
	Event string `json:"event" yaml:"event"`
	Key   string `json:"key"   yaml:"key,omitempty"`
}

// acts are the names of what a step does.
func (s *Step) acts() []string {
	var names []string
	for name, said := range map[string]bool{
		"text": s.Text != "", "tap": s.Tap != "", "press": s.Press != "", "scan": s.Scan != "",
		"follow": s.Follow, "unfollow": s.Unfollow, "image": s.Image != "", "voice": s.Voice != "", "video": s.Video != "",
		"location": s.Location != nil, "link": s.Link != nil, "event": s.Event != nil, "sample": s.Sample != "", "push": s.Push != "",
	} {
		if said {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Do lets a user do a step and delivers what comes of it. It returns the pushes
// that were made, and [ErrStep], [ErrAccount], [ErrButton] or the error of the
// push that failed.
func (p *Platform) Do(ctx context.Context, account, openid string, s Step) ([]Push, error) {
	xmls, err := p.written(account, openid, s, p.options.URL)
	if err != nil {
		return nil, err
	}
	var pushes []Push
	for _, xml := range xmls {
		push, err := p.Push(ctx, account, xml)
		pushes = append(pushes, push)
		if err != nil {
			return pushes, err
		}
	}
	return pushes, nil
}

// written returns the pushes that a step makes, in order. base is where files
// are had.
func (p *Platform) written(account, openid string, s Step, base string) ([][]byte, error) {
	switch acts := s.acts(); {
	case len(acts) == 0:
		return nil, fmt.Errorf("%w: it says nothing", ErrStep)
	case len(acts) > 1:
		return nil, fmt.Errorf("%w: %v at once", ErrStep, acts)
	case s.Sample != "" || s.Push != "":
		push, err := s.raw()
		if err != nil {
			return nil, err
		}
		push, err = p.readdress(account, openid, push)
		return [][]byte{push}, err
	}
	messages, err := p.meant(account, openid, s, base)
	if err != nil {
		return nil, err
	}
	xmls := make([][]byte, len(messages))
	for i, m := range messages {
		xml, err := p.compose(account, openid, m.msgType, m.fields)
		if err != nil {
			return nil, err
		}
		xmls[i] = []byte(xml)
	}
	return xmls, nil
}

// raw is a push that was written down before.
func (s *Step) raw() ([]byte, error) {
	if s.Push != "" {
		return []byte(s.Push), nil
	}
	for _, sample := range wechat.Samples() {
		if sample.Name == s.Sample {
			return sample.Push, nil
		}
	}
	return nil, fmt.Errorf("%w: there is no sample %q", ErrStep, s.Sample)
}

// meant returns the messages of a step.
func (p *Platform) meant(account, openid string, s Step, base string) ([]unsent, error) {
	one := func(msgType string, fields ...Field) ([]unsent, error) { return []unsent{{msgType, fields}}, nil }
	switch {
	case s.Text != "":
		return one("text", Field{Name: "Content", Text: s.Text})
	case s.Tap != "":
		return one("text", Field{Name: "Content", Text: cmp.Or(s.TapText, p.entryText(account, openid, s.Tap))}, Field{Name: afterMsgID, Text: s.Tap})
	case s.Press != "":
		var in Input
		if s.Input != nil {
			in = *s.Input
		}
		return p.pressed(account, openid, s.Press, in, base)
	case s.Scan != "":
		m, err := p.scanned(account, openid, s.Scan)
		return []unsent{m}, err
	case s.Follow:
		return event1("subscribe", ""), nil
	case s.Unfollow:
		return event1("unsubscribe", ""), nil
	case s.Location != nil:
		return one("location", Field{Name: "Location_X", Text: degrees(s.Location.Latitude)},
			Field{Name: "Location_Y", Text: degrees(s.Location.Longitude)},
			Field{Name: "Scale", Text: "15"}, Field{Name: "Label", Text: s.Location.Label})
	case s.Link != nil:
		return one("link", Field{Name: "Title", Text: s.Link.Title},
			Field{Name: "Description", Text: s.Link.Description}, Field{Name: "Url", Text: s.Link.URL})
	case s.Event != nil:
		return event1(s.Event.Event, s.Event.Key), nil
	}
	return p.filed(account, s, base)
}

// filed is a message that consists of a file.
func (p *Platform) filed(account string, s Step, base string) ([]unsent, error) {
	msgType, id, name, data := "image", s.Image, "photo.png", examplePicture
	switch {
	case s.Voice != "":
		msgType, id, name, data = "voice", s.Voice, "voice.amr", exampleVoice
	case s.Video != "":
		msgType, id, data = "video", s.Video, nil
	}
	if id == Example && data != nil {
		id = p.AddMedia(account, msgType, name, data())
	}
	if id == "" || id == Example {
		return nil, fmt.Errorf("%w: there is no example of a %s", ErrStep, msgType)
	}
	m := unsent{msgType, []Field{{Name: "MediaId", Text: id}}}
	switch msgType {
	case "image":
		m.fields = append([]Field{{Name: "PicUrl", Text: base + pathMedia + id}}, m.fields...)
	case "voice":
		m.fields = append(m.fields, Field{Name: "Format", Text: "amr"})
	default:
		m.fields = append(m.fields, Field{Name: "ThumbMediaId", Text: id})
	}
	return []unsent{m}, nil
}

// entryText is what an entry of the last msgmenu says, or its id when there is
// none.
func (p *Platform) entryText(account, openid, id string) string {
	for _, m := range slices.Backward(p.Chat(account, openid)) {
		var menu content
		if m.MsgType != "msgmenu" || json.Unmarshal(m.Content, &menu) != nil {
			continue
		}
		for _, entry := range menu.List {
			if entry.ID == id {
				return entry.Content
			}
		}
	}
	return id
}
