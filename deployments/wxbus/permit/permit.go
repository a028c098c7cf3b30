// Package permit says what each program of wxbus must be allowed on NATS, and
// that is all that it may do: a worker can neither forge a push nor take what is
// another worker's, and the ingress can read nothing.
package permit

import (
	"fmt"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// Permissions are what NATS' configuration calls the permissions of a user.
type Permissions struct {
	Publish   Subjects `json:"publish"`
	Subscribe Subjects `json:"subscribe"`
	// Responses lets the program answer who asks it.
	Responses bool `json:"allow_responses,omitempty"`
}

// Subjects are those that are allowed; all others are refused.
type Subjects struct {
	Allow []string `json:"allow"`
}

// Options say how a program runs.
type Options struct {
	Ordered bool // with WORKER_ORDER=user or SENDER_ORDER=user
	Spool   bool // the ingress, with SPOOL_DIR
	// NoAge leaves out that it may read any message of its stream by its number,
	// which is how it knows the age of what waits. Without, /scale answers 503 and
	// the metrics of the lag are absent.
	NoAge bool
}

// Partitions is how many partitions the streams have, unless somebody changed
// their metadata.
const Partitions = 16

// Ingress returns what the ingress needs. With a spool it also looks through the
// stream of pushes for what it has stored already, and so may read it.
func Ingress(o Options) Permissions {
	p := program(door.Name)
	p.publish(route.In + ">")
	if o.Spool {
		p.follow(bus.StreamIn)
	}
	return p
}

// Sender returns what the sender needs. It reads the stream of pushes, too: by
// what users do it knows what they may still be sent, and it makes dead letters of
// what other workers' processes were ended by, for those that may not. With order it keeps a
// lease for each partition.
func Sender(o Options) Permissions {
	p := program(delivery.Name)
	p.consume(delivery.Name, bus.StreamOut, o)
	p.follow(bus.StreamIn)
	p.follow(bus.StreamQuota)
	p.collect()
	p.publish(route.Quota+">", route.Sent+">", route.Out+">") // what was held is put back
	for _, bucket := range []string{bus.BucketToken, bus.BucketLedger, bus.BucketHeld, bus.BucketMedia, bus.BucketPace} {
		p.keep(bucket, ">")
	}
	p.listen(route.Typing+">", route.Allowance+">")
	p.Responses = true // to those who ask for an allowance
	return p
}

// Worker returns what a worker of that name needs, with WORKER_COLLECT=false.
func Worker(name string, o Options) Permissions {
	p := program(name)
	p.consume(name, bus.StreamIn, o)
	p.publish(route.Out+">", route.Typing+">", route.Allowance+">")
	p.keep(bus.BucketLedger, "excused."+name+".>")
	if name == rules.Name {
		p.keep(bus.BucketLedger, rules.CooldownKeys+">")
	}
	return p
}

// Apply returns what `wxbus apply` needs: all of JetStream's API.
func Apply() Permissions {
	p := program("apply")
	p.publish("$JS.API.>")
	return p
}

// program returns what every program needs: to hear its answers, and to look
// whether streams and buckets are there.
func program(name string) Permissions {
	var p Permissions
	p.listen(bus.InboxPrefix + name + ".>")
	for _, stream := range bus.StreamNames() {
		p.publish("$JS.API.STREAM.INFO." + stream)
	}
	return p
}

func (p *Permissions) publish(subjects ...string) {
	p.Publish.Allow = append(p.Publish.Allow, subjects...)
}

func (p *Permissions) listen(subjects ...string) {
	p.Subscribe.Allow = append(p.Subscribe.Allow, subjects...)
}

// consume is to take messages from a worker's durable, or those of all
// partitions, and to bury them.
func (p *Permissions) consume(name, stream string, o Options) {
	p.publish(route.Dead + name)
	if !o.NoAge {
		p.publish("$JS.API.STREAM.MSG.GET." + stream)
	}
	d := bus.Durable{Name: name, Stream: stream}
	if !o.Ordered {
		p.take(d)
		return
	}
	for number := range Partitions {
		part := d.Partition(number)
		p.take(part)
		p.publish("$JS.API.CONSUMER.RESET." + stream + "." + part.Name)
	}
	p.publish("$JS.API.CONSUMER.INFO." + stream + "." + name) // of the time without order
	for _, kind := range []string{"m.", "p.", "k."} {         // replicas, partitions, parked users
		p.keep(bus.BucketLease, kind+name+".>")
	}
	p.publish("$JS.API.CONSUMER.CREATE.KV_" + bus.BucketLease + ".*") // several keys are watched at once
	p.keep(bus.BucketLedger, "order."+name+".>")
}

// collect is to bury what any worker's processes were ended by.
func (p *Permissions) collect() {
	p.take(worker.Collector())
	p.publish(route.Dead+"*", "$JS.API.STREAM.MSG.GET."+bus.StreamIn, "$JS.API.STREAM.MSG.GET."+bus.StreamOut)
}

func (p *Permissions) take(d bus.Durable) {
	at := d.Stream + "." + d.Name
	p.publish("$JS.API.CONSUMER.INFO."+at, "$JS.API.CONSUMER.MSG.NEXT."+at,
		"$JS.ACK."+at+".>", "$JS.ACK.*.*."+at+".>") // with the domain and the account in it, from some version on
}

// follow is to read a stream with a reader of one's own, which may be any.
func (p *Permissions) follow(stream string) {
	for _, verb := range []string{"CREATE", "INFO", "MSG.NEXT", "DELETE"} {
		p.publish(fmt.Sprintf("$JS.API.CONSUMER.%s.%s.>", verb, stream))
	}
}

// keep is to read, write and watch those keys of a bucket.
func (p *Permissions) keep(bucket, keys string) {
	stream := "KV_" + bucket
	subject := "$KV." + bucket + "." + keys
	p.publish(subject, "$JS.API.DIRECT.GET."+stream+"."+subject,
		"$JS.API.CONSUMER.CREATE."+stream+".*."+subject, "$JS.API.CONSUMER.DELETE."+stream+".*", "$JS.FC."+stream+".>")
}
