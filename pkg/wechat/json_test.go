package wechat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	beforeJSON = `{"MsgType":"text"`
	afterJSON  = `}`
)

func TestJSONValuesStayAsTheyAre(t *testing.T) {
	checkBodies(t, beforeJSON, afterJSON, []bodyTest{
		{"numbers", `,"a":-0,"b":1.50,"c":1e+400,"d":1E-2`, `,"a":-0,"b":1.50,"c":1e+400,"d":1E-2`},
		{"big numbers", `,"a":3705115058471208928,"b":123456789012345678901234567890`, `,"a":3705115058471208928,"b":123456789012345678901234567890`},
		{"words", `,"a":null,"b":true,"c":false`, `,"a":null,"b":true,"c":false`},
		{"nested", `,"a":{"b":[1,{"c":[]},"]"],"d":{}}`, `,"a":{"b":[1,{"c":[]},"]"],"d":{}}`},
		{"blanks between", "\n ,\t\"a\" : [ 1 , { \"b\" : \" c \" } ]\r\n", `,"a":[1,{"b":" c "}]`},
		{"blanks inside", `,"a":"  b  "`, `,"a":"  b  "`},
		{"escapes", `,"a":"\"\\\/\b\f\n\r\t\u4f60\ud83d\ude80"`, `,"a":"\"\\\/\b\f\n\r\t\u4f60\ud83d\ude80"`},
		{"<, > and & are not escaped", `,"a":"\u003c\u003E\u0026\\u003c"`, `,"a":"<>&\\u003c"`},
		{"half a character", `,"a":"\ud83d"`, `,"a":"\ud83d"`},
		{"broken UTF-8", ",\"a\":\"\xff\xfe\xe4\xbd\"", ",\"a\":\"\ufffd\ufffd\ufffd\ufffd\""},
		{"line separators", ",\"a\":\"\u2028\u007f\"", ",\"a\":\"\u2028\u007f\""},
		{"order and spellings", `,"MsgID":1,"msgid":2,"Z":3,"A":4`, `,"MsgID":1,"msgid":2,"Z":3,"A":4`},
		{"escaped names", `,"\u0061\u003c\n":1`, `,"a<\n":1`},
		{"empty name", `,"":1`, `,"":1`},
		{"item is as it is", `,"item":1,"b":{"item":{}}`, `,"item":1,"b":{"item":{}}`},
		{"repeated members", `,"a":1,"a":[2]`, `,"a":1,"a":[2]`},
		{"repeated routing field", `,"Event":"a","Event":"b","MsgType":"image"`, `,"Event":"a"`},
		{"routing names further down", `,"a":{"MsgId":1,"CreateTime":"2","MsgId":3}`, `,"a":{"MsgId":1,"CreateTime":"2","MsgId":3}`},
		{"string that looks like JSON", `,"a":"{\"MsgId\":\"1\"}","b":"}{]["`, `,"a":"{\"MsgId\":\"1\"}","b":"}{]["`},
	})
}

func TestCreateTimeIsANumber(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		member   string
		want     int64
	}{
		{"XML", `<xml><MsgType/><CreateTime>1720000001</CreateTime></xml>`, `1720000001`, 1720000001},
		{"XML, in CDATA", `<xml><MsgType/><CreateTime><![CDATA[1720000001]]></CreateTime></xml>`, `1720000001`, 1720000001},
		{"XML, between blanks", "<xml><MsgType/><CreateTime>\n 17 \n</CreateTime></xml>", `17`, 17},
		{"XML, with zeros", `<xml><MsgType/><CreateTime>0017</CreateTime></xml>`, `17`, 17},
		{"JSON number", `{"MsgType":"","CreateTime":1720000001}`, `1720000001`, 1720000001},
		{"JSON string", `{"MsgType":"","CreateTime":"1720000001"}`, `1720000001`, 1720000001},
		{"JSON string with escape", `{"MsgType":"","CreateTime":"\u0031720000001"}`, `1720000001`, 1720000001},
		{"negative", `{"MsgType":"","CreateTime":-1}`, `-1`, -1},

		{"XML, empty", `<xml><MsgType/><CreateTime/></xml>`, `""`, 0},
		{"XML, no number", `<xml><MsgType/><CreateTime>soon</CreateTime></xml>`, `"soon"`, 0},
		{"XML, over 64 bits", `<xml><MsgType/><CreateTime>9223372036854775808</CreateTime></xml>`, `"9223372036854775808"`, 0},
		{"XML, with an element", `<xml><MsgType/><CreateTime>1<a>2</a></CreateTime></xml>`, `{"#text":"1","a":"2"}`, 0},
		{"JSON, no number", `{"MsgType":"","CreateTime":"1.5"}`, `"1.5"`, 0},
		{"JSON, exponent", `{"MsgType":"","CreateTime":1.72e9}`, `1.72e9`, 0},
		{"JSON, over 64 bits", `{"MsgType":"","CreateTime":9223372036854775808}`, `9223372036854775808`, 0},
		{"JSON null", `{"MsgType":"","CreateTime":null}`, `null`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mustDecode(t, tt.in)
			if want := `{"MsgType":"","CreateTime":` + tt.member + `}`; string(m.Body) != want || m.CreateTime != tt.want {
				t.Errorf("got %s and %d, want %s and %d", m.Body, m.CreateTime, want, tt.want)
			}
		})
	}
}

func TestMsgIdIsAString(t *testing.T) {
	for _, tt := range []struct{ name, in, member, want string }{
		{"XML", `<xml><MsgType/><MsgId>6054768590064713728</MsgId></xml>`, `"6054768590064713728"`, "6054768590064713728"},
		{"XML, in CDATA", `<xml><MsgType/><MsgId><![CDATA[7]]></MsgId></xml>`, `"7"`, "7"},
		{"XML, between blanks", "<xml><MsgType/><MsgId>\n7 </MsgId></xml>", `"7"`, "7"},
		{"XML, empty", `<xml><MsgType/><MsgId></MsgId></xml>`, `""`, ""},
		{"JSON string", `{"MsgType":"","MsgId":"49d7_15"}`, `"49d7_15"`, "49d7_15"},
		{"JSON number", `{"MsgType":"","MsgId":24681357902468135}`, `"24681357902468135"`, "24681357902468135"},
		{"2^53+1", `{"MsgType":"","MsgId":9007199254740993}`, `"9007199254740993"`, "9007199254740993"},
		{"2^64-1", `{"MsgType":"","MsgId":18446744073709551615}`, `"18446744073709551615"`, "18446744073709551615"},
		{"JSON null", `{"MsgType":"","MsgId":null}`, `null`, ""},
		{"JSON array", `{"MsgType":"","MsgId":[1]}`, `[1]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mustDecode(t, tt.in)
			if want := `{"MsgType":"","MsgId":` + tt.member + `}`; string(m.Body) != want || m.MsgId != tt.want {
				t.Errorf("got %s and %q, want %s and %q", m.Body, m.MsgId, want, tt.want)
			}
		})
	}
}

func TestTheFirstRoutingFieldCounts(t *testing.T) {
	want := map[string]any{
		"ToUserName": "gh_a", "FromUserName": "oA", "CreateTime": int64(5),
		"MsgType": "event", "Event": "CLICK", "InfoType": "i", "MsgId": "7", "Kind": kind("event.click"),
	}
	const xml = `<ToUserName>gh_a</ToUserName><FromUserName>oA</FromUserName><CreateTime>5</CreateTime>` +
		`<MsgType>event</MsgType><Event>CLICK</Event><InfoType>i</InfoType><MsgId>7</MsgId>`
	const json = `"ToUserName":"gh_a","FromUserName":"oA","CreateTime":5,` +
		`"MsgType":"event","Event":"CLICK","InfoType":"i","MsgId":"7"`
	const xmlAgain = `<MsgId>8</MsgId><ToUserName>gh_b</ToUserName><FromUserName>oB</FromUserName><CreateTime>6</CreateTime>` +
		`<MsgType>text</MsgType><Event>SCAN</Event><InfoType>j</InfoType><MsgId>9</MsgId>`
	const jsonAgain = `"MsgId":8,"ToUserName":"gh_b","FromUserName":"oB","CreateTime":6,` +
		`"MsgType":"text","Event":"SCAN","InfoType":"j","MsgId":9`
	for name, push := range map[string]string{
		"XML":  "<xml>" + xml + xmlAgain + "</xml>",
		"JSON": "{" + json + "," + jsonAgain + "}",
	} {
		m := mustDecode(t, push)
		if diff := cmp.Diff(want, routing(m)); diff != "" {
			t.Errorf("%s: routing fields (-want +got):\n%s", name, diff)
		}
		if got := string(m.Body); got != "{"+json+"}" {
			t.Errorf("%s: Body = %s, want each field once, as it came first", name, got)
		}
	}
}
