package process_test

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/process"
)

func TestAskReady(t *testing.T) {
	ready, missing := process.NewHealth(t.Context()), process.NewHealth(t.Context())
	ready.Add("ingress", passes)
	missing.Add("ingress", fails("no connection to NATS"))
	serve := func(health *process.Health) string {
		server := httptest.NewServer(process.Admin(health, new(process.Loads)))
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	_, port, _ := net.SplitHostPort(serve(ready))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()

	tests := []struct {
		name, addr string
		status     int
		says       string
	}{
		{"ready", "127.0.0.1:" + port, 0, "ready"},
		{"ready, listening everywhere", ":" + port, 0, "ready"},
		{"ready, listening on all of IPv4", "0.0.0.0:" + port, 0, "ready"},
		{"not ready", serve(missing), 1, "no connection to NATS"},
		{"nobody there", closed.Addr().String(), 1, "refused"},
		{"no admin port", "", 1, "ADMIN_ADDR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var said strings.Builder
			if got := process.AskReady(tt.addr, &said); got != tt.status || !strings.Contains(said.String(), tt.says) {
				t.Errorf("AskReady(%q) = %d, says %q, want %d and %q", tt.addr, got, said.String(), tt.status, tt.says)
			}
		})
	}
}
