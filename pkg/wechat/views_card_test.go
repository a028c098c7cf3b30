package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

func cardViews() []golden {
	card := wechat.UserCard{CardId: goldenCard, UserCardCode: "226009850808"}
	return []golden{
		seenAs("event.card_pass_check", wechat.CardPassCheckEvent{Common: bySystem(1720000150), CardId: goldenCard}),
		seenAs("event.card_not_pass_check", wechat.CardNotPassCheckEvent{
			Common: bySystem(1720000151), CardId: goldenCard, RefuseReason: "非法代制",
		}),
		seenAs("event.card_merchant_check_result", wechat.CardMerchantCheckResultEvent{
			Common: bySystem(1720000152), MerchantId: "1000", IsPass: true, Reason: "资料齐全",
		}),
		seenAs("event.user_get_card", wechat.UserGetCardEvent{
			Common:         withUnion(sent(1720000153)),
			UserCard:       wechat.UserCard{CardId: goldenCard, UserCardCode: "00226009850808"},
			IsGiveByFriend: true, FriendUserName: "oFrIeNd0000000000000000000001", OldUserCardCode: "00226009850807",
			OuterId: 7, OuterStr: "12b", IsRestoreMemberCard: true, IsRecommendByFriend: true,
		}),
		seenAs("event.user_get_card.plain", wechat.UserGetCardEvent{Common: sent(1720000154), UserCard: card}),
		seenAs("event.user_gifting_card", wechat.UserGiftingCardEvent{
			Common: sent(1720000155), UserCard: card, FriendUserName: "oFrIeNd0000000000000000000001", IsChatRoom: true,
		}),
		seenAs("event.user_del_card", wechat.UserDelCardEvent{Common: sent(1720000156), UserCard: card}),
		seenAs("event.user_consume_card", wechat.UserConsumeCardEvent{
			Common: sent(1720000157), UserCard: card, ConsumeSource: "FROM_MOBILE_HELPER",
			LocationName: "人民广场店", LocationId: 9007199254740993, StaffOpenId: "oStAfF00000000000000000000001",
			VerifyCode: "8051", RemarkAmount: "12.50", OuterId: 7, OuterStr: "xxxxx",
		}),
		seenAs("event.user_pay_from_pay_cell", wechat.UserPayFromPayCellEvent{
			Common: sent(1720000158), UserCard: card, TransId: "10022403432015000000000",
			LocationId: 291710000, LocationName: "人民广场店", Fee: 9900, OriginalFee: 10000,
		}),
		seenAs("event.user_view_card", wechat.UserViewCardEvent{
			Common: sent(1720000159), UserCard: card, OuterId: 3, OuterStr: "12b",
		}),
		seenAs("event.user_enter_session_from_card", wechat.UserEnterSessionFromCardEvent{
			Common: sent(1720000160), UserCard: card,
		}),
		seenAs("event.update_member_card", wechat.UpdateMemberCardEvent{
			Common: sent(1720000161), UserCard: card, ModifyBonus: 3, ModifyBalance: -250,
		}),
		seenAs("event.update_member_card.blank", wechat.UpdateMemberCardEvent{Common: sent(1720000162), UserCard: card}),
		seenAs("event.card_sku_remind", wechat.CardSkuRemindEvent{
			Common: bySystem(1720000163), CardId: goldenCard, Detail: "the card's quantity is equal to 0",
		}),
		seenAs("event.card_pay_order", wechat.CardPayOrderEvent{
			Common: bySystem(1720000164), OrderId: "404091456", Status: "ORDER_STATUS_FINANCE_SUCC",
			CreateOrderTime: at(1720000100), PayFinishTime: at(1720000101), Desc: "充值",
			FreeCoinCount: 200, PayCoinCount: -5, RefundFreeCoinCount: 1, RefundPayCoinCount: 2,
			OrderType: "ORDER_TYPE_SYS_ADD", Memo: "开通账户奖励", ReceiptInfo: "无需发票",
		}),
		seenAs("event.submit_membercard_user_info", wechat.SubmitMemberCardUserInfoEvent{
			Common: sent(1720000165), UserCard: wechat.UserCard{CardId: goldenCard, UserCardCode: "018255396048"},
		}),
	}
}

// invoiceViews are those of gift cards, invoices and the retired shop.
func invoiceViews() []golden {
	gift := wechat.GiftCardOrder{PageId: "OrKBF8MQyTUA7hrRCzAtqTtBkBLP2w==", OrderId: "Z2y2rY74ksZX1ceuGA"}
	return []golden{
		seenAs("event.giftcard_pay_done", wechat.GiftCardPayDoneEvent{Common: sent(1720000166), GiftCardOrder: gift}),
		seenAs("event.giftcard_send_to_friend", wechat.GiftCardSendToFriendEvent{
			Common: sent(1720000167), GiftCardOrder: gift, IsChatRoom: true, IsReturnBack: true,
		}),
		seenAs("event.giftcard_user_accept", wechat.GiftCardUserAcceptEvent{
			Common: sent(1720000168), GiftCardOrder: gift, IsChatRoom: true,
		}),
		seenAs("event.merchant_order", wechat.MerchantOrderEvent{
			Common: sent(1720000169), OrderId: "7197417460812533543", OrderStatus: 2,
			ProductId: "pDF3iYx7KDQVGzB7kDg6Tge5OKFo", SkuInfo: "10001:1000012;10002:100021",
		}),
		seenAs("event.user_authorize_invoice", wechat.UserAuthorizeInvoiceEvent{
			Common: sent(1720000170), SuccOrderId: "202407030002", AuthorizeAppId: goldenApp, Source: "web",
		}),
		seenAs("event.user_authorize_invoice.giftcard", wechat.UserAuthorizeInvoiceEvent{
			Common: sent(1720000171), FailOrderId: "202407030003", AuthorizeAppId: "wxfedcba9876543210", Source: "app",
		}),
		seenAs("event.update_invoice_status", wechat.UpdateInvoiceStatusEvent{
			Common: sent(1720000172), Status: "INVOICE_REIMBURSE_LOCK", CardId: goldenCard, Code: "186921658591",
		}),
		seenAs("event.submit_invoice_title", wechat.SubmitInvoiceTitleEvent{
			Common: sent(1720000173), Title: "示例公司", TaxNo: "91440101000000000X", Addr: "广州市海珠区",
			Phone: "020-00000000", BankType: "示例银行", BankNo: "0111111111", Attach: "order=1",
			TitleType: "InvoiceUserTitleBusinessType",
		}),
		seenAs("event.cloud_invoice_invoiceresult_event", wechat.CloudInvoiceResultEvent{
			Common: sent(1720000174), Fpqqlsh: "1234567890", Status: 1, Nsrsbh: "91440101000000000X",
		}),
	}
}
