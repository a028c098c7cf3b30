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

// Misunderstand has the server take what clients say next for a fault in the
// protocol, until undo is called: it closes their connections, and a client
// takes that for the end.
func (s *Server) Misunderstand() (undo func()) {
	s.t.Helper()
	const tiny = 8
	s.limitLines(tiny)
	return func() { s.limitLines(server.MAX_CONTROL_LINE_SIZE) }
}

func (s *Server) limitLines(most int32) {
	s.t.Helper()
	opts := s.opts.Clone()
	opts.MaxControlLine = most
	if err := s.srv.ReloadOptions(opts); err != nil {
		s.t.Fatal(err)
	}
}
