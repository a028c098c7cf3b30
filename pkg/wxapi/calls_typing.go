package wxapi

import "context"

// Typing shows a user that the account is typing (对方正在输入). WeChat does not
// say how long; it ends with the next message or with [Client.CancelTyping].
// It costs nothing of what may be answered to a message.
//
// WeChat refuses it with 45080 when user and account have exchanged nothing in
// the last 30 seconds and with 45081 while it is shown already, which harm
// nobody; 40200 says that the account may not do it.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
func (c *Client) Typing(ctx context.Context, openID string) error {
	return c.typing(ctx, openID, "Typing")
}

// CancelTyping ends what [Client.Typing] has begun.
func (c *Client) CancelTyping(ctx context.Context, openID string) error {
	return c.typing(ctx, openID, "CancelTyping")
}

func (c *Client) typing(ctx context.Context, openID, command string) error {
	body := map[string]string{"touser": openID, "command": command}
	return c.post(ctx, "/cgi-bin/message/custom/typing", nil, body, nil)
}
