package wechat_test

import (
	"fmt"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func ExampleView() {
	m, err := wechat.Decode([]byte(`<xml><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe_msg_sent_event]]></Event>
<SubscribeMsgSentEvent><List><TemplateId><![CDATA[tmplAAA]]></TemplateId><MsgID>1864323726461255680</MsgID>
<ErrorCode>0</ErrorCode><ErrorStatus><![CDATA[success]]></ErrorStatus></List></SubscribeMsgSentEvent></xml>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := wechat.View[wechat.SubscribeMsgSentEvent](m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sent := range event.List {
		fmt.Println(sent.TemplateId, sent.MsgID, sent.ErrorCode == 0)
	}
	_, err = wechat.View[wechat.Text](m)
	fmt.Println(err)
	// Output:
	// tmplAAA 1864323726461255680 true
	// view of text: the message is of kind event.subscribe_msg_sent_event
}

// OrderPaid is a view of an event that this package does not know.
type OrderPaid struct {
	wechat.Common

	OrderID int64    `wechat:"order_info>order_id"`
	Goods   []string `wechat:"order_info>goods"`
}

// Kind makes OrderPaid a [wechat.Typed].
func (OrderPaid) Kind() wechat.Kind { return "event.my_order_paid" }

func ExampleView_ofYourOwn() {
	m, err := wechat.Decode([]byte(`{"FromUserName":"oAbCd","CreateTime":1720000001,"MsgType":"event","Event":"my_order_paid",
"order_info":{"order_id":"3705115058471208928","goods":{"item":["tea","cup"]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	paid, err := wechat.View[OrderPaid](m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(paid.FromUserName, paid.CreateTime, paid.OrderID, paid.Goods)
	// Output: oAbCd 2024-07-03 09:46:41 +0000 UTC 3705115058471208928 [tea cup]
}

func ExampleMessage_Value() {
	m, err := wechat.Decode([]byte(`{"MsgType":"event","Event":"product_spu_audit",
"ProductSpuAudit":{"product_id":"23476329","status":3,"pass":"true","reasons":{"item":[{"text":"a"},{"text":"b"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	audit := m.Value("ProductSpuAudit")
	fmt.Println(audit.Get("product_id").Int(), audit.Get("status").Text(), audit.Get("pass").Bool())
	for _, reason := range audit.Get("reasons").List() {
		fmt.Println(reason.Get("text").Text())
	}
	fmt.Println(audit.Get("Status").Exists())
	// Output:
	// 23476329 3 true
	// a
	// b
	// false
}
