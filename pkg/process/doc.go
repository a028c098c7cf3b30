// Package process is what all programs have in common as processes: signals,
// the log, telemetry, the admin port and the exit code. It knows nothing of
// WeChat or NATS.
package process
