package workertest

import (
	"errors"
	"strings"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
)

// record is a message of a stream.
type record struct {
	subject string
	header  map[string][]string
	body    []byte
}

func (r record) get(header string) string {
	if values := r.header[header]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (r record) id() string { return r.get(route.HeaderMsgID) }

func (r record) letter() Letter {
	return Letter{Reason: r.get(worker.DeadReason), Detail: r.get(worker.DeadDetail), Body: r.body}
}

// String shows a message to who looks for one.
func (r record) String() string {
	text := r.subject + " " + r.id() + " " + string(r.body)
	if reason := r.get(worker.DeadReason); reason != "" {
		text += " dead: " + reason + ": " + r.get(worker.DeadDetail)
	}
	return text
}

// reader returns what reads all messages of a stream, in order.
func (s *Server) reader() func(stream string) ([]record, error) {
	js := s.nats.JetStream()
	return func(name string) (found []record, err error) {
		ctx := s.t.Context()
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return nil, err
		}
		state := stream.CachedInfo().State
		for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
			msg, err := stream.GetMsg(ctx, sequence)
			if err != nil {
				return found, err
			}
			found = append(found, record{msg.Subject, msg.Header, msg.Data})
		}
		return found, nil
	}
}

// left is how many messages the worker has not settled.
func (s *Server) left() (n uint64, err error) {
	js, ctx := s.nats.JetStream(), s.t.Context()
	defer js.Conn().Close()
	stream, err := js.Stream(ctx, bus.StreamIn)
	if err != nil {
		return 0, err
	}
	durables := stream.ListConsumers(ctx)
	found := false
	for info := range durables.Info() {
		if info.Name == name || strings.HasPrefix(info.Name, name+"-p") {
			found = true
			n += info.NumPending + uint64(info.NumAckPending) //nolint:gosec // never below 0
		}
	}
	if !found {
		return 0, errors.New("the worker has no durable")
	}
	return n, durables.Err()
}
