// Package wechat knows WeChat's words: it decodes what WeChat pushes, XML or
// JSON, into one JSON form, names its kind, and builds the replies that
// WeChat's customer-service API takes. It knows no network, no cryptography
// and no queue.
package wechat
