package main_test

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	deskWidth, deskHeight   = 1440, 900
	phoneWidth, phoneHeight = 390, 844
)

// visit is a person at the page of a new desk, with his first follower.
func visit(t *testing.T, more ...chromedp.Action[chromedp.Void]) (*desk, *browser) {
	t.Helper()
	chromium(t)
	d := sitDown(t, filepath.Join(t.TempDir(), "data"))
	b := browse(t, d.page, deskWidth, deskHeight, append([]chromedp.Action[chromedp.Void]{speaks("zh-CN")}, more...)...)
	b.click("#add-first")
	b.shows(".message.account", "欢迎关注")
	return d, b
}

// A first visit: follow, welcome, a question, its answer and its whole way.
func TestPageFirstAnswer(t *testing.T) {
	_, b := visit(t)
	b.shows(".message.grey", "你关注了公众号")
	b.shot("welcome")
	b.write("你好")
	b.shows(".message.account", "你好呀")
	for _, station := range []string{"wechat", "stored", "workers", "replies", "left"} {
		b.until(station, "document.querySelector(`.station.good[data-station="+station+"]`)")
	}
	b.shows("[data-station=stored]", "wechat.in.main.")
	b.shows("[data-station=workers]", "autoreply")
	b.shows("[data-station=replies]", "已送达")
	b.shows("[data-name=encrypted]", "<Encrypt>")
	b.shot("desk-light")
	b.clean()
}
