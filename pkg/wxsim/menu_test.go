package wxsim_test

import (
	"strings"
	"testing"
)

const exampleMenu = `{"button":[{"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"},` +
	`{"name":"菜单","sub_button":[{"type":"view","name":"搜索","url":"http://www.soso.com/?a=1&b=2"},` +
	`{"type":"miniprogram","name":"wxa","url":"http://mp.weixin.qq.com","appid":"wx286b93c14bbf93aa","pagepath":"pages/lunar/index"}]}]}`

func TestMenuLives(t *testing.T) {
	a := reachable(t, nil)
	query := "?access_token=" + a.stable(false).Token
	if got := a.call("GET", "/cgi-bin/menu/get"+query, ""); got.Errcode != 46003 {
		t.Errorf("menu/get before = %+v", got)
	}
	if got := a.call("POST", "/cgi-bin/menu/create"+query, exampleMenu); got.Errcode != 0 {
		t.Fatalf("menu/create = %+v", got)
	}
	if _, text, _ := a.raw("GET", "/cgi-bin/menu/get"+query, ""); !strings.HasPrefix(text, `{"menu":{"button":[`) || !strings.Contains(text, "V1001_TODAY_MUSIC") {
		t.Errorf("menu/get = %s", text)
	}
	if _, text, _ := a.raw("GET", "/cgi-bin/get_current_selfmenu_info"+query, ""); !strings.Contains(text, `"is_menu_open":1`) ||
		!strings.Contains(text, `"sub_button":{"list":[{"name":"搜索","type":"view","url":"http://www.soso.com/?a=1&b=2"},`) {
		t.Errorf("get_current_selfmenu_info = %s", text)
	}
	if got := a.call("GET", "/cgi-bin/menu/delete"+query, ""); got.Errcode != 0 {
		t.Errorf("menu/delete = %+v", got)
	}
	if got := a.call("GET", "/cgi-bin/menu/get"+query, ""); got.Errcode != 46003 {
		t.Errorf("menu/get after = %+v", got)
	}
}

func TestMenuFaults(t *testing.T) {
	a := reachable(t, nil)
	query := "?access_token=" + a.stable(false).Token
	leaf := `{"type":"click","name":"a","key":"k"}`
	four := strings.Repeat(leaf+",", 3) + leaf
	for body, want := range map[string]int{
		`{`:                         47001,
		`{"button":[]}`:             40016,
		`{"button":null}`:           40016,
		`{"button":[null]}`:         40016,
		`{"button":[` + four + `]}`: 40016,
		`{"button":[{"type":"click","name":"","key":"k"}]}`:                                                  40018,
		`{"button":[{"type":"click","name":"一二三四五六","key":"k"}]}`:                                            40018,
		`{"button":[{"type":"click","name":"a"}]}`:                                                           40019,
		`{"button":[{"type":"view","name":"a"}]}`:                                                            40020,
		`{"button":[{"type":"press","name":"a"}]}`:                                                           40017,
		`{"button":[{"type":"media_id","name":"a"}]}`:                                                        40007,
		`{"button":[{"type":"article_id","name":"a"}]}`:                                                      40035,
		`{"button":[{"type":"miniprogram","name":"a","url":"u","pagepath":"p"}]}`:                            40166,
		`{"button":[{"type":"miniprogram","name":"a","url":"u","appid":"wx"}]}`:                              40165,
		`{"button":[{"name":"a","sub_button":[` + four + `,` + leaf + `,` + leaf + `]}]}`:                    40023,
		`{"button":[{"name":"a","sub_button":[{"name":"b","sub_button":[` + leaf + `]}]}]}`:                  40022,
		`{"button":[{"name":"a","sub_button":[{"type":"click","name":"` + strings.Repeat("a", 61) + `"}]}]}`: 40025,
		`{"button":[{"name":"a","sub_button":[{"type":"click","name":"b"}]}]}`:                               40026,
		`{"button":[{"name":"a","sub_button":[{"type":"view","name":"b"}]}]}`:                                40027,
		`{"button":[{"name":"a","sub_button":[{"type":"x","name":"b"}]}]}`:                                   40024,
		`{"button":[{"name":"","sub_button":[` + leaf + `]}]}`:                                               40018,
		`{"button":[{"type":"click","name":"\u4f60","key":"k"}]}`:                                            40033,
	} {
		if got := a.call("POST", "/cgi-bin/menu/create"+query, body); got.Errcode != want {
			t.Errorf("%s = %d, want %d", body, got.Errcode, want)
		}
	}
	if got := a.call("POST", "/cgi-bin/menu/get"+query, ""); got.Errcode != 43001 {
		t.Errorf("POST menu/get = %+v", got)
	}
	if got := a.call("GET", "/cgi-bin/menu/get", ""); got.Errcode != 41001 {
		t.Errorf("menu/get without a token = %+v", got)
	}
}
