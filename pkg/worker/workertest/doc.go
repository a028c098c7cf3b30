// Package workertest tests handlers. [Try] hands one message to a worker.Mux and
// says what a worker would make of it, without a server; [Start] runs the whole
// worker with a real nats-server in the test's process.
package workertest
