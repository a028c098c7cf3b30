// Package wxsim stands where WeChat stands: it pushes messages and events to a
// server as WeChat does, plays the API that the server answers through, and
// shows the chat in a browser. It is a test double for programs that serve an
// Official Account, and the other end of a demonstration on one machine.
//
// A test makes a [Platform], serves its Handler, and acts for the user:
//
//	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{account}})
//	api := httptest.NewServer(sim.Handler()) // in place of https://api.weixin.qq.com
//	_, err = sim.Text(ctx, "main", openid, "你好")
//	answers, err := sim.Wait(ctx, "main", openid, 1)
//
// What goes wrong at WeChat, and when, is said through [Platform.Weather].
//
// A [Load] pushes as much as a server takes and measures it; it needs no
// Platform, and its users stand in no chat.
//
// wxsim speaks HTTP only; what the server does with a push is not its
// business. It keeps everything in memory, bounded, and in a file if asked to.
package wxsim
