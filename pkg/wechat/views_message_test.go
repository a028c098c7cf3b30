package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

func messageViews() []golden {
	article := received(1720000003, "24681357902468137")
	article.MsgDataId, article.Idx = "2247480001_1", 2
	business := received(1720000004, "24681357902468139")
	business.Common, business.BusinessId = withUnion(business.Common), 9007199254740993
	device := wechat.Device{DeviceType: goldenAccount, DeviceID: "device-1", OpenID: goldenUser}
	return []golden{
		seenAs("text", wechat.Text{
			Received: received(1720000001, "24681357902468135"), Content: `你好，路由器！🚀 <a&b> "c" \d`,
		}),
		seenAs("text.menu", wechat.Text{
			Received: received(1720000002, "24681357902468136"), Content: "有帮助", BizMsgMenuID: "h1",
		}),
		seenAs("text.article", wechat.Text{Received: article, Content: "读完了/::)"}),
		seenAs("text.business", wechat.Text{Received: business, Content: "请问几点开门？"}),
		seenAs("image", wechat.Image{
			Received: received(1720000010, "24681357902468140"),
			PicUrl:   "http://mmbiz.qpic.cn/mmbiz_jpg/example/0?a=1&b=2", MediaId: "media_image-0001",
		}),
		seenAs("voice", wechat.Voice{
			Received: received(1720000011, "24681357902468141"),
			MediaId:  "media_8k", MediaId16K: "media_16k", Format: "amr",
		}),
		seenAs("voice.recognition", wechat.Voice{
			Received: received(1720000020, "24681357902468148"),
			MediaId:  "media_8k", Format: "speex", Recognition: "今天天气怎么样",
		}),
		seenAs("video", wechat.Video{
			Received: received(1720000012, "24681357902468142"), MediaId: "media_video", ThumbMediaId: "media_thumb",
		}),
		seenAs("shortvideo", wechat.ShortVideo{
			Received: received(1720000013, "24681357902468143"), MediaId: "media_video", ThumbMediaId: "media_thumb",
		}),
		seenAs("location", wechat.Location{
			Received:  received(1720000014, "24681357902468144"),
			LocationX: 31.230416, LocationY: 121.473701, Scale: 16, Label: "上海市黄浦区人民大道",
		}),
		seenAs("link", wechat.Link{
			Received: received(1720000015, "9223372036854775807"),
			Title:    "标题 [1]", Description: "说明 ]] > & <b>", Url: "https://example.com/a?b=1&c=2#d",
		}),
		seenAs("file", wechat.File{
			Received: received(1720000016, "24681357902468146"),
			Title:    "报告.pdf", Description: "第二稿", FileKey: "filekey0001",
			FileMd5: "0123456789abcdef0123456789abcdef", FileTotalLen: 1048576,
		}),
		seenAs("miniprogrampage", wechat.MiniProgramPage{
			Received: received(1720000017, "24681357902468147"),
			Title:    "小程序", AppId: goldenApp, PagePath: "pages/index/index?id=1",
			ThumbUrl: "https://example.com/t.jpg", ThumbMediaId: "media_thumb",
		}),
		seenAs("device_text", wechat.DeviceText{
			Received: received(1720000021, "24681357902468149"), Device: device,
			SessionID: "3705115058471208928", Content: "AQIDBA==",
		}),
		seenAs("device_event", wechat.DeviceEvent{
			Common: sent(1720000019), Device: device, Event: "bind", SessionID: "7", Content: "AQID",
		}),
		seenAs("device_event.status", wechat.DeviceEvent{
			Common: sent(1720000022), Device: device, Event: "subscribe_status", OpType: 1,
		}),
		seenAs("device_status", wechat.DeviceStatus{
			Common: sent(1720000023), Device: device, OpType: 2, DeviceStatus: 1,
		}),
		seenAs("hardware", wechat.Hardware{
			Received: wechat.Received{Common: sent(1720000018)}, MessageView: "myrank", MessageAction: "ranklist",
		}),
	}
}
