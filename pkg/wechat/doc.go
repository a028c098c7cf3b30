// Package wechat knows WeChat's words: it decodes what WeChat pushes, XML or
// JSON, into one JSON form, names its kind, and builds the replies that
// WeChat's customer-service API takes. It knows no network, no cryptography
// and no queue.
//
// A handler reads a [Message] in one of three ways. [View] fills a struct that
// has the fields of one kind in Go's types, such as [Text] or [SubscribeEvent];
// there is one for every kind of message and event of Official Accounts and of
// pushes to third-party platforms. [Message.Field] returns one field as text,
// [Message.Value] any part of the message.
package wechat
