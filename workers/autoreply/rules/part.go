package rules

import (
	"slices"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// part makes one message of an answer, or false when it comes out empty.
type part func(expansion) (wechat.Reply, bool)

func textPart(text string) part {
	return func(x expansion) (wechat.Reply, bool) {
		content := x.expand(text)
		return wechat.TextReply(content), strings.TrimSpace(content) != ""
	}
}

// mediaPart is for every kind that consists of a media id.
func mediaPart(mediaID string, reply func(string) wechat.Reply) part {
	return func(x expansion) (wechat.Reply, bool) {
		id := strings.TrimSpace(x.expand(mediaID))
		return reply(id), id != ""
	}
}

func newsPart(article wechat.Article) part {
	return func(x expansion) (wechat.Reply, bool) {
		return wechat.NewsReply(wechat.Article{
			Title:       x.expand(article.Title),
			Description: x.expand(article.Description),
			URL:         x.expand(article.URL),
			PicURL:      x.expand(article.PicURL),
		}), true
	}
}

func menuPart(head string, items []wechat.MenuItem, tail string) part {
	return func(x expansion) (wechat.Reply, bool) {
		entries := slices.Clone(items)
		for i := range entries {
			entries[i].Content = x.expand(entries[i].Content)
		}
		return wechat.MenuReply(x.expand(head), entries, x.expand(tail)), true
	}
}
