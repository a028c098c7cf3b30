package wechat_test

import "github.com/wxbus/wxbus/pkg/wechat"

// sendViews are those of results of sending, of notifications and of agents.
func sendViews() []golden {
	return []golden{
		seenAs("event.templatesendjobfinish", wechat.TemplateSendJobFinishEvent{
			Common: sent(1720000112), MsgID: 200163836, Status: "failed: system failed",
		}),
		seenAs("event.templatesendjobfinish.mini", wechat.TemplateSendJobFinishEvent{
			Common: sent(1720000126), MsgID: 1864323726461255681, Status: "success",
		}),
		seenAs("event.masssendjobfinish", wechat.MassSendJobFinishEvent{
			Common: sentBy(goldenAdmin, 1720000113), MsgID: 1000001625, Status: "err(30003)",
			CopyrightCheckResult: wechat.CopyrightCheckResult{
				Count: 2, ResultList: []wechat.CopyrightCheck{reprint(1), reprint(2)}, CheckState: 2,
			},
			ArticleUrlResult: wechat.ArticleURLResult{
				Count: 1, ResultList: []wechat.ArticleURL{{ArticleIdx: 1, ArticleUrl: "https://mp.weixin.qq.com/s/abc"}},
			},
		}),
		seenAs("event.masssendjobfinish.success", wechat.MassSendJobFinishEvent{
			Common: sentBy(goldenAdmin, 1720000127), MsgID: 3705115058471208928, Status: "send success",
			TotalCount: 100, FilterCount: 80, SentCount: 75, ErrorCount: 5,
			CopyrightCheckResult: wechat.CopyrightCheckResult{CheckState: 1},
		}),
		seenAs("event.publishjobfinish", wechat.PublishJobFinishEvent{
			Common: sent(1720000114),
			PublishEventInfo: wechat.PublishEventInfo{
				PublishID: 2247480011, ArticleID: "ART-example_0001",
				ArticleDetail: wechat.ArticleDetail{Count: 2, Item: []wechat.PublishedArticle{
					{Idx: 1, ArticleURL: "https://mp.weixin.qq.com/s/a1"}, {Idx: 2, ArticleURL: "https://mp.weixin.qq.com/s/a2"},
				}},
			},
		}),
		seenAs("event.publishjobfinish.failed", wechat.PublishJobFinishEvent{
			Common:           sent(1720000115),
			PublishEventInfo: wechat.PublishEventInfo{PublishID: 2247480012, PublishStatus: 2, FailIdx: []int64{1, 3}},
		}),
		seenAs("event.subscribe_msg_popup_event", wechat.SubscribeMsgPopupEvent{
			Common: sent(1720000116),
			List: []wechat.SubscribeMsgPopup{
				{TemplateId: "tmplAAA", SubscribeStatusString: "accept", PopupScene: 2},
				{TemplateId: "tmplBBB", SubscribeStatusString: "reject", PopupScene: 2},
			},
		}),
		seenAs("event.subscribe_msg_popup_event.mini", wechat.SubscribeMsgPopupEvent{
			Common: sent(1720000116), List: []wechat.SubscribeMsgPopup{{TemplateId: "tmplAAA", SubscribeStatusString: "accept"}},
		}),
		seenAs("event.subscribe_msg_change_event", wechat.SubscribeMsgChangeEvent{
			Common: sent(1720000128), List: []wechat.SubscribeMsgChange{{TemplateId: "tmplAAA", SubscribeStatusString: "reject"}},
		}),
		seenAs("event.subscribe_msg_change_event.mini", wechat.SubscribeMsgChangeEvent{
			Common: sent(1720000129),
			List: []wechat.SubscribeMsgChange{
				{TemplateId: "tmplAAA", SubscribeStatusString: "reject"}, {TemplateId: "tmplBBB", SubscribeStatusString: "reject"},
			},
		}),
		seenAs("event.subscribe_msg_sent_event", wechat.SubscribeMsgSentEvent{
			Common: sent(1720000117),
			List:   []wechat.SubscribeMsgSent{{TemplateId: "tmplAAA", MsgID: 1864323726461255680, ErrorStatus: "success"}},
		}),
		seenAs("event.subscribe_msg_sent_event.mini", wechat.SubscribeMsgSentEvent{
			Common: sent(1720000130),
			List: []wechat.SubscribeMsgSent{
				{TemplateId: "tmplAAA", MsgID: 1864323726461255680, ErrorCode: 43108, ErrorStatus: "user block"},
			},
		}),
		seenAs("event.kf_create_session", wechat.KfCreateSessionEvent{Common: sent(1720000131), KfAccount: "test1@test"}),
		seenAs("event.kf_close_session", wechat.KfCloseSessionEvent{Common: sent(1720000132), KfAccount: "test1@test"}),
		seenAs("event.kf_switch_session", wechat.KfSwitchSessionEvent{
			Common: sent(1720000133), FromKfAccount: "test1@test", ToKfAccount: "test2@test",
		}),
	}
}

func reprint(place int64) wechat.CopyrightCheck {
	url := map[int64]string{1: "https://mp.weixin.qq.com/s?__biz=x&mid=1", 2: "https://mp.weixin.qq.com/s?__biz=x&mid=2"}
	return wechat.CopyrightCheck{
		ArticleIdx: place, AuditState: 2, OriginalArticleUrl: url[place], OriginalArticleType: 1,
		CanReprint: true, NeedReplaceContent: true, NeedShowReprintSource: true,
	}
}
