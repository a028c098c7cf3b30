// Package worker is the hands of wxbus: it takes messages off the bus, has
// handlers deal with them, publishes the replies and settles. A worker's main
// function has three parts: settings, handlers, run.
//
//	func main() {
//		var cfg worker.Config
//		config.MustLoad(&cfg)
//		mux := worker.NewMux()
//		mux.Handle(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
//			return wechat.TextReplies("你说：" + m.Field("Content")), nil
//		})
//		worker.Main("echo", cfg, mux)
//	}
//
// What is handled is what is subscribed to. A worker has one durable of its
// name, shared by all its replicas; each message goes to one of them. Within a
// replica the messages of one user are handled one after the other; [Ordering]
// has all replicas together do so, in the order the messages were stored in.
//
// A handler's error is its verdict: nil means done and the replies are sent;
// [Drop] gives the message up; [RetryAfter] asks for another try at a given
// time; any other error, a panic or a passed deadline asks for another try
// later and later, until the attempts are used up. What is given up becomes a
// dead letter.
package worker
