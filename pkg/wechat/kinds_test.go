package wechat_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kinds are all that WeChat's pages and public clients tell of, under the names
// that are sent. A name with a dot is a variant of a kind that others send too.
var kinds = []struct{ of, prefix, names string }{
	{"ordinary messages", "", `text image voice video shortvideo location link file miniprogrampage device_text device_event device_status hardware`},
	{"follow, scan, location, menu", "event.", `
		subscribe unsubscribe SCAN LOCATION CLICK VIEW view_miniprogram scancode_push scancode_waitmsg pic_sysphoto
		pic_photo_or_album pic_weixin location_select ENTER user_enter_tempsession debug_demo`},
	{"results of sending and publishing", "event.", `TEMPLATESENDJOBFINISH MASSSENDJOBFINISH PUBLISHJOBFINISH`},
	{"subscription notifications", "event.", `subscribe_msg_popup_event subscribe_msg_change_event subscribe_msg_sent_event`},
	{"customer-service sessions", "event.", `kf_create_session kf_close_session kf_switch_session`},
	{"account verification and compliance", "event.", `
		qualification_verify_success qualification_verify_fail naming_verify_success naming_verify_fail annual_renew
		verify_expired wx_verify_pay_succ wx_verify_dispatch wx_verify_refill wx_verify_fail user_info_modified
		user_authorization_revoke user_authorization_cancellation`},
	{"cards, invoices, shop windows", "event.", `
		card_pass_check card_not_pass_check card_merchant_check_result user_get_card user_gifting_card user_del_card
		user_consume_card user_pay_from_pay_cell user_view_card user_enter_session_from_card update_member_card
		card_sku_remind card_pay_order submit_membercard_user_info giftcard_pay_done giftcard_send_to_friend
		giftcard_user_accept merchant_order user_authorize_invoice update_invoice_status submit_invoice_title
		cloud_invoice_invoiceresult_event`},
	{"stores, Wi-Fi, beacons, product scan", "event.", `
		poi_check_notify apply_merchant_audit_info create_map_poi_audit_info add_store_audit_info modify_store_audit_info
		add_nearby_poi_audit_info nearby_category_audit_info WifiConnected ShakearoundUserShake ShakearoundLotteryBind
		user_scan_product user_scan_product_enter_session user_scan_product_async user_scan_product_verify_action`},
	{"shopping guide", "event.", `guide_qrcode_scan_event guide_invite_result_event add_guide_buyer_relation_event`},
	{"WeCom", "", `text.wecom image.wecom`},
	{"events of WeCom", "event.", `subscribe.wecom enter_agent LOCATION.wecom click.wecom view.wecom batch_job_result change_contact`},
	{"third-party platforms", "info.", `
		authorized unauthorized updateauthorized component_verify_ticket notify_apply_icpfiling_result
		notify_third_fastregisterbetaapp notify_third_fasteregister notify_third_fastverifybetaapp notify_3rd_wxa_auth
		notify_3rd_wxa_wxverify notify_icpfiling_verify_result order_path_apply_result_notify order_path_audit_result_notify
		wxa_nickname_audit`},
	{"mini programs: code and content review", "event.", `
		weapp_audit_delay weapp_audit_fail weapp_audit_success wxa_appeal_record wxa_category_audit wxa_nickname_audit
		wxa_privacy_apply wxa_illegal_record wxa_punish_event wxa_media_check wxa_comment_bad_score`},
	{"mini programs on trial", "event.", `betaapp_authorization_apply_event betaapp_verify_apply_event betaapp_verify_event`},
	{"express", "event.", `
		add_express_path add_single_waybill add_waybill cancel_single_waybill cancel_waybill check_biz get_quota
		notify_single_waybill_pay query_single_waybill query_single_waybill_fee remind_waybill update_business_bind_result
		waybill_complaint waybill_evaluate_agent waybill_query_expect_time_range`},
	{"immediate delivery", "event.", `
		cancel_auth_account get_auth_info get_pre_auth_code mock_update_order_status transport_add_order transport_add_tips
		transport_cancel_order transport_confirm_return_to_biz transport_get_agent_pos transport_precancel_order
		transport_precreate_order transport_query_order_status transport_readd_order transport_set_rider_score
		update_waybill_status`},
	{"orders and quotas", "event.", `
		trade_manage_order_settlement trade_manage_remind_access_api trade_manage_remind_shipping retail_refund_notify
		charge_service_quota_notify`},
	{"complaints", "event.", `complaint_callback`},
	{"virtual payment, games, plays, books, live", "event.", `
		xpay_coin_pay_notify xpay_goods_deliver_notify xpay_refund_notify minigame_coin_deliver_completed secvod_audit_event
		secvod_upload_event secbook_audit_event xpay_apple_subscribe_signing_result_notify
		xpay_subscribe_ios_refund_query_notify wxalive_follow_notify wxalive_push_message_notify`},
	{"custom trade component", "event.", `
		aftersale_complaint_update_order_state aftersale_merchant_confirm_receipt_overdue
		aftersale_merchant_handle_refund_overdue aftersale_merchant_handle_return_overdue aftersale_new_order
		aftersale_refund_success aftersale_update_order aftersale_user_apply_platform_judge_overdue aftersale_user_cancel
		aftersale_user_confirm_refund_certificate aftersale_user_modify_return_info aftersale_user_upload_return_info_overdue
		aftersale_wait_merchant_confirm_receipt aftersale_wait_merchant_offline_refund complaint_notify funds_order_pay
		funds_order_profitsharing funds_order_refund miniprogram_sharer_action miniprogram_sharer_bind_status_change
		open_product_account_register open_product_brand_audit open_product_category_audit open_product_order_analyze
		open_product_order_cancel open_product_order_confirm open_product_order_pay open_product_order_refund
		open_product_order_settle open_product_receive_coupon open_product_spu_audit open_product_spu_status_update
		open_product_scene_group_audit withdraw_notify`},
	{"shops, suppliers, alliance", "event.", `
		cooperation_shop_order dropship_order_cancel dropship_order_new dropship_order_update channels_ec_aftersale_update
		channels_ec_brand channels_ec_complaint_update channels_ec_coupon_receive channels_ec_guarantee_update
		head_supplier_item_update channels_ec_order_cancel channels_ec_order_confirm channels_ec_order_deliver
		channels_ec_order_ext_info_update channels_ec_order_new channels_ec_order_pay channels_ec_order_settle
		channels_ec_present_aftersale_update product_category_audit product_order_status_update product_spu_audit
		product_spu_listing product_spu_update channels_ec_sharer_change channels_ec_stock_no_enough
		channels_ec_vip_user_auto_add channels_ec_vip_user_info_get ewaybill_push_path api_diff channels_ec_change_status
		channels_ec_close_store set_shop_nickname set_shop_headimg channels_ec_order_wait_shipping channels_ec_coupon_create
		channels_ec_coupon_delete channels_ec_coupon_expire channels_ec_coupon_info_change channels_ec_coupon_invalid
		channels_ec_user_coupon_expire channels_ec_user_coupon_use channels_ec_user_coupon_unuse channels_ec_voucher_send_succ
		channels_ec_acct_notify channels_ec_withdraw_notify qrcode_status channels_ec_vip_join channels_ec_vip_close
		channels_ec_vip_grade_info_update channels_ec_vip_score_update channels_ec_vip_score_exchange
		channels_ec_order_use_vip_discount related_shop_order_submission promoter_bind_result ec_supplier_invite_relation`},
}

func TestEveryKindHasAGoldenPush(t *testing.T) {
	stems := stems(t)
	for _, name := range listed() {
		if !slices.ContainsFunc(stems, func(stem string) bool { return named(stem, name) }) {
			t.Errorf("testdata has no push %s.xml or %s.json", name, name)
		}
	}
}

func TestEveryGoldenPushIsOfAListedKind(t *testing.T) {
	names := listed()
	for _, stem := range stems(t) {
		if !slices.ContainsFunc(names, func(name string) bool { return named(stem, name) }) {
			t.Errorf("testdata has %s, a kind that the list does not name", stem)
		}
	}
}

// listed returns the names of all groups as files have them.
func listed() []string {
	var names []string
	for _, group := range kinds {
		for sent := range strings.FieldsSeq(group.names) {
			names = append(names, group.prefix+strings.ToLower(sent))
		}
	}
	return names
}

// stems returns the names of the pushes in testdata, without their endings.
func stems(t *testing.T) []string {
	t.Helper()
	files := pushes(t)
	for i, file := range files {
		files[i] = filepath.Base(stem(file))
	}
	return files
}

// named reports whether a file stands for a name: text.xml and text.menu.xml
// do for text.
func named(stem, name string) bool { return stem == name || strings.HasPrefix(stem, name+".") }
