package wechat

// KfCreateSessionEvent is an agent (客服) who takes up a talk with a user.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control.html
type KfCreateSessionEvent struct {
	Common

	// KfAccount is the agent's account, name@account.
	KfAccount string
}

// Kind returns Kind("event.kf_create_session").
func (KfCreateSessionEvent) Kind() Kind { return "event.kf_create_session" }

// KfCloseSessionEvent is the end of a talk between an agent and a user.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control.html
type KfCloseSessionEvent struct {
	Common

	// KfAccount is the agent's account, name@account.
	KfAccount string
}

// Kind returns Kind("event.kf_close_session").
func (KfCloseSessionEvent) Kind() Kind { return "event.kf_close_session" }

// KfSwitchSessionEvent is a talk that goes from one agent to another.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Session_control.html
type KfSwitchSessionEvent struct {
	Common

	// FromKfAccount is the account of the agent who hands over.
	FromKfAccount string
	// ToKfAccount is the account of the agent who takes over.
	ToKfAccount string
}

// Kind returns Kind("event.kf_switch_session").
func (KfSwitchSessionEvent) Kind() Kind { return "event.kf_switch_session" }
