package wxsim

import (
	"encoding/json"
	"slices"
	"time"
)

// mostContent is the longest text, in bytes of UTF-8.
const mostContent = 2048

// content has the members that any msgtype of custom/send must have.
type content struct {
	Content   string            `json:"content"`
	MediaID   string            `json:"media_id"`
	ThumbID   string            `json:"thumb_media_id"`
	ArticleID string            `json:"article_id"`
	CardID    string            `json:"card_id"`
	AppID     string            `json:"appid"`
	PagePath  string            `json:"pagepath"`
	Articles  []json.RawMessage `json:"articles"`
	List      []struct {
		ID      string `json:"id"`
		Content string `json:"content"`
	} `json:"list"`
}

// checks has a function for each msgtype that custom/send takes. "link" is one
// of mini programs; what an Official Account gets for it is not documented.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
var checks = map[string]func(content) int{
	"text":            content.text,
	"news":            content.news,
	"msgmenu":         content.menu,
	"miniprogrampage": content.page,
	"link":            func(content) int { return errOK },
	"image":           func(c content) int { return need(errMediaID, c.MediaID) },
	"voice":           func(c content) int { return need(errMediaID, c.MediaID) },
	"mpnews":          func(c content) int { return need(errMediaID, c.MediaID) },
	"video":           func(c content) int { return need(errMediaID, c.MediaID, c.ThumbID) },
	"music":           func(c content) int { return need(errMediaID, c.ThumbID) },
	"mpnewsarticle":   func(c content) int { return need(errParameter, c.ArticleID) },
	"wxcard":          func(c content) int { return need(errCardID, c.CardID) },
}

// check returns the errcode of a message's content.
func (a *account) check(msgType string, object json.RawMessage, now time.Time) int {
	checkContent, known := checks[msgType]
	if !known {
		return errMsgType
	}
	var c content
	if len(object) > 0 && json.Unmarshal(object, &c) != nil {
		return errNotJSON
	}
	if errcode := checkContent(c); errcode != errOK {
		return errcode
	}
	return a.checkMedia(msgType, c, now)
}

func need(errcode int, values ...string) int {
	if slices.Contains(values, "") {
		return errcode
	}
	return errOK
}

func (c content) text() int {
	switch {
	case c.Content == "":
		return errEmptyText
	case len(c.Content) > mostContent:
		return errTooLong
	}
	return errOK
}

func (c content) news() int {
	switch {
	case len(c.Articles) == 0:
		return errEmptyArticle
	case len(c.Articles) > 1:
		return errArticles
	}
	return errOK
}

func (c content) menu() int {
	if len(c.List) == 0 {
		return errParameter
	}
	for _, entry := range c.List {
		if errcode := need(errParameter, entry.ID, entry.Content); errcode != errOK {
			return errcode
		}
	}
	return errOK
}

func (c content) page() int {
	switch "" {
	case c.AppID:
		return errPageAppID
	case c.PagePath:
		return errPagePath
	case c.ThumbID:
		return errMediaID
	}
	return errOK
}
