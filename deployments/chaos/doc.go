// Package chaos is the fault suite: real processes of all programs, a cluster of
// three nats-servers, 200 users who write without a pause, and everything that
// can go wrong meanwhile. A checker then compares what was acknowledged with
// what workers handled and WeChat's API received, and holds it against what is
// promised.
//
// `make chaos` runs it for ten minutes and more, with schedules that are drawn
// from a seed; `make test` runs a short one. The files, in the order of a run:
//
//   - plan: which faults, when, on whom; drawn from a seed
//   - stage, process, cluster, link: the programs, and what can be done to them
//   - crowd, api: the users at one end, and WeChat's API at the other
//   - fault: each fault, with its heal
//   - history, check, order: what happened, and what should not have
//   - table: what is printed in the end
//
// The worker is the program in hand/.
package chaos
