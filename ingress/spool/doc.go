// Package spool keeps pushes in a folder while JetStream does not acknowledge
// them, and publishes them when it does again. What [Spool.Append] has taken
// survives kill -9 of the process and, where the disk keeps what it was told to
// sync, loss of power. It is stored in the stream once, also when the outage
// was longer than the stream's duplicate window.
//
// # Files
//
// The folder holds segments, files that are only ever written at their end and
// are removed when all in them is stored. Their names begin with a number:
// lower ones are older. A record is a line of 32 bytes, then a line of JSON that
// says what the push is, then its body and a line break, so that any pager shows
// what waits. The first line has the lengths and a checksum (CRC-32C). The
// checksum also covers a random word of the segment's name: nobody who writes
// into a push can write a record. A process never writes into a segment of
// another one, so that a torn end stays what it is. Beside the segments stand
//
//   - progress: up to where the oldest segment has been drained,
//   - lock: the process that uses the folder; no other one may,
//   - *.bad: bytes that are no record any more, or a record that NATS cannot
//     hold. They are put aside and stay until somebody looks at them.
//
// Segments of a machine that is gone may be moved into another one's folder,
// while nobody uses it; then they are drained from there.
//
// An embedded nats-server as a leaf node would do the same work with far more
// of it: a second server in each ingress with a stream of its own to look
// after, a sync for each message, and sequence numbers that change on the way.
//
// # Order
//
// While anything waits, new pushes wait behind it, and the pushes of one user
// are taken one after the other: [Spool.Store] sees to both. The drain publishes
// many users' pushes at a time and one of each user's, and none overtakes one
// that failed. When little is left, new pushes are held for a moment until the
// spool is empty: else a steady stream of them would keep it from ever being so.
//
// # Once
//
// A push may be in the stream although its acknowledgement was lost, before it
// was spooled or while it was drained. JetStream drops the second one if it
// comes within the duplicate window. So [Spool.Drain] publishes a record only
// in the first four fifths of the window after the record's arrival, or after
// it has looked through the stream for the record's id. What an earlier process
// left is always looked for. It looks back as far as the window reaches before
// the arrival, since WeChat's earlier deliveries may have gone to another
// replica.
package spool
