package wxapi

import (
	"context"
	"time"
)

// Quota is how often the account may call one API.
type Quota struct {
	DailyLimit int64 `json:"daily_limit"`
	Used       int64 `json:"used"`
	Remain     int64 `json:"remain"` // until 00:00 China time
}

// RateLimit is how often the account may call one API in a short time. The
// zero RateLimit says that WeChat has told of none.
type RateLimit struct {
	Calls  int64
	Period time.Duration
}

// Quota returns what is left of the calls of one API today, such as
// /cgi-bin/message/custom/send. Errors: 76021 the path is none of WeChat's,
// 76022 the API is not one of this kind of account.
//
// https://developers.weixin.qq.com/doc/offiaccount/openApi/get_api_quota.html
func (c *Client) Quota(ctx context.Context, apiPath string) (Quota, RateLimit, error) {
	var answer struct {
		Quota Quota `json:"quota"`
		Rate  struct {
			Calls   int64 `json:"call_count"`
			Seconds int64 `json:"refresh_second"`
		} `json:"rate_limit"`
	}
	body := map[string]string{"cgi_path": apiPath}
	err := c.post(ctx, "/cgi-bin/openapi/quota/get", nil, body, &answer)
	return answer.Quota, RateLimit{answer.Rate.Calls, time.Duration(answer.Rate.Seconds) * time.Second}, err
}

// ClearQuota begins all daily counters of the account anew, which ends a
// refusal by 45009. WeChat allows it 10 times a month; then it answers 48006.
//
// https://developers.weixin.qq.com/doc/offiaccount/openApi/clear_quota.html
func (c *Client) ClearQuota(ctx context.Context) error {
	return c.post(ctx, "/cgi-bin/clear_quota", nil, map[string]string{"appid": c.account.AppID}, nil)
}
