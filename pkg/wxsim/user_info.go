package wxsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the calls about users.
const (
	mostInfos   = 100
	mostOpenIDs = 10_000
)

// serveUserInfo is user/info.
func serveUserInfo(a *account, r *http.Request) (any, int) {
	query := r.URL.Query()
	u, known := a.users[query.Get("openid")]
	if !known {
		return nil, errOpenID
	}
	return u.info(query.Get("lang")), errOK
}

// serveUserInfos is user/info/batchget.
func serveUserInfos(a *account, body []byte) (any, int) {
	var asked struct {
		List []struct {
			OpenID string `json:"openid"`
			Lang   string `json:"lang"`
		} `json:"user_list"`
	}
	if json.Unmarshal(body, &asked) != nil {
		return nil, errNotJSON
	}
	if n := len(asked.List); n == 0 || n > mostInfos {
		return nil, errParameter
	}
	infos := make([]any, 0, len(asked.List))
	for _, one := range asked.List {
		u, known := a.users[one.OpenID]
		if !known {
			return nil, errOpenID
		}
		infos = append(infos, u.info(one.Lang))
	}
	return map[string]any{"user_info_list": infos}, errOK
}

// info is what WeChat tells about a user: of a follower no name and no picture
// any more, of anybody else nothing.
func (u *user) info(language string) any {
	if !u.Following {
		return map[string]any{"subscribe": 0, "openid": u.OpenID}
	}
	if language == "" {
		language = "zh_CN"
	}
	followed, scene := u.followed()
	info := map[string]any{
		"subscribe": 1, "openid": u.OpenID, "language": language, "remark": "", "groupid": 0, "tagid_list": []int{},
		"nickname": "", "sex": 0, "city": "", "province": "", "country": "", "headimgurl": "",
		"subscribe_time": followed, "subscribe_scene": "ADD_SCENE_SEARCH", "qr_scene": 0, "qr_scene_str": "",
	}
	if scene == "" {
		return info
	}
	info["subscribe_scene"] = "ADD_SCENE_QR_CODE"
	if n, err := strconv.ParseUint(scene, 10, 32); err == nil {
		info["qr_scene"] = n
	} else {
		info["qr_scene_str"] = scene
	}
	return info
}

// followed returns when the user followed last, in seconds, and the scene of
// the code that he scanned for it. Who was never seen to follow has done so
// with his first message.
func (u *user) followed() (at int64, scene string) {
	at = u.Active.Unix()
	for _, m := range slices.Backward(u.Chat) {
		at = m.Time.Unix()
		var event struct{ Event, EventKey string }
		if m.From != FromUser || m.MsgType != "event" || json.Unmarshal(m.Content, &event) != nil {
			continue
		}
		if strings.EqualFold(event.Event, "subscribe") {
			return at, strings.TrimPrefix(event.EventKey, "qrscene_")
		}
	}
	return at, ""
}

// serveUserGet is user/get: the OpenIDs of the followers in the order in which
// they came.
func serveUserGet(a *account, r *http.Request) (any, int) {
	var all []string
	for _, u := range a.inOrder() {
		if u.Following {
			all = append(all, u.OpenID)
		}
	}
	total := len(all)
	if after := r.URL.Query().Get("next_openid"); after != "" {
		found := false
		for i, openid := range all {
			if openid == after {
				all, found = all[i+1:], true
				break
			}
		}
		if !found {
			return nil, errOpenID
		}
	}
	all = all[:min(len(all), mostOpenIDs)]
	answer := map[string]any{"total": total, "count": len(all), "next_openid": ""}
	if len(all) > 0 {
		answer["data"] = map[string]any{"openid": all}
		answer["next_openid"] = all[len(all)-1]
	}
	return answer, errOK
}

// serveCallbackIP is getcallbackip: the simulator pushes from this machine.
func serveCallbackIP(*account, *http.Request) (any, int) {
	return map[string]any{"ip_list": []string{"127.0.0.1", "::1"}}, errOK
}
