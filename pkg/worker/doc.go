// Package worker is the hands of wxbus: it takes messages off the bus, has
// handlers deal with them, publishes the replies and settles. A worker's main
// function has three parts: settings, handlers, run.
//
//	func main() {
//		var cfg worker.Config
//		config.MustLoad(&cfg)
//		mux := worker.NewMux()
//		worker.On(mux, func(ctx context.Context, text *wechat.Text) (wechat.Replies, error) {
//			return wechat.TextReplies("你说：" + text.Content), nil
//		})
//		worker.Main("echo", cfg, mux)
//	}
//
// What is handled is what is subscribed to. A worker has one durable of its
// name, shared by all its replicas; each message goes to one of them. Within a
// replica the messages of one user are handled one after the other; [Ordering]
// has all replicas together do so, in the order the messages were stored in.
//
// # Handlers
//
// [On] registers a handler for a type of package wechat, [Mux.Handle] one for a
// kind or a pattern of kinds. Either may ask for more: [Equal], [Regexp] or [Key],
// or a [Match] of the program's own. [Mux] says which of several handlers takes a
// message; [Next] leaves it to another one.
//
// What is around a handler, from the outside in, is always this:
//
//  1. metrics and the log, which say what became of the message
//  2. a span of the message's trace
//  3. recover: a panic is a verdict
//  4. the timeout, and the watchdog for handlers that go on after it
//  5. 对方正在输入, see WORKER_TYPING
//  6. the layers of [Mux.Use], the first one outermost
//
// # Verdicts
//
// A handler's error is its verdict: nil means done and the replies are sent;
// [Drop] gives the message up; [RetryAfter] asks for another try at a given
// time; any other error, a panic or a passed deadline asks for another try
// later and later, until the attempts are used up; [Snooze] has the message come
// again without an attempt. What is given up becomes a dead letter.
//
// Replies are published once, after the last handler has returned: what it
// returns when its deadline has passed comes too late, and is tried again.
//
// An attempt counts when it came to an end, and when the process was killed in
// it; not when the worker stopped before its end. Without order that is told from
// the number of deliveries: a kill also counts for messages that the replica had
// fetched and not begun, and gives up a message only after five more deliveries
// than attempts.
//
// What is done is acknowledged, and the next message comes while the server still
// confirms that it has heard so: an acknowledgement is said again until it does.
// Package workertest tests handlers.
//
// A handler must end when its context does. One that does not cannot be ended
// from outside: it keeps its message, which nobody else handles meanwhile, and its
// slot. After WORKER_STUCK it is reported with its stack; with WORKER_STUCK_EXIT
// the program then ends and is, under Kubernetes or systemd, started anew.
package worker
