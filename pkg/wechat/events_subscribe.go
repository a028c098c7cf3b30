package wechat

// SubscribeMsgPopupEvent is a user's answer to the window that asks for
// subscription notifications (订阅通知), for each template in it.
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgPopupEvent struct {
	Common

	// List has an entry for each template. Mini programs leave the container out,
	// and the list, too, when there is one entry.
	List []SubscribeMsgPopup `wechat:"SubscribeMsgPopupEvent>List|List"`
}

// Kind returns Kind("event.subscribe_msg_popup_event").
func (SubscribeMsgPopupEvent) Kind() Kind { return "event.subscribe_msg_popup_event" }

// SubscribeMsgPopup is the answer for one template.
type SubscribeMsgPopup struct {
	// TemplateId is the template.
	TemplateId string
	// SubscribeStatusString is accept or reject.
	SubscribeStatusString string
	// PopupScene is where the window was shown: 1 a page, 2 an article, 0 a mini
	// program.
	PopupScene int64
}

// SubscribeMsgChangeEvent is a user who changed his mind about subscription
// notifications in the account's settings.
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgChangeEvent struct {
	Common

	// List has an entry for each template.
	List []SubscribeMsgChange `wechat:"SubscribeMsgChangeEvent>List|List"`
}

// Kind returns Kind("event.subscribe_msg_change_event").
func (SubscribeMsgChangeEvent) Kind() Kind { return "event.subscribe_msg_change_event" }

// SubscribeMsgChange is the change for one template.
type SubscribeMsgChange struct {
	// TemplateId is the template.
	TemplateId string
	// SubscribeStatusString is reject: WeChat does not tell of the opposite.
	SubscribeStatusString string
}

// SubscribeMsgSentEvent says whether subscription notifications arrived.
//
// https://developers.weixin.qq.com/doc/service/guide/product/subscription_messages/push.html
type SubscribeMsgSentEvent struct {
	Common

	// List has an entry for each notification.
	List []SubscribeMsgSent `wechat:"SubscribeMsgSentEvent>List|List"`
}

// Kind returns Kind("event.subscribe_msg_sent_event").
func (SubscribeMsgSentEvent) Kind() Kind { return "event.subscribe_msg_sent_event" }

// SubscribeMsgSent is the result for one notification.
type SubscribeMsgSent struct {
	// TemplateId is the template.
	TemplateId string
	// MsgID is the id that sending returned.
	MsgID int64
	// ErrorCode is 0 when the notification arrived.
	ErrorCode int64
	// ErrorStatus is success, or why it did not arrive.
	ErrorStatus string
}
