// Package pkg is a tour of the rooms below it; it holds no code.
//
// A push of WeChat walks through wxbus one way, and each step is a room:
//
//	request            ingress/door, an Echo server
//	verify, decrypt    callback.Account.Open: signatures, then AES
//	decode             wechat.Decode: XML or JSON to one JSON form
//	publish            bus.Publish, under the subject and the key that route names
//	answer "success"   ingress/door, once JetStream has acknowledged, or the disk
//	                   of ingress/spool when that is set and JetStream is away
//	consume            bus.Consume: a durable per worker, as many messages as it has slots
//	handle             worker.Mux: the function that was registered for the kind
//	reply              bus.Publish, under a key made of the worker and the cause
//	settle             worker: Ack, a later try, or a dead letter and Term
//	send               workers/sender: quota and pace allow it, media uploads its
//	                   files, wxapi.Client.Send for each part in order, or hold
//
// The rooms from bottom to top. A room imports only rooms above it in this
// list, and layout_test.go says so when one does not:
//
//   - wechat: WeChat's words. Messages, kinds, typed views, replies; no network.
//   - callback: the door in. Signatures and the AES envelope.
//   - wxapi: the door out. Access tokens, calls, error codes.
//   - config: settings from the environment, all faults at once, secrets unseen.
//   - process: signals, logs, traces, the admin port, the exit status.
//   - route: the map. Subjects, partitions, keys and headers.
//   - bus: the road. Streams, buckets, durables, publish and consume on JetStream.
//   - worker: the hands. Registration, slots, retries, dead letters, drain.
//   - dead: the operator's hands on dead letters. List, show, retry, drop.
//   - replay: stored pushes, handled once more by one worker.
//
// Beside them stands wxsim, WeChat on a desk: it knows wechat and callback and
// nothing of the queue. Packages whose names end in test are for tests.
//
// Programs stand on these rooms: ingress, the folders of workers, and
// deployments/wxbus, the only one that runs the others; deployments/bench
// measures the ingress, the worker and the sender, and deployments/chaos torments them all.
// To see one push with your own eyes, read ingress/door/push.go, then
// workers/autoreply/rules/run.go, then workers/sender/delivery/handle.go.
package pkg
