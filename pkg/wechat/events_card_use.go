package wechat

import "time"

// UserConsumeCardEvent is a card that is redeemed.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserConsumeCardEvent struct {
	Common
	UserCard

	// ConsumeSource is how: FROM_API, FROM_MP (the console) or
	// FROM_MOBILE_HELPER (the cashier's phone).
	ConsumeSource string
	// LocationName is the shop; empty when none is known.
	LocationName string
	// LocationId is the shop's id; 0 when none is known.
	LocationId int64
	// StaffOpenId is the cashier, when his phone did it; else empty.
	StaffOpenId string
	// VerifyCode is the code of a user who redeemed it himself; else empty.
	VerifyCode string
	// RemarkAmount is the sum that was noted, as it was written; may be empty.
	RemarkAmount string
	// OuterId is the scene that the card was offered in, as a number; 0 when
	// empty. OuterStr has taken its place.
	OuterId int64
	// OuterStr is the scene that the card was offered in.
	OuterStr string
}

// Kind returns Kind("event.user_consume_card").
func (UserConsumeCardEvent) Kind() Kind { return "event.user_consume_card" }

// UserPayFromPayCellEvent is a user who pays from a card (买单).
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserPayFromPayCellEvent struct {
	Common
	UserCard

	// TransId is the transaction of WeChat Pay.
	TransId string
	// LocationId is the shop's id; 0 when none is known.
	LocationId int64
	// LocationName is the shop; empty when none is known.
	LocationName string
	// Fee is what was paid, in cents (分).
	Fee int64
	// OriginalFee is what it had cost without the card, in cents (分).
	OriginalFee int64
}

// Kind returns Kind("event.user_pay_from_pay_cell").
func (UserPayFromPayCellEvent) Kind() Kind { return "event.user_pay_from_pay_cell" }

// UserViewCardEvent is a user who opens his member card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserViewCardEvent struct {
	Common
	UserCard

	// OuterId is the scene that the card was offered in, as a number; 0 when
	// empty. OuterStr has taken its place.
	OuterId int64
	// OuterStr is the scene that the card was offered in.
	OuterStr string
}

// Kind returns Kind("event.user_view_card").
func (UserViewCardEvent) Kind() Kind { return "event.user_view_card" }

// UserEnterSessionFromCardEvent is a user who comes to the chat from a card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserEnterSessionFromCardEvent struct {
	Common
	UserCard
}

// Kind returns Kind("event.user_enter_session_from_card").
func (UserEnterSessionFromCardEvent) Kind() Kind { return "event.user_enter_session_from_card" }

// UpdateMemberCardEvent is a change of a member's points or balance.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UpdateMemberCardEvent struct {
	Common
	UserCard

	// ModifyBonus is the change in points, negative when they are spent; 0 when
	// empty.
	ModifyBonus int64
	// ModifyBalance is the change in the balance, likewise.
	ModifyBalance int64
}

// Kind returns Kind("event.update_member_card").
func (UpdateMemberCardEvent) Kind() Kind { return "event.update_member_card" }

// SubmitMemberCardUserInfoEvent is a member who activates his card with the
// form that WeChat shows.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type SubmitMemberCardUserInfoEvent struct {
	Common
	UserCard
}

// Kind returns Kind("event.submit_membercard_user_info").
func (SubmitMemberCardUserInfoEvent) Kind() Kind { return "event.submit_membercard_user_info" }

// CardPayOrderEvent is a movement of the coins (券点) that pay for cards.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardPayOrderEvent struct {
	Common

	// OrderId is the order.
	OrderId string
	// Status is how it stands, such as ORDER_STATUS_FINANCE_SUCC.
	Status string
	// CreateOrderTime is when it was made.
	CreateOrderTime time.Time
	// PayFinishTime is when it was paid.
	PayFinishTime time.Time
	// Desc is how it was paid, in words; may be empty.
	Desc string
	// FreeCoinCount is the number of free coins, PayCoinCount that of paid ones.
	// They are negative where coins are spent, and 0 when empty.
	FreeCoinCount, PayCoinCount int64
	// RefundFreeCoinCount and RefundPayCoinCount are how many came back.
	RefundFreeCoinCount, RefundPayCoinCount int64
	// OrderType is why coins moved, such as ORDER_TYPE_WXPAY.
	OrderType string
	// Memo is a remark, may be empty.
	Memo string
	// ReceiptInfo is about the invoice, may be empty.
	ReceiptInfo string
}

// Kind returns Kind("event.card_pay_order").
func (CardPayOrderEvent) Kind() Kind { return "event.card_pay_order" }
