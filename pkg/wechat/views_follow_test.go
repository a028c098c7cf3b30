package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

// followViews are those of following, scanning, the menu and entering.
func followViews() []golden {
	const one, two = "0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"
	pictures := wechat.SendPicsInfo{Count: 2, PicList: []wechat.SentPic{{PicMd5Sum: one}, {PicMd5Sum: two}}}
	return []golden{
		seenAs("event.subscribe", wechat.SubscribeEvent{Common: sent(1720000100)}),
		seenAs("event.subscribe.scene", wechat.SubscribeEvent{
			Common: sent(1720000101), EventKey: "qrscene_shop=12&till=3", Ticket: "gQExampleTicket==",
		}),
		seenAs("event.subscribe.product", wechat.SubscribeEvent{
			Common: sent(1720000120), EventKey: "scanbarcode|ean13|6901481811083",
		}),
		seenAs("event.unsubscribe", wechat.UnsubscribeEvent{Common: sent(1720000102)}),
		seenAs("event.scan", wechat.ScanEvent{
			Common: sent(1720000103), EventKey: "4294967295", Ticket: "gQExampleTicket==",
		}),
		seenAs("event.location", wechat.LocationEvent{
			Common: sent(1720000104), Latitude: 23.137466, Longitude: 113.352425, Precision: 119.38504,
		}),
		seenAs("event.click", wechat.ClickEvent{Common: sent(1720000105), EventKey: "V1001_TODAY_MUSIC"}),
		seenAs("event.view", wechat.ViewEvent{
			Common: sent(1720000106), EventKey: "https://example.com/?a=1&b=2", MenuId: 410418124,
		}),
		seenAs("event.view_miniprogram", wechat.ViewMiniProgramEvent{
			Common: sent(1720000121), EventKey: "pages/index/index?from=menu", MenuId: 410418124,
		}),
		seenAs("event.scancode_push", wechat.ScanCodePushEvent{
			Common: sent(1720000122), EventKey: "k_push",
			ScanCodeInfo: wechat.ScanCodeInfo{ScanType: "barcode", ScanResult: "CODE_128,6901481811083"},
		}),
		seenAs("event.scancode_waitmsg", wechat.ScanCodeWaitMsgEvent{
			Common: sent(1720000107), EventKey: "k_scan",
			ScanCodeInfo: wechat.ScanCodeInfo{ScanType: "qrcode", ScanResult: "https://example.com/t/1?a=1&b=2"},
		}),
		seenAs("event.pic_sysphoto", wechat.PicSysPhotoEvent{
			Common: sent(1720000108), EventKey: "k_photo",
			SendPicsInfo: wechat.SendPicsInfo{Count: 1, PicList: []wechat.SentPic{{PicMd5Sum: one}}},
		}),
		seenAs("event.pic_photo_or_album", wechat.PicPhotoOrAlbumEvent{
			Common: sent(1720000109), EventKey: "k_pics", SendPicsInfo: pictures,
		}),
		seenAs("event.pic_weixin", wechat.PicWeixinEvent{
			Common: sent(1720000110), EventKey: "k_pics", SendPicsInfo: pictures,
		}),
		seenAs("event.location_select", wechat.LocationSelectEvent{
			Common: sent(1720000111), EventKey: "k_loc",
			SendLocationInfo: wechat.SendLocationInfo{
				LocationX: 23.129163, LocationY: 113.264435, Scale: 15, Label: " 广州市越秀区府前路1号",
			},
		}),
		seenAs("event.location_select.named", wechat.LocationSelectEvent{
			Common: sent(1720000123), EventKey: "k_loc",
			SendLocationInfo: wechat.SendLocationInfo{
				LocationX: -33.856784, LocationY: 151.215297, Scale: 12, Label: "Sydney", Poiname: "悉尼歌剧院",
			},
		}),
		seenAs("event.enter", wechat.EnterEvent{Common: sent(1720000124)}),
		seenAs("event.user_enter_tempsession", wechat.UserEnterTempSessionEvent{
			Common: sent(1720000119), SessionFrom: "sid=1&from=页",
		}),
		seenAs("event.debug_demo", wechat.DebugDemoEvent{Common: sent(1720000125), DebugStr: "你好, debugger"}),
	}
}
