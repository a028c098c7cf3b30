package wechat

import "time"

// Common is what every view has. WeChat's own fields are absent from some
// pushes, and then empty here: third-party platforms get neither ToUserName
// nor FromUserName, some events have no FromUserName.
type Common struct {
	// Push is the message that this is a view of. Its Value finds every field
	// as it was sent, also one that the view has no place for.
	Push *Message `wechat:"-"`
	// Account is the account's name in the settings, such as "main".
	Account string `wechat:"-"`
	// ID is the key under which the push is stored once (ce-id). It is the same
	// when WeChat delivers the push again, so it serves as an idempotency key.
	ID string `wechat:"-"`
	// ToUserName is the original id of the account, gh_…
	ToUserName string `wechat:"-"`
	// FromUserName is the OpenID of the user. Results of sending and of reviews
	// come from a system account or an administrator.
	FromUserName string `wechat:"-"`
	// CreateTime is when WeChat made the push, to the second, in UTC. It is the
	// zero Time when absent.
	CreateTime time.Time `wechat:"-"`
	// UnionId is the same for one user in all accounts of one owner. Few pushes
	// have it, and only of accounts that are bound to an open platform; some
	// spell it UnionID.
	UnionId string `wechat:"UnionId|UnionID"`
}

// take copies what Decode has read already. Every view gets it by embedding
// Common.
func (c *Common) take(m *Message) {
	c.Push, c.Account, c.ID = m, m.Account, m.ID
	c.ToUserName, c.FromUserName = m.ToUserName, m.FromUserName
	c.CreateTime, _ = m.Time()
}

// Received is what messages of users have beside [Common]. Events have none of
// it.
type Received struct {
	Common

	// MsgId is the id of the message: a decimal number of up to 64 bits, and
	// from cloud functions a text with letters.
	MsgId string `wechat:"-"`
	// MsgDataId names the article below which the message was written. It is
	// empty for all other messages.
	MsgDataId string
	// Idx is the article's place in a post of several, from 1; 0 when the
	// message belongs to no article.
	Idx int64
	// BusinessId is the sub-merchant of a customer-service capability, 0 for
	// most accounts.
	BusinessId int64
}

func (r *Received) take(m *Message) {
	r.Common.take(m)
	r.MsgId = m.MsgId
}
