package wxapi

import (
	"context"
	"encoding/json"
)

// Button is an entry of the account's menu: one that does something, or one
// that opens up to five others.
type Button struct {
	// Name is read by users: up to 16 bytes on the first level, 60 below.
	Name string `json:"name"`
	// Type is click, view, scancode_push, scancode_waitmsg, pic_sysphoto,
	// pic_photo_or_album, pic_weixin, location_select, media_id, article_id,
	// view_limited, article_view_limited or miniprogram; empty over SubButtons.
	Type string `json:"type,omitempty"`

	Key       string `json:"key,omitempty"`        // up to 128 bytes; comes back in the event
	URL       string `json:"url,omitempty"`        // up to 1024 bytes; of view, and what old clients open for miniprogram
	MediaID   string `json:"media_id,omitempty"`   // of media_id and view_limited
	ArticleID string `json:"article_id,omitempty"` // of article_id and article_view_limited
	AppID     string `json:"appid,omitempty"`      // of miniprogram
	PagePath  string `json:"pagepath,omitempty"`   // likewise

	SubButtons []Button `json:"sub_button,omitempty"`
}

// Menu is a menu as it was created through the API.
type Menu struct {
	ID      ID       `json:"menuid"` // of the default menu only when there are conditional ones
	Buttons []Button `json:"button"`
	// Rule says who sees a conditional menu (个性化菜单): tag_id and the like.
	Rule map[string]json.RawMessage `json:"matchrule"`
}

// CreateMenu replaces the account's default menu by one to three buttons. Users
// see it within five minutes, or at once when they follow anew. Its faults are
// found by WeChat: 40016 to 40028, 40054 and 40055 name what is wrong with a
// button, 40119 and 40120 its type; 45064 says that the mini program is not
// linked to the account.
//
// https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu
func (c *Client) CreateMenu(ctx context.Context, buttons ...Button) error {
	return c.post(ctx, "/cgi-bin/menu/create", nil, map[string][]Button{"button": buttons}, nil)
}

// Menus returns the default menu and the conditional ones. 46003: there is
// none. What was made in WeChat's console is not among them, see
// [Client.CurrentMenu].
//
// https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Getting_Custom_Menu_Configurations.html
func (c *Client) Menus(ctx context.Context) (standard Menu, conditional []Menu, err error) {
	var answer struct {
		Menu        Menu   `json:"menu"`
		Conditional []Menu `json:"conditionalmenu"`
	}
	err = c.get(ctx, "/cgi-bin/menu/get", nil, &answer)
	return answer.Menu, answer.Conditional, err
}

// DeleteMenu deletes the default menu and all conditional ones.
//
// https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Deleting_Custom-Defined_Menu.html
func (c *Client) DeleteMenu(ctx context.Context) error {
	return c.get(ctx, "/cgi-bin/menu/delete", nil, nil)
}

// CurrentMenu is the menu that users see, wherever it was made.
type CurrentMenu struct {
	Open    bool // users see it
	Buttons []CurrentButton
}

// CurrentButton is an entry of a [CurrentMenu]. One that was made in WeChat's
// console has types of its own: text, img, photo, video, voice and news.
type CurrentButton struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Key      string `json:"key"`
	URL      string `json:"url"`
	AppID    string `json:"appid"`
	PagePath string `json:"pagepath"`
	Value    string `json:"value"` // the text, the media_id, or a film's address
	News     struct {
		List []MenuArticle `json:"list"`
	} `json:"news_info"`
	Sub struct {
		List []CurrentButton `json:"list"`
	} `json:"sub_button"`
}

// MenuArticle is an article that a button of type news shows.
type MenuArticle struct {
	Title     string `json:"title"`
	Author    string `json:"author"`
	Digest    string `json:"digest"`
	ShowCover int    `json:"show_cover"` // 1: yes
	CoverURL  string `json:"cover_url"`
	URL       string `json:"content_url"`
	SourceURL string `json:"source_url"`
}

// CurrentMenu returns the menu that users see.
//
// https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Querying_Custom_Menus.html
func (c *Client) CurrentMenu(ctx context.Context) (CurrentMenu, error) {
	var answer struct {
		Open int `json:"is_menu_open"`
		Info struct {
			Buttons []CurrentButton `json:"button"`
		} `json:"selfmenu_info"`
	}
	err := c.get(ctx, "/cgi-bin/get_current_selfmenu_info", nil, &answer)
	return CurrentMenu{answer.Open == 1, answer.Info.Buttons}, err
}
