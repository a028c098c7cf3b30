package wechat

// Subject is whose data an event is about. In these events FromUserName is a
// system account, and the user stands here. Websites and mobile apps spell the
// fields openid and appid.
type Subject struct {
	// OpenID is the user.
	OpenID string `wechat:"OpenID|openid"`
	// AppID is the account, mini program, website or app that has the data.
	AppID string `wechat:"AppID|appid"`
}

// UserInfoModifiedEvent says that a user changed his nickname or picture: what
// was stored of them is out of date.
//
// https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/authorization_change.html
type UserInfoModifiedEvent struct {
	Common
	Subject
}

// Kind returns Kind("event.user_info_modified").
func (UserInfoModifiedEvent) Kind() Kind { return "event.user_info_modified" }

// UserAuthorizationRevokeEvent says that a user took back his leave to use his
// data, which must then be deleted.
//
// https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/authorization_change.html
type UserAuthorizationRevokeEvent struct {
	Common
	Subject

	// RevokeInfo is which data: a number, or several joined by commas. Of pages:
	// 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and picture,
	// 206 place, 207 chosen pictures and films. Of mini programs: 1 number plate,
	// 2 address, 3 invoice, 4 Bluetooth, 5 microphone, 6 nickname and picture,
	// 7 camera, 8 telephone, 12 steps, 13 place, 14 chosen media, 15 chosen file,
	// 16 mail address, 18 chosen place, 19 and 20 nickname and picture as entered.
	RevokeInfo string
	// PluginID is the plugin that had leave, in mini programs; else empty.
	PluginID string
	// OpenPID is the user within that plugin; else empty.
	OpenPID string
}

// Kind returns Kind("event.user_authorization_revoke").
func (UserAuthorizationRevokeEvent) Kind() Kind { return "event.user_authorization_revoke" }

// UserAuthorizationCancellationEvent says that a user closed his WeChat
// account. All his data must be deleted.
//
// https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/authorization_change.html
type UserAuthorizationCancellationEvent struct {
	Common
	Subject
}

// Kind returns Kind("event.user_authorization_cancellation").
func (UserAuthorizationCancellationEvent) Kind() Kind {
	return "event.user_authorization_cancellation"
}
