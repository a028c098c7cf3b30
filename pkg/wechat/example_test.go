package wechat_test

import (
	"fmt"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func ExampleDecode() {
	m, err := wechat.Decode([]byte(`<xml>
  <ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>
  <FromUserName><![CDATA[oAbCdEfGhIjKlMnOpQrStUvWxYz1]]></FromUserName>
  <CreateTime>1720000107</CreateTime>
  <MsgType><![CDATA[event]]></MsgType>
  <Event><![CDATA[scancode_waitmsg]]></Event>
  <EventKey><![CDATA[k_scan]]></EventKey>
  <ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[a&b]]></ScanResult></ScanCodeInfo>
</xml>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Kind(), "from", m.FromUserName)
	fmt.Println(m.Field("ScanCodeInfo", "ScanResult"))
	fmt.Println(string(m.Body))
	// Output:
	// event.scancode_waitmsg from oAbCdEfGhIjKlMnOpQrStUvWxYz1
	// a&b
	// {"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oAbCdEfGhIjKlMnOpQrStUvWxYz1","CreateTime":1720000107,"MsgType":"event","Event":"scancode_waitmsg","EventKey":"k_scan","ScanCodeInfo":{"ScanType":"qrcode","ScanResult":"a&b"}}
}

func ExampleMessage_Kind() {
	for _, push := range []string{
		`{"MsgType":"text"}`,
		`{"MsgType":"event","Event":"CLICK"}`,
		`{"MsgType":"event","Event":"of.2031"}`,
		`{"InfoType":"authorized"}`,
	} {
		m, err := wechat.Decode([]byte(push))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Kind(), wechat.AnyEvent.Covers(m.Kind()))
	}
	// Output:
	// text false
	// event.click true
	// event.of_2031 true
	// info.authorized false
}

func ExampleMarshal() {
	reply, err := wechat.Marshal(wechat.TextReply(`<a href="https://example.com">你好</a>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(reply))
	// Output: {"msgtype":"text","text":{"content":"<a href=\"https://example.com\">你好</a>"}}
}
