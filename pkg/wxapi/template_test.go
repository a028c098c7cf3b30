package wxapi_test

import (
	"context"
	"testing"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

func TestTemplateCalls(t *testing.T) {
	template := wxapi.Template{
		ToUser: "o…", TemplateID: "TEMPLATE_ID_43_CHARS", URL: "https://example.com/o/1",
		MiniProgram: &wxapi.MiniProgram{AppID: "wx0123456789abcdef", PagePath: "pages/order?id=1"},
		ClientMsgID: "order-1-shipped",
		Data:        map[string]wxapi.TemplateValue{"thing1": {Value: "商品已发货"}, "time2": {Value: "2024-07-03 10:00"}},
	}
	subscription := wxapi.Subscription{
		ToUser: "o…", TemplateID: "TID", Page: "https://example.com/x",
		MiniProgram: &wxapi.MiniProgram{AppID: "wx…", PagePath: "index"},
		Data:        map[string]wxapi.TemplateValue{"thing1": {Value: "示例"}, "number2": {Value: "12"}},
	}
	once := wxapi.OnceSubscription{
		ToUser: "OPENID", TemplateID: "TEMPLATE_ID", URL: "http://a?b&c", MiniProgram: &wxapi.MiniProgram{AppID: "wx1", PagePath: "index?foo=bar"},
		Scene: 1000, Title: "TITLE", Content: wxapi.TemplateValue{Value: "VALUE", Color: "#FF0000"},
	}
	const path = "/cgi-bin/message/template/send"
	runCalls(t, []call{
		{
			"template", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.SendTemplate(ctx, template) },
			"POST", path,
			`{"touser":"o…","template_id":"TEMPLATE_ID_43_CHARS","url":"https://example.com/o/1",
			  "miniprogram":{"appid":"wx0123456789abcdef","pagepath":"pages/order?id=1"},
			  "client_msg_id":"order-1-shipped",
			  "data":{"thing1":{"value":"商品已发货"},"time2":{"value":"2024-07-03 10:00"}}}`,
			`{"errcode":0,"errmsg":"ok","msgid":3498765432109876543}`, "3498765432109876543",
		},
		{
			"smallest template", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return c.SendTemplate(ctx, wxapi.Template{ToUser: "o", TemplateID: "T", Data: map[string]wxapi.TemplateValue{}})
			},
			"POST", path, `{"touser":"o","template_id":"T","data":{}}`, `{"errcode":0,"errmsg":"ok","msgid":200228332}`, "200228332",
		},
		{
			"subscription", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.SendSubscription(ctx, subscription) },
			"POST", "/cgi-bin/message/subscribe/bizsend",
			`{"touser":"o…","template_id":"TID","page":"https://example.com/x","miniprogram":{"appid":"wx…","pagepath":"index"},
			  "data":{"thing1":{"value":"示例"},"number2":{"value":"12"}}}`,
			ok, "",
		},
		{
			"once", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.SendOnce(ctx, once)) },
			"POST", "/cgi-bin/message/template/subscribe",
			`{"touser":"OPENID","template_id":"TEMPLATE_ID","url":"http://a?b&c","miniprogram":{"appid":"wx1","pagepath":"index?foo=bar"},
			  "scene":1000,"title":"TITLE","data":{"content":{"value":"VALUE","color":"#FF0000"}}}`,
			ok, nil,
		},
		{
			"once at scene 0", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.SendOnce(ctx, wxapi.OnceSubscription{ToUser: "o", TemplateID: "T", Title: "t"}))
			},
			"POST", "/cgi-bin/message/template/subscribe",
			`{"touser":"o","template_id":"T","scene":0,"title":"t","data":{"content":{"value":""}}}`, ok, nil,
		},
	})
}
