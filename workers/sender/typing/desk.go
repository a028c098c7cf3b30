package typing

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

const (
	group    = "sender" // of all replicas, so that one of them makes the call
	callTime = 3 * time.Second
	callsMax = 8 // at the same time, for all accounts
)

// Caller makes the call for one account: on shows the state, off ends it.
type Caller interface {
	Typing(ctx context.Context, user string, on bool) error
}

// Account is an account that the sender knows.
type Account struct {
	Caller Caller
	// Paused reports whether the account must not be called now; nil is never.
	Paused func() bool
}

// Desk takes the requests of workers. Requests are served at the same time, also
// by several replicas: an end that overtakes its beginning leaves the state
// shown for its 15 seconds. Use [New].
type Desk struct {
	bus      *bus.Bus
	accounts map[string]Account
	log      *slog.Logger
	free     chan struct{} // holds one for each call that may be begun
	calls    sync.WaitGroup
}

// New returns a Desk for accounts by name. accounts must not be changed any
// more.
func New(b *bus.Bus, accounts map[string]Account, log *slog.Logger) *Desk {
	d := &Desk{bus: b, accounts: accounts, log: log, free: make(chan struct{}, callsMax)}
	for range callsMax {
		d.free <- struct{}{}
	}
	return d
}

// Run serves requests until ctx is done, then waits for the calls under way,
// which end with ctx. It listens to the accounts that it knows and no others:
// there may be a sender that knows those.
func (d *Desk) Run(ctx context.Context) {
	var listeners sync.WaitGroup
	for name, account := range d.accounts {
		listeners.Go(func() { d.listen(ctx, name, account) })
	}
	listeners.Wait()
	d.calls.Wait()
}

func (d *Desk) listen(ctx context.Context, name string, account Account) {
	prefix := route.Typing + name + "."
	err := d.bus.Listen(ctx, prefix+"*", group, func(subject string, body []byte) {
		d.serve(ctx, name, account, strings.TrimPrefix(subject, prefix), body)
	})
	if err != nil { // replies are sent all the same
		d.log.Warn("typing is not shown", "account", name, "err", err)
	}
}

// serve begins the call that is asked for, or drops it: one that waits comes
// too late.
func (d *Desk) serve(ctx context.Context, name string, account Account, user string, body []byte) {
	on, ok := read(body)
	switch {
	case !ok:
		count(name, "malformed")
		return
	case account.Paused != nil && account.Paused():
		count(name, "paused")
		return
	}
	select {
	case <-d.free:
	default:
		count(name, "busy")
		return
	}
	d.calls.Go(func() {
		defer func() { d.free <- struct{}{} }()
		d.call(ctx, name, account.Caller, user, on)
	})
}

func (d *Desk) call(ctx context.Context, name string, caller Caller, user string, on bool) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := caller.Typing(ctx, user, on)
	switch {
	case err == nil:
		count(name, "done")
	case wxapi.CodeOf(err) != 0: // such as 45081, the state is shown already
		count(name, "refused")
	default:
		count(name, "failed")
	}
	if err != nil {
		d.log.Debug("typing not shown", "account", name, "on", on, "err", err)
	}
}

// read reads a request: {"command":"Typing"} or {"command":"CancelTyping"}.
func read(body []byte) (on, ok bool) {
	var request struct{ Command string }
	if json.Unmarshal(body, &request) != nil {
		return false, false
	}
	return request.Command == "Typing", request.Command == "Typing" || request.Command == "CancelTyping"
}
