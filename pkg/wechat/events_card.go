package wechat

// UserCard is one user's copy of a card (卡券).
type UserCard struct {
	// CardId is the card: the same for all users.
	CardId string
	// UserCardCode is the user's copy: up to 20 characters, all digits perhaps,
	// but a text, with leading zeros.
	UserCardCode string
}

// CardPassCheckEvent says that a new card passed review.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardPassCheckEvent struct {
	Common

	// CardId is the card.
	CardId string
	// RefuseReason stands in WeChat's example of both verdicts; it is empty here.
	RefuseReason string
}

// Kind returns Kind("event.card_pass_check").
func (CardPassCheckEvent) Kind() Kind { return "event.card_pass_check" }

// CardNotPassCheckEvent says that review refused a new card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardNotPassCheckEvent struct {
	Common

	// CardId is the card.
	CardId string
	// RefuseReason is why, in words.
	RefuseReason string
}

// Kind returns Kind("event.card_not_pass_check").
func (CardNotPassCheckEvent) Kind() Kind { return "event.card_not_pass_check" }

// CardMerchantCheckResultEvent is the review of a sub-merchant.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardMerchantCheckResultEvent struct {
	Common

	// MerchantId is the sub-merchant.
	MerchantId string
	// IsPass says whether it passed.
	IsPass bool
	// Reason is why it did not, in words; else empty.
	Reason string
	// CardId is a card; WeChat's example has none.
	CardId string
}

// Kind returns Kind("event.card_merchant_check_result").
func (CardMerchantCheckResultEvent) Kind() Kind { return "event.card_merchant_check_result" }

// UserGetCardEvent is a user who takes a card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserGetCardEvent struct {
	Common
	UserCard

	// IsGiveByFriend says whether a friend gave it.
	IsGiveByFriend bool
	// FriendUserName is that friend's OpenID; else empty.
	FriendUserName string
	// OldUserCardCode is what the code was with that friend; else empty.
	OldUserCardCode string
	// OuterId is the scene that the card was offered in, as a number; 0 when
	// empty. OuterStr has taken its place.
	OuterId int64
	// OuterStr is the scene that the card was offered in.
	OuterStr string
	// IsRestoreMemberCard says whether a member took his card back that he had
	// deleted.
	IsRestoreMemberCard bool
	// IsRecommendByFriend says whether a friend recommended it.
	IsRecommendByFriend bool
}

// Kind returns Kind("event.user_get_card").
func (UserGetCardEvent) Kind() Kind { return "event.user_get_card" }

// UserGiftingCardEvent is a user who gives a card away.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserGiftingCardEvent struct {
	Common
	UserCard

	// FriendUserName is the OpenID of the friend who takes it.
	FriendUserName string
	// IsReturnBack says whether the gift came back because nobody took it.
	IsReturnBack bool
	// IsChatRoom says whether it was given to a group.
	IsChatRoom bool
}

// Kind returns Kind("event.user_gifting_card").
func (UserGiftingCardEvent) Kind() Kind { return "event.user_gifting_card" }

// UserDelCardEvent is a user who deletes a card.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type UserDelCardEvent struct {
	Common
	UserCard
}

// Kind returns Kind("event.user_del_card").
func (UserDelCardEvent) Kind() Kind { return "event.user_del_card" }

// CardSkuRemindEvent warns that few copies of a card are left: 100 or less of
// more than 200. It comes again every 12 hours at most.
//
// https://developers.weixin.qq.com/doc/offiaccount/Cards_and_Offer/Coupons_Vouchers_and_Cards_Event_Push_Messages.html
type CardSkuRemindEvent struct {
	Common

	// CardId is the card.
	CardId string
	// Detail is the warning in words.
	Detail string
}

// Kind returns Kind("event.card_sku_remind").
func (CardSkuRemindEvent) Kind() Kind { return "event.card_sku_remind" }
