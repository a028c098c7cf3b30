package bus

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	ackTimeout = 2 * time.Second        // after which an Ack is said again
	ackLook    = 200 * time.Millisecond // how often it is looked whether one is due
	ackGiveUp  = AckWait                // beyond it the message is someone else's
)

// errNotHeard says that the server did not confirm an Ack.
var errNotHeard = errors.New("the server does not confirm")

// receipts are the Acks that the server has not confirmed yet. Nobody stands and
// waits for one: the confirmations all come to one inbox. An Ack that is not
// confirmed is said again, also after a reconnect.
type receipts struct {
	nc     *nats.Conn
	prefix string // of the subjects that confirmations come to
	batch  *batch[*receipt]
	closed chan struct{}
	close  func() // ends it; it may be called twice

	mu      sync.Mutex
	waiting map[uint64]*receipt
	last    uint64
	looking bool // somebody is about to look through them
}

type receipt struct {
	number  uint64
	message string      // the subject on which the server waits for the verdict
	heard   func(error) // is told the end of it
	said    time.Time   // last; zero when it could not be
	end     time.Time   // when it is given up
	durable string      // of the message; "" when the Ack is to be confirmed by itself

	before     []*receipt // said before it: their confirmation is this one's
	connection uint64     // if it comes on the connection on which all were said
}

func openReceipts(nc *nats.Conn) (*receipts, error) {
	r := &receipts{
		nc: nc, prefix: nc.NewInbox() + ".", batch: newBatch[*receipt](), closed: make(chan struct{}),
		waiting: make(map[uint64]*receipt),
	}
	r.close = sync.OnceFunc(func() { close(r.closed) })
	if _, err := nc.Subscribe(r.prefix+"*", r.confirmed); err != nil {
		return nil, err
	}
	go r.batch.run(r.closed, r.sayAll)
	return r, nil
}

// ack says that a message is done with.
func (r *receipts) ack(message, durable string, heard func(error)) {
	now := time.Now()
	ack := &receipt{message: message, durable: durable, heard: heard, said: now, end: now.Add(ackGiveUp)}
	r.mu.Lock()
	r.last++
	ack.number = r.last
	r.waiting[ack.number] = ack
	if !r.looking {
		r.looking = true
		time.AfterFunc(ackLook, r.look)
	}
	r.mu.Unlock()
	r.batch.add(ack)
}

// sayAll says Acks. The server hears those of one connection and one durable in
// the order in which they are said: it is asked to confirm the last of them.
func (r *receipts) sayAll(all []*receipt) {
	connection := r.connection()
	var before []*receipt
	for i, ack := range all {
		if i < len(all)-1 && ack.durable != "" && ack.durable == all[i+1].durable {
			if r.nc.Publish(ack.message, ackVerb) == nil {
				before = append(before, ack)
			} else {
				r.unsaid(ack.number)
			}
			continue
		}
		r.vouch(ack, before, connection)
		r.say(ack)
		before = nil
	}
}

// vouch has the confirmation of an Ack be that of others, too.
func (r *receipts) vouch(ack *receipt, before []*receipt, connection uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ack.before, ack.connection = before, connection
}

// connection is the number of the connection, which is a new one after each
// reconnect.
func (r *receipts) connection() uint64 { return r.nc.Stats().Reconnects }

var ackVerb = []byte("+ACK")

func (r *receipts) say(ack *receipt) {
	inbox := r.prefix + strconv.FormatUint(ack.number, 36)
	if r.nc.PublishRequest(ack.message, inbox, ackVerb) != nil {
		r.unsaid(ack.number)
	}
}

// unsaid has an Ack said with the next look.
func (r *receipts) unsaid(number uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ack := r.waiting[number]; ack != nil {
		ack.said, ack.before = time.Time{}, nil
	}
}

// confirmed takes a confirmation, or word that nobody is there to give it.
func (r *receipts) confirmed(msg *nats.Msg) {
	number, err := strconv.ParseUint(strings.TrimPrefix(msg.Subject, r.prefix), 36, 64)
	if err != nil {
		return
	}
	if len(msg.Data) == 0 && msg.Header.Get("Status") == "503" {
		r.unsaid(number)
		return
	}
	for _, ack := range r.settle(number) {
		ack.heard(nil)
	}
}

// settle takes an Ack off those that wait, and those before it.
func (r *receipts) settle(number uint64) (heard []*receipt) {
	connection := r.connection()
	r.mu.Lock()
	defer r.mu.Unlock()
	ack := r.waiting[number]
	if ack == nil {
		return nil
	}
	delete(r.waiting, number)
	for _, other := range ack.before {
		switch {
		case r.waiting[other.number] == nil:
		case ack.connection != connection: // it may have been lost with the old one
			other.said = time.Time{}
		default:
			delete(r.waiting, other.number)
			heard = append(heard, other)
		}
	}
	return append(heard, ack)
}

// look says again what was not confirmed in time, and gives up what is not for
// too long. It comes again as long as there is something to look at.
func (r *receipts) look() {
	due, over := r.due(time.Now())
	err := errNotHeard
	if r.nc.IsClosed() {
		err = ErrClosed
	}
	for _, ack := range over {
		ack.heard(err)
	}
	for _, ack := range due {
		r.say(ack)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.looking = len(r.waiting) > 0; r.looking {
		time.AfterFunc(ackLook, r.look)
	}
}

func (r *receipts) due(now time.Time) (due, over []*receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	closed := r.nc.IsClosed()
	for number, ack := range r.waiting {
		switch {
		case closed, now.After(ack.end):
			delete(r.waiting, number)
			over = append(over, ack)
		case now.Sub(ack.said) > ackTimeout:
			ack.said, ack.before = now, nil
			due = append(due, ack)
		}
	}
	return due, over
}
