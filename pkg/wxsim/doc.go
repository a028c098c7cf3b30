// Package wxsim stands where WeChat stands: it pushes messages and events to a
// server as WeChat does, plays the API that the server answers through, and
// shows the chat in a browser. It is a test double for programs that serve an
// Official Account, written with wxbus or not, and the other end of a
// demonstration on one machine.
//
// A test makes a [Platform], serves its Handler, and acts for the user:
//
//	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{account}})
//	api := httptest.NewServer(sim.Handler()) // in place of https://api.weixin.qq.com
//	_, err = sim.Text(ctx, "main", openid, "你好")
//	answers, err := sim.Wait(ctx, "main", openid, 1)
//
// Whatever a user can do is a [Step] for [Platform.Do]; the common ones have
// methods of their own, such as [Platform.Press] for the menu and
// [Platform.Scan] for a QR code. [Platform.Sample] sends what was written down
// before, such as [wechat.Samples], which has every kind of push.
//
// A [Scenario] is a conversation in a file, with the answers that are expected:
// the page saves chats as such, and [Scenario.Play] has them again.
//
// What goes wrong at WeChat, and when, is said through [Platform.Weather]: once
// with a [Fault], or until further notice with [Conditions].
//
// A [Load] pushes as much as a server takes and measures it; it needs no
// Platform, and its users stand in no chat. [Platform.Crowd] has many users
// write while somebody looks at the page.
//
// wxsim speaks HTTP only; what the server does with a push is not its
// business, unless the server tells it as a [Server]. It keeps everything in
// memory, bounded, and in a file if asked to.
package wxsim
