package wxsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"unicode/utf8"
)

// button is an entry of a menu.
type button struct {
	Type      string    `json:"type,omitempty"`
	Name      string    `json:"name"`
	Key       string    `json:"key,omitempty"`
	URL       string    `json:"url,omitempty"`
	MediaID   string    `json:"media_id,omitempty"`
	ArticleID string    `json:"article_id,omitempty"`
	AppID     string    `json:"appid,omitempty"`
	PagePath  string    `json:"pagepath,omitempty"`
	Sub       []*button `json:"sub_button"`
}

// Bounds of a menu, in entries and in bytes.
const (
	mostButtons = 3
	mostSub     = 5
	mostName    = 16
	mostSubName = 60
	mostKey     = 128
	mostURL     = 1024
)

// The errcodes of a menu's faults.
const (
	errButtons    = 40016
	errButtonType = 40017
	errButtonName = 40018
	errButtonKey  = 40019
	errButtonURL  = 40020
	errMenuLevel  = 40022
	errSubButtons = 40023
	errSubType    = 40024
	errSubName    = 40025
	errSubKey     = 40026
	errSubURL     = 40027
)

// buttonFaults are the errcodes of a button's faults on one level.
type buttonFaults struct{ name, key, url, kind int }

var (
	topFaults = buttonFaults{errButtonName, errButtonKey, errButtonURL, errButtonType}
	subFaults = buttonFaults{errSubName, errSubKey, errSubURL, errSubType}
)

// serveMenuCreate is menu/create: it replaces the account's menu.
func (p *Platform) serveMenuCreate(a *account, body []byte) int {
	menu, errcode := readMenu(body)
	if errcode == errOK {
		p.setMenu(a, menu)
	}
	return errcode
}

// setMenu changes the menu, and tells the pages that are open.
func (p *Platform) setMenu(a *account, menu []*button) {
	a.menu, a.ownMenu = menu, true
	p.events.publish(event{Type: "menu", Account: a.Name, Menu: menu})
	p.touch()
}

// readMenu returns the menu that menu/create takes.
func readMenu(body []byte) ([]*button, int) {
	if escaped(body) {
		return nil, errEscape
	}
	var menu struct {
		Button []*button `json:"button"`
	}
	if json.Unmarshal(body, &menu) != nil {
		return nil, errNotJSON
	}
	if n := len(menu.Button); n == 0 || n > mostButtons || slices.Contains(menu.Button, nil) {
		return nil, errButtons
	}
	for _, b := range menu.Button {
		if errcode := b.check(); errcode != errOK {
			return nil, errcode
		}
	}
	return menu.Button, errOK
}

// check returns the errcode of a button of the first level.
func (b *button) check() int {
	if len(b.Sub) == 0 {
		return b.checkLeaf(topFaults, mostName)
	}
	if b.Name == "" || len(b.Name) > mostName {
		return errButtonName
	}
	if len(b.Sub) > mostSub || slices.Contains(b.Sub, nil) {
		return errSubButtons
	}
	for _, sub := range b.Sub {
		if len(sub.Sub) > 0 {
			return errMenuLevel
		}
		if errcode := sub.checkLeaf(subFaults, mostSubName); errcode != errOK {
			return errcode
		}
	}
	return errOK
}

func (b *button) checkLeaf(faults buttonFaults, mostName int) int {
	if b.Sub == nil {
		b.Sub = []*button{} // as WeChat shows it
	}
	if b.Name == "" || len(b.Name) > mostName || !utf8.ValidString(b.Name) {
		return faults.name
	}
	switch b.Type {
	case "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select":
		return within(faults.key, b.Key, mostKey)
	case "view":
		return within(faults.url, b.URL, mostURL)
	case "miniprogram":
		if errcode := need(errPageAppID, b.AppID); errcode != errOK {
			return errcode
		}
		if errcode := need(errPagePath, b.PagePath); errcode != errOK {
			return errcode
		}
		return within(faults.url, b.URL, mostURL)
	case "media_id", "view_limited":
		return need(errMediaID, b.MediaID)
	case "article_id", "article_view_limited":
		return need(errParameter, b.ArticleID)
	}
	return faults.kind
}

func within(errcode int, value string, most int) int {
	if value == "" || len(value) > most {
		return errcode
	}
	return errOK
}

// serveMenuGet is menu/get.
func serveMenuGet(a *account, _ *http.Request) (any, int) {
	if len(a.menu) == 0 {
		return nil, errNoMenu
	}
	return map[string]any{"menu": map[string]any{"button": a.menu}}, errOK
}

// serveMenuDelete is menu/delete. WeChat does not mind when there is none.
func (p *Platform) serveMenuDelete(a *account, _ *http.Request) (any, int) {
	p.setMenu(a, nil)
	return result{errOK, "ok"}, errOK
}

// serveSelfMenu is get_current_selfmenu_info, whose lists of buttons are
// wrapped.
func serveSelfMenu(a *account, _ *http.Request) (any, int) {
	buttons := make([]map[string]any, len(a.menu))
	for i, b := range a.menu {
		buttons[i] = b.asShown()
		if len(b.Sub) > 0 {
			list := make([]map[string]any, len(b.Sub))
			for j, sub := range b.Sub {
				list[j] = sub.asShown()
			}
			buttons[i]["sub_button"] = map[string]any{"list": list}
		}
	}
	open := 0
	if len(a.menu) > 0 {
		open = 1
	}
	return map[string]any{"is_menu_open": open, "selfmenu_info": map[string]any{"button": buttons}}, errOK
}

func (b *button) asShown() map[string]any {
	shown := map[string]any{"name": b.Name}
	for name, value := range map[string]string{
		"type": b.Type, "key": b.Key, "url": b.URL, "appid": b.AppID, "pagepath": b.PagePath, "value": b.MediaID,
	} {
		if value != "" {
			shown[name] = value
		}
	}
	return shown
}
