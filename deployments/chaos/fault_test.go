package chaos

import (
	"slices"
	"syscall"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// fault is something that goes wrong, and is healed when inject returns.
type fault struct {
	name   string
	hold   span // how long it lasts
	inject func(s *stage, in injection) error
}

func seconds(least, most float64) span {
	return span{time.Duration(least * float64(time.Second)), time.Duration(most * float64(time.Second))}
}

var (
	killedWorker  = &fault{"kill -9 of a worker", seconds(1, 5), on(plain, kill)}
	killedLined   = &fault{"kill -9 of an ordered worker", seconds(1, 5), on(lined, kill)}
	killedSender  = &fault{"kill -9 of a sender", seconds(1, 5), on(sender, kill)}
	killedIngress = &fault{"kill -9 of an ingress", seconds(1, 5), on(ingress, kill)}
	killedLeader  = &fault{"kill -9 of the stream leader", seconds(2, 12), onLeader(kill)}

	// Longer than a lease, and than an AckWait at times: the others must take over.
	frozenWorker = &fault{"freeze of a worker", seconds(5, 20), on(plain, freeze)}
	frozenLined  = &fault{"freeze of an ordered worker", seconds(5, 25), on(lined, freeze)}
	frozenSender = &fault{"freeze of a sender", seconds(5, 40), on(sender, freeze)}
	frozenLeader = &fault{"freeze of the stream leader", seconds(3, 15), onLeader(freeze)}

	cutWorker = &fault{"cut between a worker and NATS", seconds(3, 20), on(plain, cut)}
	cutLined  = &fault{"cut between an ordered worker and NATS", seconds(3, 20), on(lined, cut)}
	cutSender = &fault{"cut between a sender and NATS", seconds(3, 20), on(sender, cut)}
	away      = &fault{"NATS away", seconds(60, 60), func(s *stage, in injection) error { return s.nats.away(in.hold) }}

	rolled        = &fault{"rolling restart of everything", seconds(0, 0), restartAll}
	scaled        = &fault{"workers 1, 5, 1", seconds(2, 6), scale}
	poisoned      = &fault{"message that ends its worker", seconds(0, 0), sayOnce(poison + plain)}
	poisonedLined = &fault{"message that ends its ordered worker", seconds(0, 0), sayOnce(poison + lined)}

	fullIn      = &fault{"stream of pushes full", seconds(3, 8), full(bus.StreamIn)}
	fullOut     = &fault{"stream of replies full", seconds(2, 4), full(bus.StreamOut)}
	lettersFail = &fault{"dead letters refused", seconds(5, 15), refuseLetters}
)

// faults are all of them.
var faults = []*fault{
	killedWorker, killedLined, killedSender, killedIngress, killedLeader, frozenWorker, frozenLined, frozenSender, frozenLeader,
	cutWorker, cutLined, cutSender, away, rolled, scaled, poisoned, poisonedLined, fullIn, fullOut, lettersFail,
}

// on has something done to one of the replicas of a program.
func on(role string, do func(p *process, in injection) error) func(*stage, injection) error {
	return func(s *stage, in injection) error {
		p := s.actors[role][in.target%replicas]
		p.fate.Lock()
		defer p.fate.Unlock()
		return do(p, in)
	}
}

func onLeader(do func(p *process, in injection) error) func(*stage, injection) error {
	return func(s *stage, in injection) error {
		stream := []string{bus.StreamIn, bus.StreamOut}[in.target%2]
		p, err := s.nats.leader(stream)
		if err != nil {
			return err
		}
		p.fate.Lock()
		defer p.fate.Unlock()
		return do(p, in)
	}
}

func kill(p *process, in injection) error {
	p.stop(syscall.SIGKILL)
	time.Sleep(in.hold)
	return p.start()
}

func freeze(p *process, in injection) error {
	p.freeze(in.hold)
	return nil
}

// cut has a network swallow everything. Then it goes on, or has forgotten the
// connections.
func cut(p *process, in injection) error {
	p.link.cut()
	defer p.troubled(time.Now())
	time.Sleep(in.hold)
	p.link.mend(in.other)
	return nil
}

// restartAll restarts one process after the other, as a rollout does.
func restartAll(s *stage, _ injection) error {
	for _, role := range []string{ingress, plain, lined, sender} {
		for _, p := range s.actors[role][:replicas] {
			if err := restart(p); err != nil {
				return err
			}
		}
	}
	for _, p := range s.nats.servers {
		if err := restart(p); err != nil {
			return err
		}
	}
	return nil
}

func restart(p *process) error {
	p.fate.Lock()
	defer p.fate.Unlock()
	p.stop(syscall.SIGTERM)
	if err := p.start(); err != nil {
		return err
	}
	return p.ready()
}

// scale has one replica of each worker, then five, then one, then as many as ever.
func scale(s *stage, in injection) error {
	for _, n := range []int{1, most, 1, replicas} {
		for _, role := range []string{plain, lined} {
			if err := s.replicate(role, n); err != nil {
				return err
			}
		}
		time.Sleep(in.hold)
	}
	return nil
}

func (s *stage) replicate(role string, n int) error {
	return each(s.actors[role], func(p *process) error {
		p.fate.Lock()
		defer p.fate.Unlock()
		if slices.Index(s.actors[role], p) < n {
			if err := p.start(); err != nil {
				return err
			}
			return p.ready()
		}
		p.stop(syscall.SIGTERM)
		return nil
	})
}

// sayOnce has one of the users say a word.
func sayOnce(word string) func(*stage, injection) error {
	return func(s *stage, _ injection) error {
		s.crowd.words <- word
		return nil
	}
}

// full has a stream refuse what comes, for want of room.
func full(stream string) func(*stage, injection) error {
	return func(s *stage, in injection) error {
		if err := s.nats.limit(stream, 1); err != nil {
			return err
		}
		time.Sleep(in.hold)
		return s.nats.limit(stream, -1)
	}
}

// refuseLetters has workers give messages up while no dead letter can be stored.
func refuseLetters(s *stage, in injection) error {
	const letters = 5
	for range letters {
		s.crowd.words <- drop
	}
	return full(bus.StreamDead)(s, in)
}
