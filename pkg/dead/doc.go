// Package dead is the operator's hands on dead letters: it lists them, shows
// one, has its message handled once more and drops it. Workers write them:
// package worker.
package dead
