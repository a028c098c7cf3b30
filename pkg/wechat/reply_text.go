package wechat

// TextReplies answers with one text. See [TextReply].
func TextReplies(content string) Replies { return Replies{TextReply(content)} }

// TextReply is a text. Line breaks and <a href="…"> links work, also those
// with data-miniprogram-appid and data-miniprogram-path; what exceeds 2048
// bytes is sent as several messages.
func TextReply(content string) Reply {
	return Reply{MsgType: "text", Content: map[string]string{"content": content}}
}

// Article is the card of a [NewsReply].
type Article struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`    // opened by a tap
	PicURL      string `json:"picurl"` // of a picture on the web; best 640×320 for a card
}

// NewsReply is a card that links to a page. WeChat takes exactly one.
func NewsReply(article Article) Reply {
	return Reply{MsgType: "news", Content: map[string]any{"articles": []Article{article}}}
}

// MPNewsReply is an article of the account that was published, by the media_id
// of its material. WeChat replaces this kind by [MPNewsArticleReply].
func MPNewsReply(mediaID string) Reply { return mediaReply("mpnews", mediaID) }

// MPNewsArticleReply is an article of the account, by the article_id that the
// publish API returns.
func MPNewsArticleReply(articleID string) Reply {
	return Reply{MsgType: "mpnewsarticle", Content: map[string]string{"article_id": articleID}}
}

// MenuItem is an entry of a [MenuReply]. A tap on it comes back as a text
// message with Content and, in bizmsgmenuid, ID.
type MenuItem struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

// MenuReply is a text with entries to tap on; head and tail may be empty.
// Accounts that are not verified get errcode 40200; too many entries 45098, one
// that is too long 45099.
func MenuReply(head string, items []MenuItem, tail string) Reply {
	content := map[string]any{"head_content": head, "list": items}
	if tail != "" {
		content["tail_content"] = tail
	}
	return Reply{MsgType: "msgmenu", Content: content}
}

// CardReply is a card (卡券) of the account. It must have passed WeChat's check
// and must not have codes of its own.
func CardReply(cardID string) Reply {
	return Reply{MsgType: "wxcard", Content: map[string]string{"card_id": cardID}}
}

// LinkContent is the content of a [LinkReply].
type LinkContent struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	ThumbURL    string `json:"thumb_url"` // of a picture on the web
}

// LinkReply is a picture and a text that link to a page. Mini programs send it;
// an Official Account sends a [NewsReply] instead.
func LinkReply(link LinkContent) Reply { return Reply{MsgType: "link", Content: link} }
