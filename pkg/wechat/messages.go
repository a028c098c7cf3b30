package wechat

// Text is a text that a user wrote, or a tap on an entry of a [MenuReply].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Text struct {
	Received

	// Content is the text as it was typed: line breaks, emoji, and WeChat's own
	// codes for emoticons such as /::) or [微笑]. A sticker that WeChat cannot
	// hand on may come as a text, too: 【收到不支持的消息类型，暂无法显示】.
	Content string
	// BizMsgMenuID is the id of the entry that was tapped, empty for a text that
	// was typed.
	BizMsgMenuID string `wechat:"bizmsgmenuid"`
}

// Kind returns [KindText].
func (Text) Kind() Kind { return KindText }

// Image is a picture, taken or chosen. It also follows each of the pictures of
// a [PicSysPhotoEvent] and its like.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Image struct {
	Received

	// PicUrl is where the picture can be fetched for a limited time.
	PicUrl string
	// MediaId fetches the picture from WeChat's media API, for 3 days.
	MediaId string
}

// Kind returns [KindImage].
func (Image) Kind() Kind { return KindImage }

// Voice is a recording.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Voice struct {
	Received

	// MediaId fetches the recording with 8 kHz from WeChat's media API, for 3
	// days. WeChat's tables spell it MediaID as well.
	MediaId string `wechat:"MediaId|MediaID"`
	// MediaId16K does so with 16 kHz; empty in older pushes.
	MediaId16K string
	// Format is amr or speex.
	Format string
	// Recognition is what WeChat heard, when speech recognition is on: often
	// empty, and no longer promised.
	Recognition string `wechat:"Recognition|Recongnition"`
}

// Kind returns [KindVoice].
func (Voice) Kind() Kind { return KindVoice }

// Video is a film that was taken or chosen.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Video struct {
	Received

	// MediaId fetches the film from WeChat's media API, for 3 days.
	MediaId string
	// ThumbMediaId fetches its still picture, likewise.
	ThumbMediaId string
}

// Kind returns [KindVideo].
func (Video) Kind() Kind { return KindVideo }

// ShortVideo is a film of a few seconds (小视频). Newer clients send a [Video].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type ShortVideo struct {
	Received

	// MediaId fetches the film from WeChat's media API, for 3 days.
	MediaId string
	// ThumbMediaId fetches its still picture, likewise.
	ThumbMediaId string
}

// Kind returns [KindShortVideo].
func (ShortVideo) Kind() Kind { return KindShortVideo }

// Location is a place that a user chose and sent. What WeChat reports by
// itself is a [LocationEvent].
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Location struct {
	Received

	// LocationX is the latitude in degrees, north positive.
	LocationX float64 `wechat:"Location_X"`
	// LocationY is the longitude in degrees, east positive.
	LocationY float64 `wechat:"Location_Y"`
	// Scale is the zoom of the map that the user saw.
	Scale int64
	// Label is the address in words, empty where there is none.
	Label string
}

// Kind returns [KindLocation].
func (Location) Kind() Kind { return KindLocation }

// Link is an article or page that a user shared with the account.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type Link struct {
	Received

	// Title is the headline of the page.
	Title string
	// Description is what the card says below the headline, possibly empty.
	Description string
	// Url is the address of the page.
	Url string
}

// Kind returns [KindLink].
func (Link) Kind() Kind { return KindLink }

// File is a file that a user sent. WeChat does not document it and has no API
// to fetch the file: there is no MediaId. The page lists the kinds it does
// document.
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
type File struct {
	Received

	// Title is the name of the file.
	Title string
	// Description is mostly empty.
	Description string
	// FileKey is WeChat's key of the file.
	FileKey string
	// FileMd5 is the MD5 of the content, as 32 hexadecimal digits.
	FileMd5 string
	// FileTotalLen is the size in bytes.
	FileTotalLen int64
}

// Kind returns Kind("file").
func (File) Kind() Kind { return "file" }

// MiniProgramPage is the card of a mini program's page, sent to its
// customer service or to an account.
//
// https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
type MiniProgramPage struct {
	Received

	// Title is the headline of the card.
	Title string
	// AppId is the mini program's.
	AppId string
	// PagePath is the page with its query: pages/index/index?id=1.
	PagePath string
	// ThumbUrl is where the card's picture can be fetched for a limited time.
	ThumbUrl string
	// ThumbMediaId fetches it from WeChat's media API, for 3 days; may be empty.
	ThumbMediaId string
}

// Kind returns [KindMiniProgramPage].
func (MiniProgramPage) Kind() Kind { return KindMiniProgramPage }
