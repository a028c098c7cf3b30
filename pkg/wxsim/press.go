package wxsim

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // WeChat's PicMd5Sum is one
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// ErrButton says that a menu has no button of a name.
var ErrButton = errors.New("the menu has no such button")

// Input is what a button asks its user for; each kind of button looks at its
// own. What is left empty gets an example.
type Input struct {
	Scan    string `json:"scan,omitempty"  yaml:"scan,omitempty"`  // what the scanned code says
	MediaID string `json:"image,omitempty" yaml:"image,omitempty"` // the picture; see [Platform.AddMedia]
	Place   `yaml:",inline"`
}

// Place is a location as a user sends it.
type Place struct {
	Latitude  float64 `json:"latitude"  yaml:"latitude"`
	Longitude float64 `json:"longitude" yaml:"longitude"`
	Label     string  `json:"label"     yaml:"label,omitempty"`
}

// Press lets a user tap on a button of the account's menu, by its name, and
// delivers what WeChat makes of it: the event, and behind it the picture or
// location that he sends with it. A button that shows material sends nothing.
// The error is [ErrAccount], [ErrButton], or that of the push that failed.
func (p *Platform) Press(ctx context.Context, account, openid, button string, in Input) ([]Push, error) {
	messages, err := p.pressed(account, openid, button, in, p.options.URL)
	if err != nil {
		return nil, err
	}
	var pushes []Push
	for _, m := range messages {
		push, err := p.Send(ctx, account, openid, m.msgType, m.fields...)
		pushes = append(pushes, push)
		if err != nil {
			return pushes, err
		}
	}
	return pushes, nil
}

// unsent is a message before it gets its common fields.
type unsent struct {
	msgType string
	fields  []Field
}

// pressed returns what a tap sends, in order. base is where files are had.
func (p *Platform) pressed(account, openid, name string, in Input, base string) ([]unsent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return nil, err
	}
	b := a.button(name)
	if b == nil {
		return nil, fmt.Errorf("%w: %q", ErrButton, name)
	}
	switch b.Type {
	case "view":
		return event1("VIEW", b.URL, Field{Name: "MenuId", Text: menuID}), nil
	case "miniprogram":
		return event1("view_miniprogram", b.PagePath, Field{Name: "MenuId", Text: menuID}), nil
	case "scancode_push", "scancode_waitmsg":
		return event1(b.Type, b.Key, Field{Name: "ScanCodeInfo", Fields: []Field{
			{Name: "ScanType", Text: "qrcode"}, {Name: "ScanResult", Text: cmp.Or(in.Scan, "https://example.com/")},
		}}), nil
	case "pic_sysphoto", "pic_photo_or_album", "pic_weixin":
		return a.pictured(b, in.MediaID, base, p), nil
	case "location_select":
		return located(b, in.Place), nil
	case "media_id", "view_limited", "article_id", "article_view_limited":
		p.showMaterial(a, openid, b)
		return nil, nil
	}
	return event1("CLICK", b.Key), nil
}

// menuID is that of the only menu that an account has here.
const menuID = "410418124"

func event1(name, key string, more ...Field) []unsent {
	return []unsent{{"event", append([]Field{{Name: "Event", Text: name}, {Name: "EventKey", Text: key}}, more...)}}
}

// button returns a button that can be tapped on, by its name.
func (a *account) button(name string) *button {
	for _, b := range a.menu {
		if len(b.Sub) == 0 && b.Name == name {
			return b
		}
		for _, sub := range b.Sub {
			if sub.Name == name {
				return sub
			}
		}
	}
	return nil
}

// pictured is a picture that was taken for a button: its event, then itself.
func (a *account) pictured(b *button, mediaID, base string, p *Platform) []unsent {
	var data []byte
	if m, known := a.media.find(mediaID, p.options.Now()); known {
		data = m.Data
	} else if m, errcode := a.media.add("image", "photo.png", examplePicture(), p.options.Now()); errcode == errOK {
		mediaID, data = m.ID, m.Data
	}
	sum := md5.Sum(data) //nolint:gosec // as above
	return append(
		event1(b.Type, b.Key, Field{Name: "SendPicsInfo", Fields: []Field{
			{Name: "Count", Text: "1"},
			{Name: "PicList", Fields: []Field{{Name: "item", Fields: []Field{{Name: "PicMd5Sum", Text: hex.EncodeToString(sum[:])}}}}},
		}}),
		unsent{"image", []Field{{Name: "PicUrl", Text: base + pathMedia + mediaID}, {Name: "MediaId", Text: mediaID}}},
	)
}

// located is a place that was chosen for a button: its event, then itself.
func located(b *button, place Place) []unsent {
	if place == (Place{}) {
		place = Place{23.129163, 113.264435, "广州市越秀区府前路1号"}
	}
	x, y := degrees(place.Latitude), degrees(place.Longitude)
	return append(
		event1(b.Type, b.Key, Field{Name: "SendLocationInfo", Fields: []Field{
			{Name: "Location_X", Text: x},
			{Name: "Location_Y", Text: y},
			{Name: "Scale", Text: "15"},
			{Name: "Label", Text: " " + place.Label},
			{Name: "Poiname"},
		}}),
		unsent{"location", []Field{
			{Name: "Location_X", Text: x}, {Name: "Location_Y", Text: y}, {Name: "Scale", Text: "15"}, {Name: "Label", Text: place.Label},
		}},
	)
}

func degrees(n float64) string { return strconv.FormatFloat(n, 'f', 6, 64) }

// showMaterial is a button whose material the phone shows by itself: the server
// hears nothing of it.
func (p *Platform) showMaterial(a *account, openid string, b *button) {
	msgType, content := "mpnewsarticle", map[string]string{"article_id": b.ArticleID}
	if b.MediaID != "" {
		msgType, content = "mpnews", map[string]string{"media_id": b.MediaID}
		if m, known := a.media.find(b.MediaID, p.options.Now()); known {
			msgType = m.Type
		}
	}
	object, _ := json.Marshal(content) // strings
	p.say(a, p.meet(a, openid), Message{From: FromAccount, MsgType: msgType, Content: object})
}
