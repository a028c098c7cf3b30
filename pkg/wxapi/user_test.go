package wxapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

const exampleUser = `{"subscribe":1,"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","language":"zh_CN","subscribe_time":1382694957,
	"unionid":" o6_bmasdasdsad6_2sgVt7hMZOPfL","remark":"","groupid":0,"tagid_list":[128,2],
	"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":""}`

var wantUser = wxapi.User{
	Subscribe: 1, OpenID: "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", Language: "zh_CN", SubscribeTime: 1382694957,
	UnionID: " o6_bmasdasdsad6_2sgVt7hMZOPfL", Tags: []int{128, 2}, Scene: "ADD_SCENE_QR_CODE", QRScene: 98765,
}

func TestUserCalls(t *testing.T) {
	runCalls(t, []call{
		{
			"follower", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.User(ctx, "o6", "zh_CN") },
			"GET", "/cgi-bin/user/info?lang=zh_CN&openid=o6", "", exampleUser, wantUser,
		},
		{
			"nobody", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.User(ctx, "o6", "") },
			"GET", "/cgi-bin/user/info?openid=o6", "", `{"subscribe":0,"openid":"o6"}`,
			wxapi.User{OpenID: "o6"},
		},
		{
			"several", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return c.Users(ctx, []string{"o6", "o7"}, "en")
			},
			"POST", "/cgi-bin/user/info/batchget", `{"user_list":[{"openid":"o6","lang":"en"},{"openid":"o7","lang":"en"}]}`,
			`{"user_info_list":[` + exampleUser + `,{"subscribe":0,"openid":"o7"}]}`,
			[]wxapi.User{wantUser, {OpenID: "o7"}},
		},
	})
}

func TestUsersOfTheSimulator(t *testing.T) {
	r := newRig(t)
	c, ctx := r.replica(), patience(t)
	var want []string
	for i := range 250 {
		openID := fmt.Sprintf("oUser%d", i)
		_, _ = r.Event(ctx, "main", openID, "subscribe", "qrscene_shop-12")
		want = append(want, openID)
	}
	one, err := c.User(ctx, "oUser7", "")
	if err != nil || !one.Follows() || one.QRText != "shop-12" || one.SubscribeTime.Time().IsZero() {
		t.Errorf("User = %+v, %v", one, err)
	}
	users, err := c.Users(ctx, want, "")
	if err != nil || len(users) != 250 || users[249].OpenID != "oUser249" {
		t.Errorf("Users = %d, %v", len(users), err)
	}
	if _, err := c.User(ctx, "oNobody", ""); wxapi.CodeOf(err) != 40003 {
		t.Errorf("User of nobody = %v, want 40003", err)
	}
	if users, err := c.Users(ctx, append(want[:100:100], "oNobody"), ""); wxapi.CodeOf(err) != 40003 || len(users) != 100 {
		t.Errorf("Users with nobody = %d, %v; want 100 and 40003", len(users), err)
	}
	if diff := cmp.Diff(append([]string{openID}, want...), followers(ctx, t, c, "")); diff != "" {
		t.Errorf("Followers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[240:], followers(ctx, t, c, "oUser239")); diff != "" {
		t.Errorf("Followers after one (-want +got):\n%s", diff)
	}
}

func followers(ctx context.Context, t *testing.T, c *wxapi.Client, after string) []string {
	t.Helper()
	var all []string
	for openID, err := range c.Followers(ctx, after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, openID)
	}
	return all
}

func TestFollowersComeInPages(t *testing.T) {
	const total, page = 25_000, 10_000
	asked := 0
	url := desk(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		from := 0
		_, _ = fmt.Sscanf(r.URL.Query().Get("next_openid"), "o%d", &from)
		var list []string
		for i := from + 1; i <= min(from+page, total); i++ {
			list = append(list, fmt.Sprintf(`"o%d"`, i))
		}
		if len(list) == 0 {
			_, _ = fmt.Fprintf(w, `{"total":%d,"count":0,"next_openid":""}`, total)
			return
		}
		_, _ = fmt.Fprintf(w, `{"total":%d,"count":%d,"data":{"openid":[%s]},"next_openid":%s}`, total, len(list), strings.Join(list, ","), list[len(list)-1])
	})
	c := newClient(url, newStore(), new(bustest.Logbook))
	if got := followers(patience(t), t, c, ""); len(got) != total || got[total-1] != "o25000" {
		t.Errorf("%d followers, want %d", len(got), total)
	}
	if asked != 4 {
		t.Errorf("%d calls, want 4", asked)
	}
	for range c.Followers(patience(t), "") {
		break
	}
	if asked != 5 {
		t.Errorf("%d calls, want one more", asked)
	}
}

func TestFollowersEndWithAnError(t *testing.T) {
	url := server(t, body(`{"errcode":48001,"errmsg":"api unauthorized"}`))
	var errs []error
	for openID, err := range newClient(url, newStore(), new(bustest.Logbook)).Followers(patience(t), "") {
		if openID != "" {
			t.Errorf("OpenID %q", openID)
		}
		errs = append(errs, err)
	}
	if len(errs) != 1 || wxapi.CodeOf(errs[0]) != 48001 {
		t.Errorf("errors = %v, want 48001 once", errs)
	}
}
