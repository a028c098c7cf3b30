package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// errSilent says that a publish was not acknowledged in time.
var errSilent = errors.New("no acknowledgement")

// outbox publishes for everybody and takes the acknowledgements, which all come
// to one inbox.
type outbox struct {
	nc     *nats.Conn
	prefix string // of the subjects that acknowledgements come to
	batch  *batch[*call]
	closed chan struct{}
	close  func() // ends the outbox; it may be called twice

	mu      sync.Mutex
	waiting map[uint64]*call
	last    uint64
}

// call is one attempt to publish. It is used again.
type call struct {
	number uint64
	msg    *nats.Msg
	timer  *time.Timer
	done   chan ack
}

// ack is what JetStream says to a publish.
type ack struct {
	duplicate bool
	err       error
}

var calls = sync.Pool{New: func() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &call{msg: new(nats.Msg), timer: timer, done: make(chan ack, 1)}
}}

// openOutbox starts an outbox that ends with the connection.
func openOutbox(nc *nats.Conn) (*outbox, error) {
	o := &outbox{
		nc: nc, prefix: nc.NewInbox() + ".", batch: newBatch[*call](), closed: make(chan struct{}),
		waiting: make(map[uint64]*call),
	}
	o.close = sync.OnceFunc(func() { close(o.closed) })
	if _, err := nc.Subscribe(o.prefix+"*", o.acknowledged); err != nil {
		return nil, err
	}
	go o.batch.run(o.closed, o.send)
	return o, nil
}

// publish sends a message and returns what JetStream says to it, errSilent
// after the timeout, or the error of ctx.
func (o *outbox) publish(ctx context.Context, timeout time.Duration, subject string, header nats.Header, body []byte) (duplicate bool, err error) {
	c := calls.Get().(*call)
	c.msg.Subject, c.msg.Header, c.msg.Data = subject, header, body
	c.timer.Reset(timeout)
	defer c.timer.Stop()
	o.enter(c)
	var got ack
	select {
	case got = <-c.done:
	case <-c.timer.C:
		err = errSilent
	case <-o.closed:
		err = nats.ErrConnectionClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		if o.settle(c.number) != nil {
			return false, err // c may be in the queue: it is not used again
		}
		got = <-c.done // just now
	}
	*c.msg = nats.Msg{}
	calls.Put(c)
	return got.duplicate, got.err
}

func (o *outbox) enter(c *call) {
	o.mu.Lock()
	o.last++
	c.number = o.last
	c.msg.Reply = o.prefix + strconv.FormatUint(c.number, 36)
	o.waiting[c.number] = c
	o.mu.Unlock()
	o.batch.add(c)
}

func (o *outbox) send(all []*call) {
	for _, c := range all {
		number := c.number // c is somebody else's once it is acknowledged
		if err := o.nc.PublishMsg(c.msg); err != nil {
			o.answer(number, ack{err: err})
		}
	}
}

// acknowledged takes what JetStream says.
func (o *outbox) acknowledged(msg *nats.Msg) {
	number, err := strconv.ParseUint(strings.TrimPrefix(msg.Subject, o.prefix), 36, 64)
	if err == nil {
		o.answer(number, readAck(msg))
	}
}

func (o *outbox) answer(number uint64, a ack) {
	if c := o.settle(number); c != nil {
		c.done <- a
	}
}

// readAck reads an acknowledgement. That of a message which is stored for the
// first time is told by what it does not say: there are many of them.
func readAck(msg *nats.Msg) ack {
	if len(msg.Data) == 0 && msg.Header.Get("Status") == "503" {
		return ack{err: nats.ErrNoResponders}
	}
	if bytes.HasPrefix(msg.Data, []byte(`{"stream":"`)) &&
		!bytes.Contains(msg.Data, []byte(`"duplicate"`)) && !bytes.Contains(msg.Data, []byte(`"error"`)) {
		return ack{}
	}
	var said struct {
		Stream    string              `json:"stream"`
		Duplicate bool                `json:"duplicate"`
		Error     *jetstream.APIError `json:"error"`
	}
	switch err := json.Unmarshal(msg.Data, &said); {
	case err != nil || said.Stream == "" && said.Error == nil:
		return ack{err: jetstream.ErrInvalidJSAck}
	case said.Error != nil:
		return ack{err: said.Error}
	}
	return ack{duplicate: said.Duplicate}
}

// settle takes a call out of those that wait. Only who gets it may answer it.
func (o *outbox) settle(number uint64) *call {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.waiting[number]
	delete(o.waiting, number)
	return c
}
