package wxapi

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// Scene is what a QR code stands for: the events subscribe and SCAN of whoever
// scans it bring it back as EventKey. It has an ID or a Text.
type Scene struct {
	ID   uint32 // not 0; of a permanent code up to 100,000
	Text string // 1 to 64 characters

	// Lasts is how long the code works, in seconds up to 30 days. 0 makes a
	// permanent one, of which an account may have 100,000.
	Lasts time.Duration
}

// QRCode is a code that was created.
type QRCode struct {
	Ticket string `json:"ticket"`
	URL    string `json:"url"` // what the code says, to draw it oneself
	Lasts  time.Duration
}

// ShowURL is the address of the picture (JPG), for everybody to fetch: it needs
// no token.
func (q QRCode) ShowURL() string {
	return "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=" + url.QueryEscape(q.Ticket)
}

// sceneLongest is how long a code that is not permanent may work.
const sceneLongest = 30 * 24 * time.Hour

// CreateQRCode makes a code for a scene. One that is out of bounds is refused
// before the call, for [CodeOf] with 40035, since WeChat is known to make
// another scene of such a number.
//
// https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode
func (c *Client) CreateQRCode(ctx context.Context, s Scene) (QRCode, error) {
	const path = "/cgi-bin/qrcode/create"
	if fault := s.fault(); fault != "" {
		return QRCode{}, fmt.Errorf("no call made: %w", &Error{Op: path, Code: 40035, Msg: fault})
	}
	var answer struct {
		QRCode

		Seconds int64 `json:"expire_seconds"`
	}
	if err := c.post(ctx, path, nil, s.body(), &answer); err != nil {
		return QRCode{}, err
	}
	answer.Lasts = time.Duration(answer.Seconds) * time.Second
	return answer.QRCode, nil
}

func (s Scene) fault() string {
	const permanentMost, textMost = 100_000, 64
	switch length := len([]rune(s.Text)); {
	case s.ID == 0 && length == 0:
		return "the scene has neither ID nor Text"
	case s.ID != 0 && length > 0:
		return "the scene has both ID and Text"
	case length > textMost:
		return "Text of the scene has more than 64 characters"
	case s.Lasts == 0 && s.ID > permanentMost:
		return "ID of the permanent scene exceeds 100,000"
	case s.Lasts != 0 && s.Lasts < time.Second, s.Lasts > sceneLongest:
		return "Lasts of the scene is not between one second and 30 days"
	}
	return ""
}

// body writes the scene as WeChat takes it.
func (s Scene) body() map[string]any {
	name, scene := "SCENE", map[string]any{"scene_id": s.ID}
	if s.Text != "" {
		name, scene = "STR_SCENE", map[string]any{"scene_str": s.Text}
	}
	body := map[string]any{"action_info": map[string]any{"scene": scene}}
	if s.Lasts == 0 {
		body["action_name"] = "QR_LIMIT_" + name
		return body
	}
	body["action_name"] = "QR_" + name
	body["expire_seconds"] = int64(s.Lasts / time.Second)
	return body
}
