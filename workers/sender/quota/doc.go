// Package quota knows what may still be sent to each user.
//
// WeChat takes five messages within 48 hours of a user's message and three
// within one minute of a follow, a scan or a tap on the menu. Whatever opens
// such an allowance is pushed to the account, so it stands in the stream of
// pushes; whatever is taken off one is written to a log before the call is
// made. Every replica of the sender reads both, and so knows the same, also
// after a restart. It keeps a few bytes for each user whose window may be open.
//
// Where WeChat does not say how it counts, the ledger takes the worst case: it
// is wrong on the safe side. Of allowances that are open at the same time each
// is reduced by every message, and a message that is logged shortly before a
// trigger is taken off the new allowance too, because its call may come after
// it. Nobody knows what he has not seen: a user without an entry is sent to,
// and WeChat has the last word.
package quota
