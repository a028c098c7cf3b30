package wechat

// ClickEvent is a tap on a menu button of type click. Opening a parent menu
// is not reported.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type ClickEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
}

// Kind returns [EventClick].
func (ClickEvent) Kind() Kind { return EventClick }

// ViewEvent is a tap on a menu button that opens a page.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type ViewEvent struct {
	Common

	// EventKey is the URL of the button.
	EventKey string
	// MenuId is the menu that the user was shown; 0 when it is not sent. WeChat's
	// table spells it MenuID.
	MenuId int64 `wechat:"MenuId|MenuID"`
}

// Kind returns [EventView].
func (ViewEvent) Kind() Kind { return EventView }

// ViewMiniProgramEvent is a tap on a menu button that opens a mini program.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type ViewMiniProgramEvent struct {
	Common

	// EventKey is the path of the page in the mini program.
	EventKey string
	// MenuId is the menu that the user was shown; 0 when it is not sent.
	MenuId int64 `wechat:"MenuId|MenuID"`
}

// Kind returns Kind("event.view_miniprogram").
func (ViewMiniProgramEvent) Kind() Kind { return "event.view_miniprogram" }

// ScanCodeInfo is what a user scanned with a menu button.
type ScanCodeInfo struct {
	// ScanType is the kind of code, such as qrcode or barcode.
	ScanType string
	// ScanResult is the content of the code: of a QR code its text, of a bar code
	// its standard and number, as in CODE_128,1234.
	ScanResult string
}

// ScanCodePushEvent is a code that was scanned with a menu button. The client
// opens what it says by itself.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type ScanCodePushEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// ScanCodeInfo is what was scanned.
	ScanCodeInfo ScanCodeInfo
}

// Kind returns Kind("event.scancode_push").
func (ScanCodePushEvent) Kind() Kind { return "event.scancode_push" }

// ScanCodeWaitMsgEvent is a code that was scanned with a menu button, while
// the user sees that a message is awaited: answer it.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type ScanCodeWaitMsgEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// ScanCodeInfo is what was scanned.
	ScanCodeInfo ScanCodeInfo
}

// Kind returns Kind("event.scancode_waitmsg").
func (ScanCodeWaitMsgEvent) Kind() Kind { return "event.scancode_waitmsg" }

// SendPicsInfo announces pictures. Each follows as an [Image] of its own, to be
// recognised by the MD5 of its content.
type SendPicsInfo struct {
	// Count is the number of pictures.
	Count int64
	// PicList has an entry for each, in the order in which they were chosen.
	PicList []SentPic
}

// SentPic is a picture of [SendPicsInfo].
type SentPic struct {
	// PicMd5Sum is the MD5 of the content, as 32 hexadecimal digits.
	PicMd5Sum string
}

// PicSysPhotoEvent is a menu button with which a user took pictures.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type PicSysPhotoEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// SendPicsInfo announces the pictures.
	SendPicsInfo SendPicsInfo
}

// Kind returns Kind("event.pic_sysphoto").
func (PicSysPhotoEvent) Kind() Kind { return "event.pic_sysphoto" }

// PicPhotoOrAlbumEvent is a menu button with which a user took pictures or
// chose them on his phone.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type PicPhotoOrAlbumEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// SendPicsInfo announces the pictures.
	SendPicsInfo SendPicsInfo
}

// Kind returns Kind("event.pic_photo_or_album").
func (PicPhotoOrAlbumEvent) Kind() Kind { return "event.pic_photo_or_album" }

// PicWeixinEvent is a menu button with which a user chose pictures in WeChat's
// own album.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type PicWeixinEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// SendPicsInfo announces the pictures.
	SendPicsInfo SendPicsInfo
}

// Kind returns Kind("event.pic_weixin").
func (PicWeixinEvent) Kind() Kind { return "event.pic_weixin" }

// SendLocationInfo is a place that a user chose with a menu button.
type SendLocationInfo struct {
	// LocationX is the latitude in degrees, north positive.
	LocationX float64 `wechat:"Location_X"`
	// LocationY is the longitude in degrees, east positive.
	LocationY float64 `wechat:"Location_Y"`
	// Scale is the zoom of the map that the user saw.
	Scale int64
	// Label is the address in words; it may begin with a blank.
	Label string
	// Poiname is the name of the place in the user's circle of friends, mostly
	// empty. WeChat spells it so.
	Poiname string
}

// LocationSelectEvent is a menu button with which a user chose a place. The
// place follows as a [Location], too.
//
// https://developers.weixin.qq.com/doc/service/guide/product/menu/Custom_Menu_Push_Events.html
type LocationSelectEvent struct {
	Common

	// EventKey is the key of the button.
	EventKey string
	// SendLocationInfo is the place.
	SendLocationInfo SendLocationInfo
}

// Kind returns Kind("event.location_select").
func (LocationSelectEvent) Kind() Kind { return "event.location_select" }
