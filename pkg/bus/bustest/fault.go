package bustest

import "github.com/nats-io/nats-server/v2/server"

// Misroute has the server take messages to one subject for messages to another
// until undo is called.
func (s *Server) Misroute(from, to string) (undo func()) {
	s.t.Helper()
	account := s.srv.GlobalAccount()
	if err := account.AddMapping(from, to); err != nil {
		s.t.Fatal(err)
	}
	return func() { account.RemoveMapping(from) }
}

// Refuse has the server disconnect all who are there and take nobody back, for
// want of a password, until undo is called.
func (s *Server) Refuse() (undo func()) {
	s.t.Helper()
	s.reload(func(opts *server.Options) { opts.Username, opts.Password = "nobody", "knows" })
	return func() { s.reload(func(*server.Options) {}) }
}

// Expel has the server take whatever clients publish next for a violation of its
// limits: it closes their connections, and a client takes that for the end.
func (s *Server) Expel() {
	s.t.Helper()
	const lessThanNothing = -2 // -1 is no limit
	s.reload(func(opts *server.Options) { opts.MaxPayload = lessThanNothing })
}

func (s *Server) reload(change func(*server.Options)) {
	s.t.Helper()
	opts := s.opts.Clone()
	change(opts)
	if err := s.srv.ReloadOptions(opts); err != nil {
		s.t.Fatal(err)
	}
}
