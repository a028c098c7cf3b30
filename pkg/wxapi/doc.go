// Package wxapi is the door out: it calls WeChat's API with an access token
// that all replicas share, and says what an answer means. It knows HTTP and
// WeChat's error codes, and nothing of the queue.
package wxapi
