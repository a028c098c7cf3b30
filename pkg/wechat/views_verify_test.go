package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

// verifyViews are those of verification and of users' rights to their data.
func verifyViews() []golden {
	user := wechat.Subject{OpenID: goldenUser, AppID: goldenApp}
	appUser := wechat.Subject{OpenID: goldenUser, AppID: "wxfedcba9876543210"}
	return []golden{
		seenAs("event.qualification_verify_success", wechat.QualificationVerifySuccessEvent{
			Common: bySystem(1720000134), ExpiredTime: at(1751536134),
		}),
		seenAs("event.qualification_verify_fail", wechat.QualificationVerifyFailEvent{
			Common: bySystem(1720000135), FailTime: at(1720000100), FailReason: "by time",
		}),
		seenAs("event.naming_verify_success", wechat.NamingVerifySuccessEvent{
			Common: bySystem(1720000136), ExpiredTime: at(1751536136),
		}),
		seenAs("event.naming_verify_fail", wechat.NamingVerifyFailEvent{
			Common: bySystem(1720000137), FailTime: at(1720000101), FailReason: "名称已被占用",
		}),
		seenAs("event.annual_renew", wechat.AnnualRenewEvent{
			Common: bySystem(1720000138), ExpiredTime: at(1722592138),
		}),
		seenAs("event.verify_expired", wechat.VerifyExpiredEvent{
			Common: bySystem(1720000139), ExpiredTime: at(1720000000),
		}),
		seenAs("event.wx_verify_pay_succ", wechat.WxVerifyPaySuccEvent{
			Common: bySystem(1720000140), OrderId: "202407030001",
		}),
		seenAs("event.wx_verify_dispatch", wechat.WxVerifyDispatchEvent{
			Common: bySystem(1720000141), Provider: "示例审核公司", Contact: "020-00000000", DispatchTime: at(1720000102),
		}),
		seenAs("event.wx_verify_refill", wechat.WxVerifyRefillEvent{
			Common: bySystem(1720000142), RefillTime: at(1720000103), RefillReason: "营业执照不清晰",
		}),
		seenAs("event.wx_verify_fail", wechat.WxVerifyFailEvent{
			Common: bySystem(1720000143), FailTime: at(1720000104), FailReason: "材料不符",
		}),
		seenAs("event.user_info_modified", wechat.UserInfoModifiedEvent{
			Common: withUnion(bySystem(1720000144)), Subject: user,
		}),
		seenAs("event.user_info_modified.app", wechat.UserInfoModifiedEvent{
			Common: bySystem(1720000145), Subject: appUser,
		}),
		seenAs("event.user_authorization_revoke", wechat.UserAuthorizationRevokeEvent{
			Common: withUnion(bySystem(1720000146)), Subject: user,
			RevokeInfo: "205,206", PluginID: "wxplugin0000000001", OpenPID: "pOpEnPiD00000000000000000001",
		}),
		seenAs("event.user_authorization_revoke.app", wechat.UserAuthorizationRevokeEvent{
			Common: bySystem(1720000147), Subject: appUser, RevokeInfo: "301",
		}),
		seenAs("event.user_authorization_cancellation", wechat.UserAuthorizationCancellationEvent{
			Common: bySystem(1720000148), Subject: user,
		}),
		seenAs("event.user_authorization_cancellation.app", wechat.UserAuthorizationCancellationEvent{
			Common: bySystem(1720000149), Subject: appUser,
		}),
	}
}
