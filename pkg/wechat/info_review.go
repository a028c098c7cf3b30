package wechat

import "time"

// Notify3rdWxaAuthInfo is a step in the verification of a mini program
// (小程序认证).
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/weapp-wxverify/secwxaapi_wxaauth.html
type Notify3rdWxaAuthInfo struct {
	Platform

	// VerifiedAppID is the mini program, which WeChat calls appid beside the
	// platform's AppId.
	VerifiedAppID string `wechat:"appid"`
	// TaskID is the task that asking for the verification returned.
	TaskID string `wechat:"taskid"`
	// TaskStatus is how the task stands: 0 begun, 1 late by a day, 2 refused by
	// the user, 3 agreed, 4 to 6 recognition of the face, 7 to 9 code by telephone,
	// 11 no review could be opened, 12 review opened, 14 failed, 15 to be paid.
	TaskStatus int64 `wechat:"task_status"`
	// ApplyStatus is how the review stands, from TaskStatus 12 on: 0 none, 1 to be
	// paid, 2 in progress, 3 sent back, 4 passed, 5 failed for good.
	ApplyStatus int64 `wechat:"apply_status"`
	// Message is what the review says, or why it failed; may be empty.
	Message string `wechat:"message"`
	// DispatchInfo is who examines; zero before that is known.
	DispatchInfo DispatchInfo `wechat:"dispatch_info"`
}

// Kind returns Kind("info.notify_3rd_wxa_auth").
func (Notify3rdWxaAuthInfo) Kind() Kind { return "info.notify_3rd_wxa_auth" }

// DispatchInfo is who examines the papers of a verification.
type DispatchInfo struct {
	// Provider is the company that examines.
	Provider string `wechat:"provider"`
	// Contact is how to reach it.
	Contact string `wechat:"contact"`
	// DispatchTime is when it got the papers.
	DispatchTime time.Time `wechat:"dispatch_time"`
}

// Notify3rdWxaWxVerifyInfo reminds of a mini program whose yearly
// verification ends or has ended.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/weapp-wxverify/secwxaapi_wxaauth.html
type Notify3rdWxaWxVerifyInfo struct {
	Platform

	// VerifiedAppID is the mini program, which WeChat calls appid beside the
	// platform's AppId.
	VerifiedAppID string `wechat:"appid"`
	// Expired is when the verification ends.
	Expired time.Time `wechat:"expired"`
	// Message is the reminder in words.
	Message string `wechat:"message"`
}

// Kind returns Kind("info.notify_3rd_wxa_wxverify").
func (Notify3rdWxaWxVerifyInfo) Kind() Kind { return "info.notify_3rd_wxa_wxverify" }

// NotifyICPFilingVerifyResultInfo is the result of recognising the face of a
// mini program's administrator, for its filing (备案).
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type NotifyICPFilingVerifyResultInfo struct {
	Platform

	// TaskID is the task that asking for it returned.
	TaskID string `wechat:"task_id"`
	// VerifyAppID is the mini program.
	VerifyAppID string `wechat:"verify_appid"`
	// Result is 2 for failed and 3 for passed.
	Result int64 `wechat:"result"`
	// AlongWithAuthResult is how the verification stands that was asked for along
	// with the filing: 9 when its code by telephone was right. 0 without one.
	AlongWithAuthResult int64 `wechat:"along_with_auth_result"`
}

// Kind returns Kind("info.notify_icpfiling_verify_result").
func (NotifyICPFilingVerifyResultInfo) Kind() Kind { return "info.notify_icpfiling_verify_result" }

// NotifyApplyICPFilingResultInfo is the result of a mini program's filing
// (备案).
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type NotifyApplyICPFilingResultInfo struct {
	Platform

	// AuthorizerAppID is the mini program.
	AuthorizerAppID string `wechat:"authorizer_appid"`
	// BeianStatus is how the filing stands, with the numbers of the API that asks
	// for it.
	BeianStatus int64 `wechat:"beian_status"`
}

// Kind returns Kind("info.notify_apply_icpfiling_result").
func (NotifyApplyICPFilingResultInfo) Kind() Kind { return "info.notify_apply_icpfiling_result" }

// OrderPathApplyResultInfo says which mini programs' order pages (订单页) were
// handed in for review.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/miniprogram-management/basic-info-management/api_applysetorderpathinfo.html
type OrderPathApplyResultInfo struct {
	Platform

	// List has an entry for each mini program.
	List []OrderPathApplied `wechat:"list|List"`
}

// Kind returns Kind("info.order_path_apply_result_notify").
func (OrderPathApplyResultInfo) Kind() Kind { return "info.order_path_apply_result_notify" }

// OrderPathApplied is one order page that was handed in.
type OrderPathApplied struct {
	// AppID is the mini program.
	AppID string `wechat:"appid|Appid"`
	// AuditID is the review's number.
	AuditID int64 `wechat:"audit_id|AuditId"`
	// RetCode is 0 when it was handed in, else WeChat's code for why not.
	RetCode int64 `wechat:"ret_code|RetCode"`
}

// OrderPathAuditResultInfo has the reviews of order pages.
//
// https://developers.weixin.qq.com/doc/oplatform/openApi/miniprogram-management/basic-info-management/api_applysetorderpathinfo.html
type OrderPathAuditResultInfo struct {
	Platform

	// List has an entry for each mini program.
	List []OrderPathAudited `wechat:"list|List"`
}

// Kind returns Kind("info.order_path_audit_result_notify").
func (OrderPathAuditResultInfo) Kind() Kind { return "info.order_path_audit_result_notify" }

// OrderPathAudited is the review of one order page.
type OrderPathAudited struct {
	// AppID is the mini program.
	AppID string `wechat:"appid|Appid"`
	// AuditID is the review's number.
	AuditID int64 `wechat:"audit_id|AuditId"`
	// Status is 2 in progress, 3 refused, 4 passed; 0 when it is not sent.
	Status int64 `wechat:"status"`
	// ApplyTime is when it was handed in.
	ApplyTime time.Time `wechat:"apply_time"`
	// AuditTime is when it was decided.
	AuditTime time.Time `wechat:"audit_time"`
	// Reason is why it was refused, in words; else empty.
	Reason string `wechat:"reason"`
}
