package wxapi

import (
	"context"
	"net/url"
)

// Session is a user whom an agent serves: what he writes goes to that agent.
type Session struct {
	Agent  string  `json:"kf_account"` // empty when no agent serves the user
	OpenID string  `json:"openid"`
	Since  Seconds `json:"createtime"`
}

// WaitingUser is a user who waits for an agent.
type WaitingUser struct {
	OpenID string  `json:"openid"`
	Wrote  Seconds `json:"latest_time"` // his last message
}

// OpenSession has an agent serve a user. It succeeds as well when he does so
// already. Errors: 65401 no such agent, 65413 the user has not written lately,
// 65414 another agent serves him, 65415 the agent is not online.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_createkfsession
func (c *Client) OpenSession(ctx context.Context, agent, openID string) error {
	return c.post(ctx, "/customservice/kfsession/create", nil, sessionOf(agent, openID), nil)
}

// CloseSession ends it. 65413: there is none.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_closesession
func (c *Client) CloseSession(ctx context.Context, agent, openID string) error {
	return c.post(ctx, "/customservice/kfsession/close", nil, sessionOf(agent, openID), nil)
}

func sessionOf(agent, openID string) map[string]string {
	return map[string]string{"kf_account": agent, "openid": openID}
}

// Session returns who serves a user; nobody is a Session without Agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getkfsession
func (c *Client) Session(ctx context.Context, openID string) (Session, error) {
	s := Session{OpenID: openID}
	err := c.get(ctx, "/customservice/kfsession/getsession", url.Values{"openid": {openID}}, &s)
	return s, err
}

// Sessions returns the users whom an agent serves. 65401: no such agent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getkfsessionlist
func (c *Client) Sessions(ctx context.Context, agent string) ([]Session, error) {
	var answer struct {
		List []Session `json:"sessionlist"`
	}
	err := c.get(ctx, "/customservice/kfsession/getsessionlist", url.Values{"kf_account": {agent}}, &answer)
	for i := range answer.List {
		answer.List[i].Agent = agent
	}
	return answer.List, err
}

// WaitingUsers returns how many users wait for an agent and those who wait
// longest, 100 at most.
//
// https://developers.weixin.qq.com/doc/service/api/customer/messctrl/api_getwaitcase
func (c *Client) WaitingUsers(ctx context.Context) (count int, longest []WaitingUser, err error) {
	var answer struct {
		Count int           `json:"count"`
		List  []WaitingUser `json:"waitcaselist"`
	}
	err = c.get(ctx, "/customservice/kfsession/getwaitcase", nil, &answer)
	return answer.Count, answer.List, err
}
