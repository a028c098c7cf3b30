package wechat

// NotifyThirdFasteRegisterInfo is the result of registering a mini program for
// a company or a person (快速注册). WeChat spells it so.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type NotifyThirdFasteRegisterInfo struct {
	Platform

	// RegisteredAppID is the new mini program, which WeChat calls appid beside
	// the platform's AppId; empty on failure.
	RegisteredAppID string `wechat:"appid"`
	// Status is 0 for success, or WeChat's code for what failed.
	Status int64 `wechat:"status"`
	// AuthCode is exchanged for the mini program's tokens; empty on failure.
	AuthCode string `wechat:"auth_code"`
	// Msg is the result in words.
	Msg string `wechat:"msg"`
	// Info is what the registration was asked for with.
	Info FastRegistration `wechat:"info"`
}

// Kind returns Kind("info.notify_third_fasteregister").
func (NotifyThirdFasteRegisterInfo) Kind() Kind { return "info.notify_third_fasteregister" }

// FastRegistration is what a registration was asked for with: of a company its
// name, code and legal representative, of a person his name and account.
type FastRegistration struct {
	// Name is the company's name.
	Name string `wechat:"name"`
	// Code is the number of its registration.
	Code string `wechat:"code"`
	// CodeType is the kind of that number: 1 unified social credit code, 2
	// organisation code, 3 business licence.
	CodeType int64 `wechat:"code_type"`
	// LegalPersonaWechat is the WeChat account of its legal representative.
	LegalPersonaWechat string `wechat:"legal_persona_wechat"`
	// LegalPersonaName is that representative's name.
	LegalPersonaName string `wechat:"legal_persona_name"`
	// IDName is the person's name.
	IDName string `wechat:"idname"`
	// WxUser is the person's WeChat account.
	WxUser string `wechat:"wxuser"`
	// ComponentPhone is the platform's telephone number.
	ComponentPhone string `wechat:"component_phone"`
}

// NotifyThirdFastRegisterBetaAppInfo is the result of making a trial mini
// program (试用小程序).
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type NotifyThirdFastRegisterBetaAppInfo struct {
	Platform

	// RegisteredAppID is the new mini program, which WeChat calls appid beside
	// the platform's AppId; empty on failure.
	RegisteredAppID string `wechat:"appid"`
	// Status is 0 for success, or WeChat's code for what failed.
	Status int64 `wechat:"status"`
	// Msg is the result in words.
	Msg string `wechat:"msg"`
	// UniqueID is the id under which the platform had asked.
	UniqueID string `wechat:"info>unique_id"`
	// Name is the name of the mini program.
	Name string `wechat:"info>name"`
}

// Kind returns Kind("info.notify_third_fastregisterbetaapp").
func (NotifyThirdFastRegisterBetaAppInfo) Kind() Kind {
	return "info.notify_third_fastregisterbetaapp"
}

// NotifyThirdFastVerifyBetaAppInfo is the result of turning a trial mini
// program into a full one.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type NotifyThirdFastVerifyBetaAppInfo struct {
	Platform

	// RegisteredAppID is the mini program, which WeChat calls appid beside the
	// platform's AppId.
	RegisteredAppID string `wechat:"appid"`
	// Status is 0 for success, or WeChat's code for what failed.
	Status int64 `wechat:"status"`
	// Msg is the result in words.
	Msg string `wechat:"msg"`
	// Info is what it was asked for with. It has no person.
	Info FastRegistration `wechat:"info"`
}

// Kind returns Kind("info.notify_third_fastverifybetaapp").
func (NotifyThirdFastVerifyBetaAppInfo) Kind() Kind {
	return "info.notify_third_fastverifybetaapp"
}

// WxaNicknameAuditInfo is the review of a mini program's name. It mostly comes
// as an event, but to some platforms with an InfoType.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type WxaNicknameAuditInfo struct {
	Platform

	// Nickname is the name that was asked for.
	Nickname string `wechat:"nickname"`
	// Ret is 2 for refused and 3 for accepted.
	Ret int64 `wechat:"ret"`
	// Reason is why it was refused, in words; else empty.
	Reason string `wechat:"reason"`
}

// Kind returns Kind("info.wxa_nickname_audit").
func (WxaNicknameAuditInfo) Kind() Kind { return "info.wxa_nickname_audit" }
