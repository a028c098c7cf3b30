package wechat

// Device is what the messages of WeChat's hardware platform (微信硬件) have in
// common. The platform is retired; old devices may still speak.
//
// https://iot.weixin.qq.com/
type Device struct {
	// DeviceType is the original id of the account that owns the device, gh_…
	DeviceType string
	// DeviceID is the id that the maker gave the device.
	DeviceID string
	// OpenID is the user who bound the device.
	OpenID string
}

// DeviceText is data that a device sent through its user's phone.
//
// https://iot.weixin.qq.com/
type DeviceText struct {
	Received
	Device

	// SessionID must be repeated in the answer to the device.
	SessionID string
	// Content is the data in base64.
	Content string
}

// Kind returns Kind("device_text").
func (DeviceText) Kind() Kind { return "device_text" }

// DeviceEvent is a user who bound a device or let go of it, or subscribes to
// its status. It is a message with an Event, and no event.
//
// https://iot.weixin.qq.com/
type DeviceEvent struct {
	Common
	Device

	// Event is bind, unbind, subscribe_status or unsubscribe_status.
	Event string
	// OpType is what the phone wants to know of the status, as a number of the
	// platform's; 0 when a device is bound or let go.
	OpType int64
	// SessionID must be repeated in the answer to the device.
	SessionID string
	// Content is data of the maker's in base64, possibly empty.
	Content string
}

// Kind returns Kind("device_event").
func (DeviceEvent) Kind() Kind { return "device_event" }

// DeviceStatus is the phone asking for, or telling, a device's status.
//
// https://iot.weixin.qq.com/
type DeviceStatus struct {
	Common
	Device

	// OpType is what the phone wants to know, as a number of the platform's.
	OpType int64
	// DeviceStatus is how the device is, as a number of the platform's.
	DeviceStatus int64
}

// Kind returns Kind("device_status").
func (DeviceStatus) Kind() Kind { return "device_status" }

// Hardware is a user who opens a view of WeChat's sports account, such as the
// list of the day's steps.
//
// https://iot.weixin.qq.com/
type Hardware struct {
	Received

	// MessageView is the view, such as myrank.
	MessageView string `wechat:"HardWare>MessageView"`
	// MessageAction is what the user wants there, such as ranklist.
	MessageAction string `wechat:"HardWare>MessageAction"`
	// FuncFlag is a mark that WeChat does not explain; 0 in all known pushes.
	FuncFlag int64
}

// Kind returns Kind("hardware").
func (Hardware) Kind() Kind { return "hardware" }
