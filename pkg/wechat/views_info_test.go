package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

func platform(seconds int64) wechat.Platform {
	return wechat.Platform{
		Common: wechat.Common{Account: "main", ID: "main:1", CreateTime: at(seconds)}, AppId: "wxcomponent0000001",
	}
}

func infoViews() []golden {
	authorization := wechat.Authorization{
		AuthorizerAppid: goldenApp, AuthorizationCode: "queryauthcode@@@abc",
		AuthorizationCodeExpiredTime: at(1720007601), PreAuthCode: "preauthcode@@@abc",
	}
	company := wechat.FastRegistration{
		Name: "示例公司", Code: "91310000XXXXXXXXXX", CodeType: 1,
		LegalPersonaWechat: "wxid_1", LegalPersonaName: "张三", ComponentPhone: "021-0000000",
	}
	return []golden{
		seenAs("info.component_verify_ticket", wechat.ComponentVerifyTicketInfo{
			Platform: platform(1720004000), ComponentVerifyTicket: "ticket@@@abc",
		}),
		seenAs("info.authorized", wechat.AuthorizedInfo{Platform: platform(1720004001), Authorization: authorization}),
		seenAs("info.updateauthorized", wechat.UpdateAuthorizedInfo{
			Platform: platform(1720004004), Authorization: authorization,
		}),
		seenAs("info.unauthorized", wechat.UnauthorizedInfo{Platform: platform(1720004005), AuthorizerAppid: goldenApp}),
		seenAs("info.notify_third_fasteregister", wechat.NotifyThirdFasteRegisterInfo{
			Platform: platform(1720004002), RegisteredAppID: "wxfedcba9876543210", AuthCode: "code", Msg: "OK", Info: company,
		}),
		seenAs("info.notify_third_fasteregister.person", wechat.NotifyThirdFasteRegisterInfo{
			Platform: platform(1720004006), RegisteredAppID: "wxfedcba9876543211", AuthCode: "code", Msg: "OK",
			Info: wechat.FastRegistration{IDName: "李四", WxUser: "wxid_2", ComponentPhone: "021-0000000"},
		}),
		seenAs("info.notify_third_fasteregister.failed", wechat.NotifyThirdFasteRegisterInfo{
			Platform: platform(1720004007), Status: 100001,
			Msg: "已下发的模板消息法人并未确认且已超时（24h），未进行身份证校验", Info: company,
		}),
		seenAs("info.notify_third_fastregisterbetaapp", wechat.NotifyThirdFastRegisterBetaAppInfo{
			Platform: platform(1720004003), RegisteredAppID: goldenApp, Status: 1, Msg: "示例", UniqueID: "S1", Name: "示例",
		}),
		seenAs("info.notify_third_fastverifybetaapp", wechat.NotifyThirdFastVerifyBetaAppInfo{
			Platform: platform(1720004003), RegisteredAppID: goldenApp, Status: 1, Msg: "示例",
			Info: wechat.FastRegistration{
				Name: "示例", Code: "S1", CodeType: 1, LegalPersonaWechat: "S1", LegalPersonaName: "S1", ComponentPhone: "S1",
			},
		}),
		seenAs("info.notify_3rd_wxa_auth", wechat.Notify3rdWxaAuthInfo{
			Platform: platform(1720004003), VerifiedAppID: goldenApp, TaskID: "S1", TaskStatus: 1, ApplyStatus: 1, Message: "示例",
			DispatchInfo: wechat.DispatchInfo{Provider: "S1", Contact: "S1", DispatchTime: at(1720000100)},
		}),
		seenAs("info.notify_3rd_wxa_wxverify", wechat.Notify3rdWxaWxVerifyInfo{
			Platform: platform(1720004008), VerifiedAppID: goldenApp, Expired: at(1722592138), Message: "即将到期",
		}),
		seenAs("info.notify_apply_icpfiling_result", wechat.NotifyApplyICPFilingResultInfo{
			Platform: platform(1720004009), AuthorizerAppID: goldenApp, BeianStatus: 6,
		}),
		seenAs("info.notify_icpfiling_verify_result", wechat.NotifyICPFilingVerifyResultInfo{
			Platform: platform(1720004010), TaskID: "1234567890", VerifyAppID: goldenApp, Result: 3, AlongWithAuthResult: 9,
		}),
		seenAs("info.order_path_apply_result_notify", wechat.OrderPathApplyResultInfo{
			Platform: platform(1720004011),
			List: []wechat.OrderPathApplied{
				{AppID: goldenApp, AuditID: 451726598}, {AppID: "wxfedcba9876543210", RetCode: -2},
			},
		}),
		seenAs("info.order_path_audit_result_notify", wechat.OrderPathAuditResultInfo{
			Platform: platform(1720004012),
			List: []wechat.OrderPathAudited{
				{
					AppID: goldenApp, AuditID: 451726598, Status: 3, ApplyTime: at(1720000100), AuditTime: at(1720004012),
					Reason: "小程序尚未发布，无法审核",
				},
				{AppID: "wxfedcba9876543210", AuditID: 461444078, Status: 4, ApplyTime: at(1720000101), AuditTime: at(1720004011)},
			},
		}),
		seenAs("info.order_path_audit_result_notify.one", wechat.OrderPathAuditResultInfo{
			Platform: platform(1720004013),
			List: []wechat.OrderPathAudited{
				{AppID: goldenApp, AuditID: 451726599, Status: 4, ApplyTime: at(1720000100), AuditTime: at(1720004013)},
			},
		}),
		seenAs("info.wxa_nickname_audit", wechat.WxaNicknameAuditInfo{
			Platform: platform(1720004014), Nickname: "示例小程序", Ret: 2, Reason: "名称已被占用",
		}),
	}
}
