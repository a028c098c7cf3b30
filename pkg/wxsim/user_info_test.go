package wxsim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

func (a *api) object(method, path, body string) map[string]any {
	a.t.Helper()
	_, text, err := a.raw(method, path, body)
	got := make(map[string]any)
	if err == nil {
		err = json.Unmarshal([]byte(text), &got)
	}
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

func TestUserInfo(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	query := "?access_token=" + a.stable(false).Token
	info := func(openid string) map[string]any {
		return a.object("GET", "/cgi-bin/user/info"+query+"&openid="+openid, "")
	}
	stranger, _ := a.sim.AddUser("main", "")
	if diff := cmp.Diff(map[string]any{"subscribe": 0.0, "openid": stranger}, info(stranger)); diff != "" {
		t.Errorf("of a stranger (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		key, scene, text string
		id               float64
	}{
		{"", "ADD_SCENE_SEARCH", "", 0},
		{"qrscene_shop-12", "ADD_SCENE_QR_CODE", "shop-12", 0},
		{"qrscene_123", "ADD_SCENE_QR_CODE", "", 123},
	} {
		_, _ = a.sim.Event(t.Context(), "main", openid, "subscribe", tt.key)
		got := info(openid)
		want := map[string]any{
			"subscribe": 1.0, "openid": openid, "language": "zh_CN", "subscribe_time": float64(now.Now().Unix()),
			"subscribe_scene": tt.scene, "qr_scene": tt.id, "qr_scene_str": tt.text,
			"remark": "", "groupid": 0.0, "tagid_list": []any{},
			"nickname": "", "sex": 0.0, "city": "", "province": "", "country": "", "headimgurl": "",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.key, diff)
		}
	}
	if got := info("oNobody")["errcode"]; got != 40003.0 {
		t.Errorf("of nobody: errcode %v", got)
	}
}

func TestUserLists(t *testing.T) {
	a := reachable(t, nil)
	query := "?access_token=" + a.stable(false).Token
	var want []any
	want = append(want, openid)
	for i := range 3 {
		id := fmt.Sprintf("oUser%d", i)
		_, _ = a.sim.Event(t.Context(), "main", id, "subscribe", "")
		want = append(want, id)
	}
	_, _ = a.sim.Event(t.Context(), "main", "oGone", "unsubscribe", "")
	all := map[string]any{"total": 4.0, "count": 4.0, "data": map[string]any{"openid": want}, "next_openid": "oUser2"}
	if diff := cmp.Diff(all, a.object("GET", "/cgi-bin/user/get"+query, "")); diff != "" {
		t.Errorf("user/get (-want +got):\n%s", diff)
	}
	rest := map[string]any{"total": 4.0, "count": 0.0, "next_openid": ""}
	if diff := cmp.Diff(rest, a.object("GET", "/cgi-bin/user/get"+query+"&next_openid=oUser2", "")); diff != "" {
		t.Errorf("user/get behind the last (-want +got):\n%s", diff)
	}
	list := a.object("POST", "/cgi-bin/user/info/batchget"+query, `{"user_list":[{"openid":"oUser1","lang":"en"},{"openid":"oGone"}]}`)
	infos, _ := list["user_info_list"].([]any)
	if len(infos) != 2 || infos[0].(map[string]any)["language"] != "en" || infos[1].(map[string]any)["subscribe"] != 0.0 {
		t.Errorf("batchget = %v", list)
	}
	for body, want := range map[string]float64{
		`{`:                                47001,
		`{"user_list":[]}`:                 40035,
		`{"user_list":[{"openid":"oNo"}]}`: 40003,
		`{"user_list":[` + strings.Repeat(`{"openid":"oUser1"},`, 100) + `{"openid":"oUser1"}]}`: 40035,
	} {
		if got := a.object("POST", "/cgi-bin/user/info/batchget"+query, body)["errcode"]; got != want {
			t.Errorf("batchget %.30s = %v, want %v", body, got, want)
		}
	}
	ips := map[string]any{"ip_list": []any{"127.0.0.1", "::1"}}
	if diff := cmp.Diff(ips, a.object("GET", "/cgi-bin/getcallbackip"+query, "")); diff != "" {
		t.Errorf("getcallbackip (-want +got):\n%s", diff)
	}
}
