package wxapi_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

var exampleButtons = []wxapi.Button{
	{Type: "click", Name: "今日歌曲", Key: "V1001_TODAY_MUSIC"},
	{Name: "菜单", SubButtons: []wxapi.Button{
		{Type: "view", Name: "搜索", URL: "http://www.soso.com/?a=1&b=2"},
		{Type: "miniprogram", Name: "wxa", URL: "http://mp.weixin.qq.com", AppID: "wx286b93c14bbf93aa", PagePath: "pages/lunar/index"},
	}},
}

func TestMenuLives(t *testing.T) {
	r := newRig(t)
	c, ctx := r.replica(), patience(t)
	if _, _, err := c.Menus(ctx); wxapi.CodeOf(err) != 46003 {
		t.Errorf("Menus before = %v, want 46003", err)
	}
	if err := c.CreateMenu(ctx, exampleButtons...); err != nil {
		t.Fatalf("CreateMenu = %v", err)
	}
	got, conditional, err := c.Menus(ctx)
	if err != nil || conditional != nil {
		t.Errorf("Menus = %v, %v", conditional, err)
	}
	want := wxapi.Menu{Buttons: []wxapi.Button{
		{Type: "click", Name: "今日歌曲", Key: "V1001_TODAY_MUSIC", SubButtons: []wxapi.Button{}},
		{Name: "菜单", SubButtons: []wxapi.Button{
			{Type: "view", Name: "搜索", URL: "http://www.soso.com/?a=1&b=2", SubButtons: []wxapi.Button{}},
			{Type: "miniprogram", Name: "wxa", URL: "http://mp.weixin.qq.com", AppID: "wx286b93c14bbf93aa", PagePath: "pages/lunar/index", SubButtons: []wxapi.Button{}},
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Menus (-want +got):\n%s", diff)
	}
	current, err := c.CurrentMenu(ctx)
	if err != nil || !current.Open || len(current.Buttons) != 2 || current.Buttons[1].Sub.List[1].AppID != "wx286b93c14bbf93aa" {
		t.Errorf("CurrentMenu = %+v, %v", current, err)
	}
	if err := c.DeleteMenu(ctx); err != nil {
		t.Errorf("DeleteMenu = %v", err)
	}
	if current, err := c.CurrentMenu(ctx); err != nil || current.Open {
		t.Errorf("CurrentMenu after = %+v, %v", current, err)
	}
	if err := c.CreateMenu(ctx); wxapi.CodeOf(err) != 40016 {
		t.Errorf("CreateMenu without buttons = %v, want 40016", err)
	}
}

func TestMenusOfTheConsoleAndForSome(t *testing.T) {
	type menus struct {
		Standard    wxapi.Menu
		Conditional []wxapi.Menu
	}
	runCalls(t, []call{
		{
			"conditional", func(ctx context.Context, c *wxapi.Client) (any, error) {
				standard, conditional, err := c.Menus(ctx)
				return menus{standard, conditional}, err
			},
			"GET", "/cgi-bin/menu/get", "",
			`{"menu":{"button":[{"type":"click","name":"a","key":"k"}],"menuid":208396938},
			  "conditionalmenu":[{"button":[],"matchrule":{"tag_id":"2"},"menuid":208396993}]}`,
			menus{
				wxapi.Menu{ID: "208396938", Buttons: []wxapi.Button{{Type: "click", Name: "a", Key: "k"}}},
				[]wxapi.Menu{{ID: "208396993", Buttons: []wxapi.Button{}, Rule: map[string]json.RawMessage{"tag_id": json.RawMessage(`"2"`)}}},
			},
		},
		{
			"console", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.CurrentMenu(ctx) },
			"GET", "/cgi-bin/get_current_selfmenu_info", "",
			`{"is_menu_open":1,"selfmenu_info":{"button":[{"name":"button","sub_button":{"list":[
			  {"type":"text","name":"text","value":"This is text!"},
			  {"type":"news","name":"news","news_info":{"list":[{"title":"MULTI_NEWS","author":"JIMZHENG","digest":"text","show_cover":0,
			    "cover_url":"http://mmbiz.qpic.cn/0","content_url":"http://mp.weixin.qq.com/s","source_url":""}]}}]}}]}}`,
			wxapi.CurrentMenu{Open: true, Buttons: []wxapi.CurrentButton{consoleButton()}},
		},
	})
}

func consoleButton() wxapi.CurrentButton {
	b := wxapi.CurrentButton{Name: "button"}
	news := wxapi.CurrentButton{Type: "news", Name: "news"}
	news.News.List = []wxapi.MenuArticle{{
		Title: "MULTI_NEWS", Author: "JIMZHENG", Digest: "text", CoverURL: "http://mmbiz.qpic.cn/0", URL: "http://mp.weixin.qq.com/s",
	}}
	b.Sub.List = []wxapi.CurrentButton{{Type: "text", Name: "text", Value: "This is text!"}, news}
	return b
}
