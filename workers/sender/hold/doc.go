// Package hold keeps replies that wait until their user can be sent to again.
//
// A reply that the user's allowance has no room for is noted in a bucket and
// acknowledged; its body stays in the stream of replies. When the user does
// something, the reply is published again, so that it is sent like any other,
// behind those that wait longer. Until it has been sent, or has become a dead
// letter, its note stays and newer replies to the same user wait behind it.
//
// All replicas of the sender may release at the same time: a release has an id
// that is written in the note, so that the stream takes it once. A reply that
// waits too long is released as well, marked as expired: it ends as a dead
// letter, not in silence.
package hold
