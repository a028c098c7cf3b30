package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const (
	deskWidth, deskHeight   = 1440, 900
	phoneWidth, phoneHeight = 390, 844
)

// visit is a person at the page of a new desk, with his first follower.
func visit(t *testing.T, more ...chromedp.Action[chromedp.Void]) *browser {
	t.Helper()
	chromium(t)
	d := sitDown(t, filepath.Join(t.TempDir(), "data"))
	b := browse(t, d.page, deskWidth, deskHeight, append([]chromedp.Action[chromedp.Void]{speaks("zh-CN")}, more...)...)
	b.click("#add-first")
	b.shows(".message.account", "欢迎关注")
	return b
}

// A first visit: follow, welcome, a question, its answer and its whole way.
func TestPageFirstAnswer(t *testing.T) {
	b := visit(t)
	b.shows(".message.grey", "你关注了公众号")
	b.write("你好")
	b.shows(".message.account", "你好呀")
	for _, station := range []string{"wechat", "stored", "workers", "replies", "left"} {
		b.until(station, "document.querySelector(`.station.good[data-station="+station+"]`)")
	}
	b.shows("[data-station=stored]", "wechat.in.main.")
	b.shows("[data-station=workers]", "autoreply")
	b.shows("[data-station=replies]", "已送达")
	b.shows(".state.good", "已回复 1 条")
	b.shows("[data-name=encrypted]", "<Encrypt>")
	b.shot("desk-light")
	b.clean()
}

func TestPageMenus(t *testing.T) {
	b := visit(t)
	b.press("#menu button", "帮助")
	b.shows(".message.account .bubble.menu", "你想看什么")
	b.press(".bubble.menu button", "营业时间")
	b.shows(".message.user", "营业时间")
	b.shows(".message.account", "9:00 – 21:00")
	b.press("#menu button", "服务")
	b.shot("menu")
	b.press("#menu .entries button", "扫一扫")
	b.run(chromedp.WaitVisible(chromedp.CSS("dialog[open]")))
	b.press("dialog button", "确定")
	b.shows(".message.grey", "你用菜单「scan」扫到 https://example.com/p/1001")
	b.press("#menu button", "服务")
	b.press("#menu .entries button", "发位置")
	b.press("dialog button", "确定")
	b.shows(".message.account", "原来你在 广州市")
	b.until("its way is through", "document.querySelector(`.station.good[data-station=replies]`)")
	b.shot("page")
	b.clean()
}

func TestPagePicture(t *testing.T) {
	b := visit(t)
	picture := filepath.Join(t.TempDir(), "icon.png")
	if err := os.WriteFile(picture, []byte(smallPNG), 0o600); err != nil {
		t.Fatal(err)
	}
	b.js(`document.querySelector('#file').dataset.type = 'image'`)
	b.run(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{picture}))
	b.until("both see the picture", `[...document.querySelectorAll('.message .picture')].filter(e => e.naturalWidth > 0).length === 2`)
	b.click("#more")
	b.press("#tray button", "语音")
	b.shows(".message.account", "我听到啦")
	b.shot("tray")
	b.press("#tray button", "链接")
	b.press("dialog button", "确定")
	b.shows(".message.user", "怎样接收微信消息")
	b.click("#emoji")
	b.press("#emojis button", "🎉")
	b.until("the emoji", "document.querySelector('#text').value === '🎉'")
	b.clean()
}

// What cannot be sent becomes a dead letter, which the page puts back.
func TestPageDeadLetterIsRetried(t *testing.T) {
	b := visit(t)
	b.choose("[data-name=calls]", "40001")
	b.until("rough weather", "document.body.classList.contains('rough')")
	b.write("你好")
	b.shows("[data-station=letters]", "sender")
	b.shows(".state.bad", "有死信")
	b.until("the sign of a dead letter", "document.querySelector('.message.user .sign.letters')")
	b.shot("dead-letter")
	b.click("[data-name=sky]")
	b.until("fine weather", "!document.body.classList.contains('rough')")
	b.press("[data-station=letters] button", "重新处理")
	b.shows("[data-station=letters]", "已放回")
	b.shows(".message.account", "你好呀")
	b.until("no sign is left", "!document.querySelector('.sign.letters')")
	b.shows(".state.good", "已回复 1 条")
	b.clean()
}

// A reply for which there is no quota waits, and goes out when the user is back.
func TestPageHeldReply(t *testing.T) {
	chromium(t)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	const many = "rules:\n  - when: {type: text, equal: 多}\n    reply: [一, 二, 三]\n  - when: {type: text, equal: 在}\n    reply: 不在\n"
	if err := os.WriteFile(rules, []byte(many), 0o600); err != nil {
		t.Fatal(err)
	}
	d := sitDown(t, t.TempDir(), "AUTOREPLY_RULES="+rules, "SENDER_QUOTA_EVENT=0", "SENDER_QUOTA_MESSAGE=2")
	b := browse(t, d.page, deskWidth, deskHeight, speaks("zh-CN"))
	b.click("#add-first")
	b.shows(".message.grey", "你关注了公众号")
	b.write("多")
	b.shows(".message.account", "二")
	b.shows("[data-station=replies]", "等用户再来")
	b.shows(".state.busy", "额度用完")
	b.shot("held")
	b.js("window.held = Date.now()")
	b.until("what he writes is later than what was sent, in WeChat's whole seconds", "Date.now() - window.held > 2500")
	b.write("在")
	b.shows(".message.account", "三")
	b.shows(".message.account", "不在")
	b.press(".message.user .bubble", "多")
	b.shows(".state.good", "已回复 1 条")
	b.clean()
}

// The page finds back to a server that was away.
func TestPageRecovers(t *testing.T) {
	chromium(t)
	data, addr := filepath.Join(t.TempDir(), "data"), bustest.FreeAddr()
	d := sitDownAt(t, data, addr)
	b := browse(t, d.page, deskWidth, deskHeight, speaks("en-US"))
	b.click("#add-first")
	b.shows(".message.account", "欢迎关注")
	d.kill(syscall.SIGTERM)
	b.until("it says that nobody answers", "!document.querySelector('#offline').hidden")
	b.shot("offline")
	sitDownAt(t, data, addr)
	b.until("it is back", "document.querySelector('#offline').hidden")
	b.shows(".message.account", "欢迎关注")
	b.write("你好")
	b.shows(".message.account", "你好呀")
	b.clean("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
}

func TestPageOnAPhone(t *testing.T) {
	chromium(t)
	d := sitDown(t, filepath.Join(t.TempDir(), "data"))
	b := browse(t, d.page, phoneWidth, phoneHeight, speaks("zh-CN"), scheme("dark"))
	b.click("#add")
	b.shows(".message.account", "欢迎关注")
	b.press("#menu button", "帮助")
	b.press(".bubble.menu button", "怎么查订单")
	b.shows(".message.account", "订单 10086")
	b.shot("phone-chat")
	b.until("nothing is wider than the window", "document.documentElement.scrollWidth <= innerWidth")
	b.click("#journey-toggle")
	b.shows("[data-station=workers]", "autoreply")
	b.shot("phone-journey")
	b.click("#journey-close")
	b.click("#weather-toggle")
	b.run(chromedp.WaitVisible(chromedp.CSS("[data-name=lost]")))
	b.shot("phone-weather")
	b.click("#weather-toggle")
	b.click("#back")
	b.run(chromedp.WaitVisible(chromedp.CSS(".person")))
	b.shot("phone-people")
	b.clean()
}

func TestPageSpeaksTwoLanguages(t *testing.T) {
	chromium(t)
	d := sitDown(t, filepath.Join(t.TempDir(), "data"))
	b := browse(t, d.page, deskWidth, deskHeight, speaks("en-US"), scheme("dark"))
	b.shows("#empty", "Nobody follows this account yet.")
	b.shot("first-visit")
	b.click("#add-first")
	b.shows(".message.grey", "You followed the account")
	b.write("文档")
	b.shows(".message.account", "微信公众号开发文档")
	b.shows("[data-station=replies]", "delivered")
	b.press("#menu button", "帮助")
	b.shows(".message.account .bubble.menu", "你想看什么")
	b.shot("desk-dark")
	words := b.text("body")
	b.click("#language")
	b.shows(".message.grey", "你关注了公众号")
	b.shows("#journey-title", "消息旅程")
	if strings.Contains(words, "undefined") || strings.Contains(b.text("body"), "undefined") {
		t.Error("a word is missing")
	}
	b.run(chromedp.Reload())
	b.shows("#people-title", "关注者")
	b.clean()
}

// Many followers, several at once, another name, a scan, a sample, a keyboard.
func TestPageFollowers(t *testing.T) {
	b := visit(t)
	b.click("#rename")
	b.js(`document.querySelector('dialog input').value = '小红'`)
	b.press("dialog button", "确定")
	b.shows(".person", "小红")
	b.click("#choose-several")
	b.press("#several button", "再加 10 人")
	b.until("eleven followers", "document.querySelectorAll('.person').length === 11")
	b.until("all are welcome", `[...document.querySelectorAll('.person .last')].every(e => e.textContent.includes('欢迎关注'))`)
	b.press("#several button", "全选")
	b.write("你好")
	b.until("all are answered", `[...document.querySelectorAll('.person .last')].every(e => e.textContent.includes('你好呀'))`)
	b.shot("several")
	b.click("#choose-several")
	b.press(".person strong", "小红")
	b.click("#follow")
	b.shows("#follow-state", "未关注")
	b.click("#scan")
	b.press("dialog button", "确定")
	b.shows(".message.account", "您在 8 号桌")
	b.run(chromedp.KeyEvent("k", chromedp.KeyModifiers(2))) // Ctrl
	b.fill("dialog input[type=search]", "shortvideo")
	b.shot("palette")
	b.run(key("Enter", 13))
	b.shows(".message.account", "我现在只看得懂文字和图片")
	b.run(chromedp.Focus(chromedp.CSS("#messages")), key("ArrowDown", 40), key("ArrowUp", 38))
	b.until("a message is chosen", "document.activeElement.matches('.message.selected')")
	b.clean()
}

func TestPageWeatherAndLoad(t *testing.T) {
	b := visit(t)
	b.click("[data-name=lost]")
	b.until("rough weather", "document.body.classList.contains('rough')")
	b.click("[data-name=twice]")
	b.write("你好")
	b.shows("[data-station=wechat]", "第 3 次")
	b.shows("[data-station=wechat]", "应答丢在路上")
	b.until("it was handled once", "document.querySelectorAll('[data-station=replies] .box').length === 1")
	b.choose("[data-name=load]", "50")
	b.until("the load is shown", "/收 [1-9]/.test(document.querySelector('#load-figures').textContent)")
	b.shot("weather")
	b.choose("[data-name=load]", "0")
	b.until("the load has ended", "document.querySelector('#load-figures').hidden")
	b.clean()
}
