package wechat

import "time"

// QualificationVerifySuccessEvent says that the account's owner was verified
// (资质认证). From now on it has the rights of a verified account.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type QualificationVerifySuccessEvent struct {
	Common

	// ExpiredTime is until when the verification is good.
	ExpiredTime time.Time
}

// Kind returns Kind("event.qualification_verify_success").
func (QualificationVerifySuccessEvent) Kind() Kind { return "event.qualification_verify_success" }

// QualificationVerifyFailEvent says that the account's owner could not be
// verified.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type QualificationVerifyFailEvent struct {
	Common

	// FailTime is when it failed.
	FailTime time.Time
	// FailReason is why, in words.
	FailReason string
}

// Kind returns Kind("event.qualification_verify_fail").
func (QualificationVerifyFailEvent) Kind() Kind { return "event.qualification_verify_fail" }

// NamingVerifySuccessEvent says that the account's name was verified (名称认证):
// users see the tick.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type NamingVerifySuccessEvent struct {
	Common

	// ExpiredTime is until when the verification is good.
	ExpiredTime time.Time
}

// Kind returns Kind("event.naming_verify_success").
func (NamingVerifySuccessEvent) Kind() Kind { return "event.naming_verify_success" }

// NamingVerifyFailEvent says that the account's name could not be verified.
// There is no tick, but the rights stay.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type NamingVerifyFailEvent struct {
	Common

	// FailTime is when it failed.
	FailTime time.Time
	// FailReason is why, in words.
	FailReason string
}

// Kind returns Kind("event.naming_verify_fail").
func (NamingVerifyFailEvent) Kind() Kind { return "event.naming_verify_fail" }

// AnnualRenewEvent says that the yearly verification is due.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type AnnualRenewEvent struct {
	Common

	// ExpiredTime is when the present verification ends.
	ExpiredTime time.Time
}

// Kind returns Kind("event.annual_renew").
func (AnnualRenewEvent) Kind() Kind { return "event.annual_renew" }

// VerifyExpiredEvent says that the verification has ended, and with it the
// rights: WeChat's API answers 48001 from now on.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type VerifyExpiredEvent struct {
	Common

	// ExpiredTime is when it ended.
	ExpiredTime time.Time
}

// Kind returns Kind("event.verify_expired").
func (VerifyExpiredEvent) Kind() Kind { return "event.verify_expired" }

// WxVerifyPaySuccEvent says that the fee of a verification was paid.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type WxVerifyPaySuccEvent struct {
	Common

	// OrderId is the order of the fee; not all pushes have it.
	OrderId string
}

// Kind returns Kind("event.wx_verify_pay_succ").
func (WxVerifyPaySuccEvent) Kind() Kind { return "event.wx_verify_pay_succ" }

// WxVerifyDispatchEvent says who will examine the papers.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type WxVerifyDispatchEvent struct {
	Common

	// Provider is the company that examines.
	Provider string
	// Contact is how to reach it, such as a telephone number.
	Contact string
	// DispatchTime is when it got the papers.
	DispatchTime time.Time
}

// Kind returns Kind("event.wx_verify_dispatch").
func (WxVerifyDispatchEvent) Kind() Kind { return "event.wx_verify_dispatch" }

// WxVerifyRefillEvent says that the papers were sent back to be amended.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type WxVerifyRefillEvent struct {
	Common

	// RefillTime is when they were sent back.
	RefillTime time.Time
	// RefillReason is why, in words.
	RefillReason string
}

// Kind returns Kind("event.wx_verify_refill").
func (WxVerifyRefillEvent) Kind() Kind { return "event.wx_verify_refill" }

// WxVerifyFailEvent says that the verification failed for good.
//
// https://developers.weixin.qq.com/doc/service/guide/product/Accreditation.html
type WxVerifyFailEvent struct {
	Common

	// FailTime is when it failed.
	FailTime time.Time
	// FailReason is why, in words.
	FailReason string
}

// Kind returns Kind("event.wx_verify_fail").
func (WxVerifyFailEvent) Kind() Kind { return "event.wx_verify_fail" }
