// Package route is the map between the halves of wxbus: which subject a push is
// stored under, in which partition, with which key and headers, and how a
// worker reads them back. It knows the grammar of subjects and no network.
//
//	wechat.in.<account>.<partition>.<kind>               a push
//	wechat.retry.<worker>.<account>.<partition>.<kind>   the same, again, for one worker
//	wechat.out.<account>.<openid>                        a reply, as it is published
//	wechat.out.<account>.<partition>                     the same, as it is stored
//	wechat.dead.<worker>                                 what a worker gave up on
//
// A kind is text, event.subscribe, info.authorized, undecodable, …: one or two
// tokens of [a-z0-9_-].
package route
