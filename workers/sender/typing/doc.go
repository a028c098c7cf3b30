// Package typing has users see 对方正在输入 while a worker needs time for an
// answer. Workers ask for it, the sender makes the call, because it alone has
// the token. It is a courtesy: what is lost, late or refused is not tried
// again, and no reply waits for it.
//
// WeChat shows the state for 15 seconds or until the next message, and shows it
// only within 30 seconds of an exchange with the user. It costs none of the
// messages that may be sent.
//
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
package typing
