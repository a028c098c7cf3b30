package wechat

import "time"

// Allowance is what may still be sent to a user by the customer-service API:
// five messages within 48 hours of the user's last message, three within one
// minute of a follow, a scan or a tap on the menu.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html
type Allowance struct {
	// Known is false when nothing is known of the user. WeChat may take a
	// message all the same, for a payment for instance.
	Known bool `json:"known"`
	// Remaining is how many messages WeChat takes at least; 0 when nothing is
	// known.
	Remaining int `json:"remaining"`
	// ExpiresAt is until when it takes them; zero when it takes none.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}
