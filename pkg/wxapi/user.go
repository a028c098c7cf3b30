package wxapi

import (
	"context"
	"iter"
	"net/url"
	"slices"
)

// User is what WeChat tells about a user. Nickname, picture and place are not
// filled any more since 27 December 2021.
type User struct {
	// Subscribe is 1 for a follower. Of anybody else only OpenID is filled.
	Subscribe     int     `json:"subscribe"`
	OpenID        string  `json:"openid"`
	UnionID       string  `json:"unionid"` // when the account is bound to an open platform
	Language      string  `json:"language"`
	SubscribeTime Seconds `json:"subscribe_time"` // of the last follow
	Remark        string  `json:"remark"`         // name that the account has given him
	GroupID       int     `json:"groupid"`
	Tags          []int   `json:"tagid_list"`
	// Scene is how the user came: ADD_SCENE_SEARCH, ADD_SCENE_QR_CODE,
	// ADD_SCENE_PROFILE_CARD, ADD_SCENE_PAID, ADD_SCENE_OTHERS, …
	Scene   string `json:"subscribe_scene"`
	QRScene int64  `json:"qr_scene"`     // of the code that he scanned
	QRText  string `json:"qr_scene_str"` // likewise
}

// Follows reports whether the user follows the account.
func (u User) Follows() bool { return u.Subscribe == 1 }

// User returns what WeChat tells about one user, with texts in a language:
// zh_CN, zh_TW or en, empty for the first. 40003: no OpenID of this account.
//
// https://developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
func (c *Client) User(ctx context.Context, openID, language string) (User, error) {
	query := url.Values{"openid": {openID}}
	if language != "" {
		query.Set("lang", language)
	}
	var u User
	err := c.get(ctx, "/cgi-bin/user/info", query, &u)
	return u, err
}

// usersAtOnce is how many users WeChat tells of in one call.
const usersAtOnce = 100

// Users returns what WeChat tells about several users, in one call for each
// 100 of them. With an error come those of the calls before.
//
// https://developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
func (c *Client) Users(ctx context.Context, openIDs []string, language string) ([]User, error) {
	type asked struct {
		OpenID   string `json:"openid"`
		Language string `json:"lang,omitempty"`
	}
	var users []User
	for some := range slices.Chunk(openIDs, usersAtOnce) {
		var list []asked
		for _, openID := range some {
			list = append(list, asked{openID, language})
		}
		var answer struct {
			List []User `json:"user_info_list"`
		}
		if err := c.post(ctx, "/cgi-bin/user/info/batchget", nil, map[string][]asked{"user_list": list}, &answer); err != nil {
			return users, err
		}
		users = append(users, answer.List...)
	}
	return users, nil
}

// Followers returns the OpenIDs of all who follow the account, from the one
// behind after on; empty begins with the first. It makes a call for each
// 10,000 of them. When a call fails the error is the last that comes.
//
// https://developers.weixin.qq.com/doc/offiaccount/User_Management/Getting_a_User_List.html
func (c *Client) Followers(ctx context.Context, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for {
			var answer struct {
				Data struct {
					OpenIDs []string `json:"openid"`
				} `json:"data"`
				Next string `json:"next_openid"`
			}
			if err := c.get(ctx, "/cgi-bin/user/get", url.Values{"next_openid": {after}}, &answer); err != nil {
				yield("", err)
				return
			}
			for _, openID := range answer.Data.OpenIDs {
				if !yield(openID, nil) {
					return
				}
			}
			// The last page names its last user, or nobody.
			if len(answer.Data.OpenIDs) == 0 || answer.Next == "" || answer.Next == after {
				return
			}
			after = answer.Next
		}
	}
}
