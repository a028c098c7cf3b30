package wxapi

import "context"

// Template is a template message (模板消息).
type Template struct {
	ToUser     string `json:"touser"`
	TemplateID string `json:"template_id"`
	// URL is opened by a tap, unless there is a MiniProgram that the user's
	// client can open.
	URL         string       `json:"url,omitempty"`
	MiniProgram *MiniProgram `json:"miniprogram,omitempty"`
	// ClientMsgID makes a message that is sent twice within 10 minutes arrive
	// once: WeChat refuses the second one.
	ClientMsgID string                   `json:"client_msg_id,omitempty"`
	Data        map[string]TemplateValue `json:"data"` // by the template's keywords, such as thing1
}

// MiniProgram is what a tap on a message opens. It must be linked to the
// account.
type MiniProgram struct {
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath,omitempty"`
}

// TemplateValue is the value of a keyword.
type TemplateValue struct {
	Value string `json:"value"`
	Color string `json:"color,omitempty"` // #RRGGBB; newer clients do not show it
}

// SendTemplate sends a template message, which needs no message from the user
// before. The id returned is MsgID of the event TEMPLATESENDJOBFINISH, which
// tells whether the message has arrived. Verified service accounts only (48001).
//
// Errors: 40003 and 43004 not a follower, 40037 template_id, 43019 black list,
// 45009 daily quota, 47003 a value breaks the rule of its keyword.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
func (c *Client) SendTemplate(ctx context.Context, t Template) (msgID string, err error) {
	return c.sendTemplate(ctx, "/cgi-bin/message/template/send", t)
}

func (c *Client) sendTemplate(ctx context.Context, path string, body any) (string, error) {
	var answer struct {
		ID ID `json:"msgid"`
	}
	err := c.post(ctx, path, nil, body, &answer)
	return string(answer.ID), err
}

// Subscription is a subscription notification (订阅通知).
type Subscription struct {
	ToUser      string       `json:"touser"`
	TemplateID  string       `json:"template_id"`
	Page        string       `json:"page,omitempty"` // URL that a tap opens
	MiniProgram *MiniProgram `json:"miniprogram,omitempty"`
	// Data has a value for each keyword. WeChat checks it by the keyword's
	// kind: thing up to 20 characters, number up to 32 digits, letter and
	// character_string up to 32, symbol up to 5, phrase up to 5 Chinese ones,
	// name up to 10 Chinese or 20 Latin ones, amount up to 10 digits,
	// phone_number up to 17, car_number up to 8; time and date.
	Data map[string]TemplateValue `json:"data"`
}

// SendSubscription sends a notification to a user who has subscribed to it. The
// event subscribe_msg_sent_event tells whether it has arrived; the id is empty
// when WeChat answers none.
//
// Errors: 40003 OpenID, 40037 template_id, 43101 the user refuses or has no
// subscription left, 43107 banned, 43108 several at once to the user, 45168
// a word on the black list, 47003 a value breaks the rule of its keyword.
//
// https://developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html
func (c *Client) SendSubscription(ctx context.Context, s Subscription) (msgID string, err error) {
	return c.sendTemplate(ctx, "/cgi-bin/message/subscribe/bizsend", s)
}

// OnceSubscription is the one message that a user has allowed on a page
// (一次性订阅消息).
type OnceSubscription struct {
	ToUser      string
	TemplateID  string
	URL         string       // opened by a tap; may be empty
	MiniProgram *MiniProgram // may be nil
	Scene       int          // 0 to 10000, as it was given when the user was asked
	Title       string       // up to 15 characters
	Content     TemplateValue
}

// SendOnce sends it. The user need not follow the account. 43101: he has not
// allowed it, or it was sent before.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/One-time_subscription_info.html
func (c *Client) SendOnce(ctx context.Context, s OnceSubscription) error {
	body := struct {
		ToUser      string                   `json:"touser"`
		TemplateID  string                   `json:"template_id"`
		URL         string                   `json:"url,omitempty"`
		MiniProgram *MiniProgram             `json:"miniprogram,omitempty"`
		Scene       int                      `json:"scene"`
		Title       string                   `json:"title"`
		Data        map[string]TemplateValue `json:"data"`
	}{s.ToUser, s.TemplateID, s.URL, s.MiniProgram, s.Scene, s.Title, map[string]TemplateValue{"content": s.Content}}
	return c.post(ctx, "/cgi-bin/message/template/subscribe", nil, body, nil)
}
