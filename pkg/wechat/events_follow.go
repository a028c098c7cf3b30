package wechat

import "strings"

// SubscribeEvent is a user who follows the account, plainly or by way of a
// scene QR code or a product.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type SubscribeEvent struct {
	Common

	// EventKey is empty for a plain follow. It is qrscene_ and the scene of a QR
	// code (see [SubscribeEvent.Scene]), or scanbarcode|standard|key or
	// scanimage|standard|key of a product.
	EventKey string
	// Ticket is the QR code's, with which its picture can be fetched; empty
	// without one.
	Ticket string
}

// Kind returns [EventSubscribe].
func (SubscribeEvent) Kind() Kind { return EventSubscribe }

// Scene returns the scene of the QR code that was followed, spelt as in a
// [ScanEvent], and "" when there was none.
func (e SubscribeEvent) Scene() string {
	scene, has := strings.CutPrefix(e.EventKey, "qrscene_")
	if !has {
		return ""
	}
	return scene
}

// UnsubscribeEvent is a user who follows no longer. No reply reaches him, and
// WeChat demands that his data be deleted.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type UnsubscribeEvent struct {
	Common

	// EventKey is empty in all known pushes.
	EventKey string
}

// Kind returns [EventUnsubscribe].
func (UnsubscribeEvent) Kind() Kind { return EventUnsubscribe }

// ScanEvent is a user who follows already and scans a scene QR code.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type ScanEvent struct {
	Common

	// EventKey is the scene: a 32-bit number as text, or a text. It has no
	// prefix, other than in a [SubscribeEvent].
	EventKey string
	// Ticket is the QR code's, with which its picture can be fetched.
	Ticket string
}

// Kind returns [EventScan].
func (ScanEvent) Kind() Kind { return EventScan }

// LocationEvent is where a user is, told by WeChat when he opens the chat or
// every 5 seconds while he is in it. It is frequent and asks for no answer. A
// place that he chose and sent is a [Location].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type LocationEvent struct {
	Common

	// Latitude is in degrees, north positive; 0 when empty.
	Latitude float64
	// Longitude is in degrees, east positive; 0 when empty.
	Longitude float64
	// Precision is WeChat's word for how exact the place is, in metres.
	Precision float64
}

// Kind returns [EventLocation].
func (LocationEvent) Kind() Kind { return EventLocation }

// EnterEvent is a user who opened the chat. WeChat no longer sends it.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
type EnterEvent struct {
	Common

	// EventKey is empty where it is sent at all.
	EventKey string
}

// Kind returns Kind("event.enter").
func (EnterEvent) Kind() Kind { return "event.enter" }

// UserEnterTempSessionEvent is a user who enters the customer service of a
// mini program or a shop.
//
// https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
type UserEnterTempSessionEvent struct {
	Common

	// SessionFrom is the text that the developer gave the button.
	SessionFrom string
}

// Kind returns Kind("event.user_enter_tempsession").
func (UserEnterTempSessionEvent) Kind() Kind { return "event.user_enter_tempsession" }

// DebugDemoEvent is what the push debugger of a mini program's console sends.
//
// https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
type DebugDemoEvent struct {
	Common

	// DebugStr is the text that was entered in the console.
	DebugStr string `wechat:"debug_str"`
}

// Kind returns Kind("event.debug_demo").
func (DebugDemoEvent) Kind() Kind { return "event.debug_demo" }
