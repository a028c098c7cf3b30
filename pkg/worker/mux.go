package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// HandlerFunc deals with one message and returns what is to be answered, which
// may be nothing. It must end when ctx is done. It is called from several
// goroutines, for messages of different users. It may be called again for the
// same message, after a crash for instance; its replies are sent once.
type HandlerFunc func(ctx context.Context, m *wechat.Message) (wechat.Replies, error)

// Mux knows which handler deals with which message. Of the handlers whose kind
// and matches a message has, this one takes it:
//
//  1. that of its kind before that of a pattern, a longer pattern before a
//     shorter one, [wechat.AnyKind] last;
//  2. of one kind or pattern, the handlers with matches before the one without;
//  3. of those with matches, the one that was registered first.
//
// A handler that returns [Next] leaves the message to the following one in this
// order, so that several may take it. A message that no handler takes although
// its kind is subscribed to is done.
//
// Fill a Mux before it is run; from then on it must not be changed.
type Mux struct {
	kinds  []wechat.Kind
	rules  []rule // in the order in which they are tried
	layers []func(next HandlerFunc) HandlerFunc
}

// rule is a handler and what a message must be for it.
type rule struct {
	kind    wechat.Kind
	matches []Match
	handler HandlerFunc
}

// NewMux returns a Mux without handlers.
func NewMux() *Mux { return new(Mux) }

// Handle has handler deal with messages of a kind, such as
// [wechat.KindText], wechat.Kind("event.poi_check_notify") or the patterns
// [wechat.AnyEvent] and [wechat.AnyKind], that fulfil all matches:
//
//	mux.Handle(wechat.EventClick, price, worker.Key("MENU_PRICE"))
//
// [On] does so for a type and needs no kind. Handle panics when the handler is
// nil, when the kind can be none of a message, and when it has a handler without
// matches already and this is another: those are mistakes in the program.
func (mux *Mux) Handle(kind wechat.Kind, handler HandlerFunc, matches ...Match) {
	switch {
	case handler == nil:
		panic(fmt.Sprintf("worker: nil handler for %s", kind))
	case kind == "", strings.ToLower(string(kind)) != string(kind):
		panic(fmt.Sprintf("worker: there is no kind %q: kinds are in lower case, such as event.click", kind))
	case slices.ContainsFunc(matches, func(match Match) bool { return match == nil }):
		panic(fmt.Sprintf("worker: nil match for %s", kind))
	}
	added := rule{kind: kind, matches: matches, handler: handler}
	at := len(mux.rules)
	for at > 0 && added.before(mux.rules[at-1]) {
		at--
	}
	if len(matches) == 0 && at > 0 && mux.rules[at-1].kind == kind && len(mux.rules[at-1].matches) == 0 {
		panic(fmt.Sprintf("worker: two handlers for %s", kind))
	}
	mux.rules = slices.Insert(mux.rules, at, added)
	if !slices.Contains(mux.kinds, kind) {
		mux.kinds = append(mux.kinds, kind)
	}
}

// Use puts a layer around all handlers, for what every message needs: a log line,
// a metric, a transaction. The first one is the outermost; each is called once
// for a message, whichever handlers take it, and may change what they return.
// They run within the worker's own layers, which package worker lists.
func (mux *Mux) Use(layers ...func(next HandlerFunc) HandlerFunc) {
	if slices.ContainsFunc(layers, func(layer func(HandlerFunc) HandlerFunc) bool { return layer == nil }) {
		panic("worker: nil layer")
	}
	mux.layers = append(mux.layers, layers...)
}

// Kinds returns what is handled, each kind once, in the order of registration.
func (mux *Mux) Kinds() []wechat.Kind { return mux.kinds }

// Handler returns what a worker calls for each message: the layers of
// [Mux.Use] around the choice of the handler. It can be registered with another
// Mux, and called in a test.
func (mux *Mux) Handler() HandlerFunc {
	handler := mux.dispatch
	for _, layer := range slices.Backward(mux.layers) {
		handler = layer(handler)
	}
	return handler
}

// dispatch has those handlers take a message that it is for.
func (mux *Mux) dispatch(ctx context.Context, m *wechat.Message) (all wechat.Replies, err error) {
	kind, known := kindOf(ctx, m), false
	for i := range mux.rules {
		r := &mux.rules[i]
		if !r.kind.Covers(kind) {
			continue
		}
		known = true
		groups, ok := r.match(m)
		if !ok {
			continue
		}
		replies, err := r.handler(withGroups(ctx, groups), m)
		if all = append(all, replies...); !errors.Is(err, errNext) {
			return all, err
		}
	}
	if !known && !Replayed(ctx) { // who replays may ask for more than the worker handles
		return nil, fmt.Errorf("no handler for %s in this version of the worker", kind)
	}
	return all, nil
}

// before reports whether r is tried before other, which was registered earlier.
// Of kinds that have no message in common it does not matter.
func (r *rule) before(other rule) bool {
	if mine, its := r.rank(), other.rank(); mine != its {
		return mine > its
	}
	if r.kind != other.kind {
		return r.kind < other.kind
	}
	return len(r.matches) > 0 && len(other.matches) == 0
}

// rank is the higher the fewer kinds a rule is for.
func (r *rule) rank() int {
	if strings.HasSuffix(string(r.kind), ">") {
		return len(r.kind)
	}
	return math.MaxInt
}

// match reports whether m fulfils all matches, and what was captured.
func (r *rule) match(m *wechat.Message) (groups []string, ok bool) {
	for _, match := range r.matches {
		captured, ok := match(m)
		if !ok {
			return nil, false
		}
		if captured != nil {
			groups = captured
		}
	}
	return groups, true
}
