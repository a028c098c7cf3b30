package wechat

// GiftCardOrder is an order of gift cards (礼品卡).
type GiftCardOrder struct {
	// PageId is the page where the cards were bought.
	PageId string
	// OrderId is the order.
	OrderId string
}

// GiftCardPayDoneEvent is a user who bought gift cards.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardPayDoneEvent struct {
	Common
	GiftCardOrder
}

// Kind returns Kind("event.giftcard_pay_done").
func (GiftCardPayDoneEvent) Kind() Kind { return "event.giftcard_pay_done" }

// GiftCardSendToFriendEvent is a user who gives gift cards away.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardSendToFriendEvent struct {
	Common
	GiftCardOrder

	// IsChatRoom says whether they were given to a group.
	IsChatRoom bool
	// IsReturnBack says whether the gift came back because nobody took it.
	IsReturnBack bool
}

// Kind returns Kind("event.giftcard_send_to_friend").
func (GiftCardSendToFriendEvent) Kind() Kind { return "event.giftcard_send_to_friend" }

// GiftCardUserAcceptEvent is a user who takes a gift card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/gift_card.html
type GiftCardUserAcceptEvent struct {
	Common
	GiftCardOrder

	// IsChatRoom says whether it was given to a group.
	IsChatRoom bool
}

// Kind returns Kind("event.giftcard_user_accept").
func (GiftCardUserAcceptEvent) Kind() Kind { return "event.giftcard_user_accept" }

// MerchantOrderEvent is an order in the first kind of WeChat shop (微信小店),
// which is retired.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type MerchantOrderEvent struct {
	Common

	// OrderId is the order.
	OrderId string
	// OrderStatus is 2 for an order that is paid and waits to be sent.
	OrderStatus int64
	// ProductId is what was ordered.
	ProductId string
	// SkuInfo is which variety of it: id:value;id:value.
	SkuInfo string
}

// Kind returns Kind("event.merchant_order").
func (MerchantOrderEvent) Kind() Kind { return "event.merchant_order" }
