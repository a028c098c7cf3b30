package wxapi

import (
	"context"
	"net/url"
)

// Agent is somebody who answers users in the account's name (客服).
type Agent struct {
	Account string `json:"kf_account"` // prefix@wechatid
	Nick    string `json:"kf_nick"`    // what users read
	ID      ID     `json:"kf_id"`
	Avatar  string `json:"kf_headimgurl"` // URL of the picture that users see
	WeChat  string `json:"kf_wx"`         // WeChat id of the person; empty until it has accepted

	Invited       string  `json:"invite_wx"`          // WeChat id that was invited last
	InviteExpires Seconds `json:"invite_expire_time"` // 0 without an invitation
	InviteStatus  string  `json:"invite_status"`      // waiting, rejected or expired

	OpenID string `json:"kf_openid"` // mini programs only
}

// OnlineAgent is an agent and whether he is at work.
type OnlineAgent struct {
	Account string `json:"kf_account"`
	Status  int    `json:"status"` // 1: online in the browser, 0: not
	ID      ID     `json:"kf_id"`
	Open    int    `json:"accepted_case"` // sessions that he has now
	OpenID  string `json:"kf_openid"`     // mini programs only
}

// AddAgent adds an agent: account is prefix@wechatid, where the prefix has up
// to 10 of [A-Za-z0-9_] and the whole 30 characters; nick has up to 16. He is
// ready once he has accepted an invitation, see [Client.InviteAgent].
//
// Errors: 65400 customer service is not switched on, 65403 nick, 65404 account
// or 65405 number of agents (100) not allowed, 65406 he exists.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_addkfaccount
func (c *Client) AddAgent(ctx context.Context, account, nick string) error {
	return c.post(ctx, "/customservice/kfaccount/add", nil, agentNamed(account, nick), nil)
}

// UpdateAgent gives an agent another nick. Errors as with [Client.AddAgent];
// 65401: no such agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_updatekfaccount
func (c *Client) UpdateAgent(ctx context.Context, account, nick string) error {
	return c.post(ctx, "/customservice/kfaccount/update", nil, agentNamed(account, nick), nil)
}

func agentNamed(account, nick string) map[string]string {
	return map[string]string{"kf_account": account, "nickname": nick}
}

// InviteAgent asks the person with a WeChat id to be an agent. Errors: 65407
// is an agent already, 65408 was invited already, 65409 no such WeChat id,
// 65410 is agent of too many accounts, 65411 has an invitation to answer,
// 65412 the agent has a person.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_invitekfworker
func (c *Client) InviteAgent(ctx context.Context, account, weChatID string) error {
	body := map[string]string{"kf_account": account, "invite_wx": weChatID}
	return c.post(ctx, "/customservice/kfaccount/inviteworker", nil, body, nil)
}

// DeleteAgent removes an agent. 65401: no such agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_delkfaccount
func (c *Client) DeleteAgent(ctx context.Context, account string) error {
	// Older pages have the account in the query and newer ones in the body.
	query := url.Values{"kf_account": {account}}
	return c.post(ctx, "/customservice/kfaccount/del", query, map[string]string{"kf_account": account}, nil)
}

// SetAgentAvatar gives an agent a picture: JPG of up to 5 MB, best 640×640. What
// is no such file is a [FileError]. 61457: WeChat does not take it.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_uploadkfheadimg
func (c *Client) SetAgentAvatar(ctx context.Context, account string, picture File) error {
	query := url.Values{"kf_account": {account}}
	return c.upload(ctx, "/customservice/kfaccount/uploadheadimg", query, avatarRule, picture, nil)
}

// Agents returns all agents of the account, 100 at most.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_getkflist
func (c *Client) Agents(ctx context.Context) ([]Agent, error) {
	var answer struct {
		List []Agent `json:"kf_list"`
	}
	err := c.get(ctx, "/cgi-bin/customservice/getkflist", nil, &answer)
	return answer.List, err
}

// OnlineAgents returns the agents who are at work.
//
// https://developers.weixin.qq.com/doc/service/api/customer/servicermanage/api_getonlinekflist
func (c *Client) OnlineAgents(ctx context.Context) ([]OnlineAgent, error) {
	var answer struct {
		List []OnlineAgent `json:"kf_online_list"`
	}
	err := c.get(ctx, "/cgi-bin/customservice/getonlinekflist", nil, &answer)
	return answer.List, err
}
