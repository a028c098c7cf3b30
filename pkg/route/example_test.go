package route_test

import (
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

func ExampleEnvelope_Subject() {
	push := []byte(`<xml>
		<FromUserName><![CDATA[oia2TjjewbmiOUlr6X-1crbLOvLw]]></FromUserName>
		<CreateTime>1408091189</CreateTime>
		<MsgType><![CDATA[event]]></MsgType>
		<Event><![CDATA[CLICK]]></Event>
	</xml>`)
	m, err := wechat.Decode(push)
	if err != nil {
		panic(err)
	}
	fmt.Println(route.Pack("main", m, push, time.Now()).Subject(16))
	fmt.Println(route.PackUndecodable("main", []byte("<xml><"), time.Now()).Subject(16))
	// Output:
	// wechat.in.main.3.event.click
	// wechat.in.main.5.undecodable
}

func ExampleOutSubject() {
	fmt.Println(route.OutSubject("main", "oia2TjjewbmiOUlr6X-1crbLOvLw", 16))
	// Output: wechat.out.main.oia2TjjewbmiOUlr6X-1crbLOvLw
}

func ExampleFilters() {
	for _, filter := range route.Filters("echo", []wechat.Kind{wechat.KindText, wechat.EventClick, wechat.AnyEvent}) {
		fmt.Println(filter)
	}
	// Output:
	// wechat.in.*.*.text
	// wechat.in.*.*.event.>
	// wechat.retry.echo.>
}
