package wechat

import "time"

// Platform is what every push to a third-party platform (第三方平台) has. Such
// a push has an InfoType instead of a MsgType, and neither ToUserName nor
// FromUserName.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/Before_Develop/message_push
type Platform struct {
	Common

	// AppId is the platform's own, not that of the account it works for.
	AppId string
}

// ComponentVerifyTicketInfo brings the ticket with which the platform gets its
// tokens. WeChat sends one every 10 minutes; it is good for 12 hours.
//
// https://developers.weixin.qq.com/doc/oplatform/developers/dev/ComponentAccessToken.html
type ComponentVerifyTicketInfo struct {
	Platform

	// ComponentVerifyTicket is the ticket, a secret: the latest counts.
	ComponentVerifyTicket string
}

// Kind returns Kind("info.component_verify_ticket").
func (ComponentVerifyTicketInfo) Kind() Kind { return "info.component_verify_ticket" }

// Authorization is what an account lets the platform do.
type Authorization struct {
	// AuthorizerAppid is the account.
	AuthorizerAppid string
	// AuthorizationCode is exchanged for the account's tokens; a secret.
	AuthorizationCode string
	// AuthorizationCodeExpiredTime is until when it can be exchanged.
	AuthorizationCodeExpiredTime time.Time
	// PreAuthCode is the code with which the platform had asked.
	PreAuthCode string
}

// AuthorizedInfo is an account that lets the platform work for it.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
type AuthorizedInfo struct {
	Platform
	Authorization
}

// Kind returns Kind("info.authorized").
func (AuthorizedInfo) Kind() Kind { return "info.authorized" }

// UpdateAuthorizedInfo is an account that changes what the platform may do.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
type UpdateAuthorizedInfo struct {
	Platform
	Authorization
}

// Kind returns Kind("info.updateauthorized").
func (UpdateAuthorizedInfo) Kind() Kind { return "info.updateauthorized" }

// UnauthorizedInfo is an account that no longer lets the platform work for it.
//
// https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
type UnauthorizedInfo struct {
	Platform

	// AuthorizerAppid is the account.
	AuthorizerAppid string
}

// Kind returns Kind("info.unauthorized").
func (UnauthorizedInfo) Kind() Kind { return "info.unauthorized" }
