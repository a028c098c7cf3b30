package wxapi

import (
	"context"
	"net/url"
)

// SetAgentAdmin makes an agent of a mini program its administrator, by his
// OpenID, [Agent].OpenID.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-management/setKfAdmin.html
func (c *Client) SetAgentAdmin(ctx context.Context, agentOpenID string) error {
	return c.get(ctx, "/customservice/kfaccount/setadmin", url.Values{"kf_openid": {agentOpenID}}, nil)
}

// CancelAgentAdmin takes it back.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-management/cancelKfAdmin.html
func (c *Client) CancelAgentAdmin(ctx context.Context, agentOpenID string) error {
	return c.get(ctx, "/customservice/kfaccount/canceladmin", url.Values{"kf_openid": {agentOpenID}}, nil)
}

// DeleteProgramAgent removes an agent of a mini program, by his OpenID.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-management/deleteKfAccount.html
func (c *Client) DeleteProgramAgent(ctx context.Context, agentOpenID string) error {
	query := url.Values{"kf_openid": {agentOpenID}}
	return c.post(ctx, "/customservice/kfaccount/del", query, map[string]string{"kf_openid": agentOpenID}, nil)
}

// BoundCorp returns the WeCom corporation (corpid) whose people answer the
// users of a mini program; empty when it is bound to none.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-work/getKfWorkBound.html
func (c *Client) BoundCorp(ctx context.Context) (corpID string, err error) {
	var answer struct {
		CorpID string `json:"corpid"`
	}
	err = c.post(ctx, "/customservice/work/get", nil, struct{}{}, &answer)
	return answer.CorpID, err
}

// BindCorp has the people of a WeCom corporation answer.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-work/bindKfWork.html
func (c *Client) BindCorp(ctx context.Context, corpID string) error {
	return c.post(ctx, "/customservice/work/bind", nil, map[string]string{"corpid": corpID}, nil)
}

// UnbindCorp ends that.
//
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-work/unbindKfWork.html
func (c *Client) UnbindCorp(ctx context.Context, corpID string) error {
	return c.post(ctx, "/customservice/work/unbind", nil, map[string]string{"corpid": corpID}, nil)
}
