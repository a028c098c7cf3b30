// Package bus is the road between the programs: NATS JetStream with the
// streams, buckets and durables of wxbus. It publishes until a message is
// stored, pulls messages for a worker, and settles them. It knows subjects and
// headers only as package route writes them, and nothing of WeChat's API.
package bus
