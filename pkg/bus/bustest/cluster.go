package bustest

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/config"
)

// Cluster is three servers that replicate each stream.
type Cluster struct {
	t       testing.TB
	Servers []*Server
}

// StartCluster starts a cluster that ends with the test.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t, Servers: []*Server{newServer(t), newServer(t), newServer(t)}}
	var routes []string
	for i, s := range c.Servers {
		s.opts.ServerName = "s" + strconv.Itoa(i+1)
		s.opts.Cluster = server.ClusterOpts{Name: "test", Host: s.opts.Host, Port: freePort(), PoolSize: -1}
		routes = append(routes, "nats-route://"+net.JoinHostPort(s.opts.Host, strconv.Itoa(s.opts.Cluster.Port)))
	}
	var starting errgroup.Group // at once: who has nobody to elect him waits for seconds to be tried again
	for _, s := range c.Servers {
		s.opts.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		starting.Go(s.start)
	}
	if err := starting.Wait(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the cluster has a leader", c.led)
	return c
}

func (c *Cluster) led() bool {
	for _, s := range c.Servers {
		if s.srv != nil && s.srv.JetStreamIsLeader() {
			return true
		}
	}
	return false
}

// Config returns the settings of a program that uses the cluster.
func (c *Cluster) Config() config.NATS {
	var urls []string
	for _, s := range c.Servers {
		urls = append(urls, s.Config().URL)
	}
	return config.NATS{URL: strings.Join(urls, ","), AutoProvision: true, Replicas: len(c.Servers)}
}

// Leader returns the server that leads a stream. It waits until there is one.
func (c *Cluster) Leader(stream string) (leader *Server) {
	c.t.Helper()
	Eventually(c.t, stream+" has a leader", func() bool {
		for _, s := range c.Servers {
			if s.srv != nil && s.srv.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				leader = s
				return true
			}
		}
		return false
	})
	return leader
}
