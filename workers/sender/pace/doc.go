// Package pace keeps an account within what WeChat takes from it. All replicas
// of the sender together make no more calls per second than they may; they all
// pause while WeChat throttles the account or is too busy to answer; and a
// replica that cannot reach WeChat stops trying for a while.
//
//	wait, err := pacer.Wait(ctx) // before each call
//	if wait > 0 { … }            // not now: have the reply delivered again then
//	err = api.Send(ctx, body)
//	pacer.Report(ctx, err, attempt)
//
// Replicas agree through two keys of a bucket. What they write there holds no
// time of day that a limit depends on: a clock that is wrong makes nobody call
// too often. While NATS is away each replica takes its share and no more.
package pace
