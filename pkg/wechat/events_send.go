package wechat

// TemplateSendJobFinishEvent says whether a template message (模板消息) arrived.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
type TemplateSendJobFinishEvent struct {
	Common

	// MsgID is the msgid that sending returned. JSON spells it MsgId.
	MsgID int64 `wechat:"MsgID|MsgId"`
	// Status is success, or begins with failed: "failed:user block" (the user
	// refuses the account's messages) and "failed: system failed" (any other
	// cause) are known.
	Status string
}

// Kind returns Kind("event.templatesendjobfinish").
func (TemplateSendJobFinishEvent) Kind() Kind { return "event.templatesendjobfinish" }

// MassSendJobFinishEvent is the result of a message to many (群发).
//
// https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends.html
type MassSendJobFinishEvent struct {
	Common

	// MsgID is the msg_id that sending returned.
	MsgID int64
	// Status is "send success", "send fail" or err(num), where num says why
	// review refused the message: 10001 advertising, 20001 political, 20002
	// pornographic, 20004 social, 20006 illegal, 20008 fraud, 20013 copyright,
	// 21000 other, 22000 mutual promotion, 30001 to 30003 originality, 40001 and
	// 40002 an administrator.
	Status string
	// TotalCount is the number of followers in the group that was chosen.
	TotalCount int64
	// FilterCount is how many of them may get the message: not those who refuse
	// it or had four this month. It is SentCount plus ErrorCount.
	FilterCount int64
	// SentCount is how many got it.
	SentCount int64
	// ErrorCount is how many did not.
	ErrorCount int64
	// CopyrightCheckResult is what the check for originality found; zero when the
	// message had no articles.
	CopyrightCheckResult CopyrightCheckResult
	// ArticleUrlResult has the addresses of the articles; zero when there are none.
	ArticleUrlResult ArticleURLResult
}

// Kind returns Kind("event.masssendjobfinish").
func (MassSendJobFinishEvent) Kind() Kind { return "event.masssendjobfinish" }

// CopyrightCheckResult is what the check for originality found in the articles
// of a message to many.
type CopyrightCheckResult struct {
	// Count is the number of articles in ResultList.
	Count int64
	// ResultList has an entry for each article that was found wanting.
	ResultList []CopyrightCheck
	// CheckState is the verdict: 1 no reprint, may be sent; 2 a reprint, may be
	// sent; 3 a reprint, must not be sent.
	CheckState int64
}

// CopyrightCheck is the verdict on one article.
type CopyrightCheck struct {
	// ArticleIdx is the place of the article in the message, from 1.
	ArticleIdx int64
	// UserDeclareState is what the sender declared. WeChat does not publish the
	// values.
	UserDeclareState int64
	// AuditState is what WeChat found. It does not publish the values.
	AuditState int64
	// OriginalArticleUrl is the article that this one repeats.
	OriginalArticleUrl string
	// OriginalArticleType is the kind of that article. WeChat does not publish
	// the values.
	OriginalArticleType int64
	// CanReprint says whether the article may be sent as a reprint.
	CanReprint bool
	// NeedReplaceContent says whether its text must become that of the original.
	NeedReplaceContent bool
	// NeedShowReprintSource says whether it must name the original.
	NeedShowReprintSource bool
}

// ArticleURLResult has the addresses of the articles of a message to many.
type ArticleURLResult struct {
	// Count is the number of articles in ResultList.
	Count int64
	// ResultList has an entry for each article.
	ResultList []ArticleURL
}

// ArticleURL is the address of one article.
type ArticleURL struct {
	// ArticleIdx is the place of the article in the message, from 1.
	ArticleIdx int64
	// ArticleUrl is its address.
	ArticleUrl string
}

// PublishJobFinishEvent is the result of publishing a draft (发布).
//
// https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish.html
type PublishJobFinishEvent struct {
	Common

	// PublishEventInfo is the result.
	PublishEventInfo PublishEventInfo
}

// Kind returns Kind("event.publishjobfinish").
func (PublishJobFinishEvent) Kind() Kind { return "event.publishjobfinish" }

// PublishEventInfo is the result of publishing a draft.
type PublishEventInfo struct {
	// PublishID is the publish_id that publishing returned.
	PublishID int64 `wechat:"publish_id"`
	// PublishStatus is 0 done, 1 in progress, 2 refused as not original, 3 failed,
	// 4 refused by review, 5 deleted by the user afterwards, 6 banned by WeChat
	// afterwards.
	PublishStatus int64 `wechat:"publish_status"`
	// ArticleID fetches the articles from WeChat's API. It is empty on failure.
	ArticleID string `wechat:"article_id"`
	// ArticleDetail has the articles. It is zero on failure.
	ArticleDetail ArticleDetail `wechat:"article_detail"`
	// FailIdx has the places, from 1, of the articles that failed; none on success.
	FailIdx []int64 `wechat:"fail_idx"`
}

// ArticleDetail has the articles that were published.
type ArticleDetail struct {
	// Count is the number of articles.
	Count int64 `wechat:"count"`
	// Item has an entry for each.
	Item []PublishedArticle `wechat:"item"`
}

// PublishedArticle is one article that was published.
type PublishedArticle struct {
	// Idx is its place in the draft, from 1.
	Idx int64 `wechat:"idx"`
	// ArticleURL is its lasting address.
	ArticleURL string `wechat:"article_url"`
}
