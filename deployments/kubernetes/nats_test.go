package kubernetes_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"sigs.k8s.io/yaml"

	"github.com/wxbus/wxbus/deployments/wxbus/permit"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// values are those of the NATS chart, as far as they become configuration.
type values struct {
	Config struct {
		Cluster struct {
			Replicas int
			TLS      struct{ Merge map[string]any }
		}
		JetStream struct {
			FileStore struct {
				MaxSize string
				PVC     struct{ Size string }
			}
			Merge map[string]any
		}
		NATS struct {
			TLS struct{ Merge map[string]any }
		}
		Merge map[string]any
	}
}

func loadValues(t *testing.T) (v values) {
	t.Helper()
	text, err := os.ReadFile("overlays/prod/nats-values.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// startCluster starts what the chart makes of the values, on this machine: three
// real servers with TLS between them and to their clients.
func startCluster(t *testing.T) (authority *authority, servers []*server.Server) {
	t.Helper()
	v, authority := loadValues(t), newAuthority(t)
	certificate := authority.issue(t, "nats-server", "127.0.0.1")
	secured := func(merge map[string]any) map[string]any {
		block := map[string]any{"cert_file": certificate.cert, "key_file": certificate.key, "ca_file": authority.file, "timeout": 10}
		maps.Copy(block, merge)
		return block
	}
	var routes []string
	var ports []int
	for range v.Config.Cluster.Replicas {
		port := freePort(t)
		ports, routes = append(ports, port), append(routes, fmt.Sprintf("tls://127.0.0.1:%d", port))
	}
	for i, port := range ports {
		jetstream := map[string]any{"store_dir": t.TempDir(), "max_file_store": 1 << 30}
		maps.Copy(jetstream, v.Config.JetStream.Merge)
		conf := map[string]any{
			"server_name": fmt.Sprintf("nats-%d", i), "host": "127.0.0.1", "port": -1, "jetstream": jetstream,
			"tls": secured(v.Config.NATS.TLS.Merge),
			"cluster": map[string]any{
				"name": "nats", "host": "127.0.0.1", "port": port, "routes": routes, "tls": secured(v.Config.Cluster.TLS.Merge),
			},
		}
		maps.Copy(conf, v.Config.Merge)
		servers = append(servers, startServer(t, conf))
	}
	eventually(t, "the cluster has a leader", func() bool {
		return slices.ContainsFunc(servers, func(s *server.Server) bool { return s.JetStreamIsLeader() }) &&
			!slices.ContainsFunc(servers, func(s *server.Server) bool { return !s.JetStreamIsCurrent() })
	})
	return authority, servers
}

func startServer(t *testing.T, conf map[string]any) *server.Server {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // NATS knows no \u003e
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := encoder.Encode(conf); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	opts.NoLog, opts.NoSigs = true, true
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	addr, err := net.ResolveTCPAddr("tcp", bustest.FreeAddr())
	if err != nil {
		t.Fatal(err)
	}
	return addr.Port
}

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !check(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// Each program gets in with its certificate, and finds all that Apply has made.
func TestCertificatesAreCredentials(t *testing.T) {
	authority, servers := startCluster(t)
	url := "tls://" + servers[0].Addr().String()
	settings := func(program string) config.NATS {
		c := authority.issue(t, "wxbus-"+program)
		return config.NATS{
			URL: url, CA: config.File(authority.file), Cert: config.File(c.cert), Key: config.File(c.key), Replicas: len(servers),
		}
	}
	connect := func(program string) *bus.Bus {
		b, err := bus.Connect(program, settings(program), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	answering := bus.Durable{Name: "autoreply", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text", "wechat.retry.autoreply.>"}}
	operator := connect("apply")
	eventually(t, "everything is there", func() bool {
		_, err := operator.Apply(t.Context(), []bus.Durable{delivery.Durable(), answering}, false)
		return err == nil
	})
	for program, ready := range map[string]func(context.Context, *bus.Bus) error{
		"ingress":   func(ctx context.Context, b *bus.Bus) error { return b.Ready(ctx) },
		"sender":    func(ctx context.Context, b *bus.Bus) error { return b.ReadyFor(ctx, delivery.Durable()) },
		"autoreply": func(ctx context.Context, b *bus.Bus) error { return b.ReadyFor(ctx, answering) },
	} {
		b := connect(program)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := b.Prepare(ctx)
		if err == nil {
			err = ready(ctx, b)
		}
		cancel()
		if err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
	t.Run("a worker forges no push", func(t *testing.T) {
		refused := dial(t, url, authority, authority.issue(t, "wxbus-autoreply"))
		if _, err := refused.Request("wechat.in.main.1.text", []byte("{}"), time.Second); err == nil {
			t.Error("a worker's certificate stored a push")
		}
	})
	t.Run("an unknown name gets nowhere", func(t *testing.T) {
		stranger := authority.issue(t, "wxbus-stranger")
		if _, err := nats.Connect(url, nats.RootCAs(authority.file), nats.ClientCert(stranger.cert, stranger.key)); err == nil {
			t.Error("a certificate that no user stands for gets in")
		}
	})
	t.Run("another authority gets nowhere", func(t *testing.T) {
		forged := newAuthority(t).issue(t, "wxbus-operator")
		if _, err := nats.Connect(url, nats.RootCAs(authority.file), nats.ClientCert(forged.cert, forged.key)); err == nil {
			t.Error("a certificate of another authority gets in")
		}
	})
	t.Run("nobody gets in without", func(t *testing.T) {
		if _, err := nats.Connect(url, nats.RootCAs(authority.file)); err == nil {
			t.Error("no certificate gets in")
		}
		if _, err := nats.Connect(strings.Replace(url, "tls://", "nats://", 1), nats.Secure(&tls.Config{InsecureSkipVerify: true})); err == nil {
			t.Error("TLS without a certificate gets in")
		}
	})
}

func dial(t *testing.T, url string, authority *authority, c pair) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.RootCAs(authority.file), nats.ClientCert(c.cert, c.key),
		nats.CustomInboxPrefix("_INBOX.autoreply"), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// The users of the values may do what the programs need, and no more; whoever
// has one is given a certificate of that name, and mounts it.
func TestUsersAreThoseOfThePrograms(t *testing.T) {
	var users struct {
		Accounts struct {
			WXBUS struct {
				Users []struct {
					User        string
					Permissions *permit.Permissions
				}
			}
		}
	}
	text, err := json.Marshal(loadValues(t).Config.Merge)
	if err == nil {
		err = json.Unmarshal(text, &users)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*permit.Permissions{
		"CN=wxbus-operator": nil, "CN=wxbus-apply": new(permit.Apply()), "CN=wxbus-ingress": new(permit.Ingress(permit.Options{})),
		"CN=wxbus-sender": new(permit.Sender(permit.Options{})), "CN=wxbus-autoreply": new(permit.Worker("autoreply", permit.Options{})),
	}
	got := map[string]*permit.Permissions{}
	objects := all["prod"](t)
	for _, u := range users.Accounts.WXBUS.Users {
		got[u.User] = u.Permissions
		name := strings.TrimPrefix(u.User, "CN=")
		c := find[*certManager](t, objects, name+"-nats")
		if c.Spec.CommonName != name || c.Spec.SecretName != name+"-nats-tls" {
			t.Errorf("%s: the certificate names %s, in Secret %s", u.User, c.Spec.CommonName, c.Spec.SecretName)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("`wxbus permissions` says otherwise (-want +values):\n%s", diff)
	}
	for _, w := range workloads(all["prod and a worker"](t)) {
		name := "wxbus-" + strings.TrimPrefix(w.name, "wxbus-") + "-nats-tls"
		mounted := false
		for _, v := range w.spec.Volumes {
			mounted = mounted || v.Secret != nil && v.Secret.SecretName == name
		}
		if !mounted {
			t.Errorf("%s does not mount %s", w.name, name)
		}
	}
}

// A full disk is worse than a full stream, and a push is stored when it is
// synced.
func TestNATSKeepsWhatItAcknowledges(t *testing.T) {
	v := loadValues(t).Config
	if v.Cluster.Replicas != 3 || v.JetStream.Merge["sync_interval"] != "always" {
		t.Errorf("%d servers, sync_interval %v", v.Cluster.Replicas, v.JetStream.Merge["sync_interval"])
	}
	if quantity(t, v.JetStream.FileStore.MaxSize) >= quantity(t, v.JetStream.FileStore.PVC.Size) {
		t.Error("JetStream may fill the volume")
	}
}

// The server of dev starts with what it is given.
func TestDevConfigurationIsRead(t *testing.T) {
	t.Setenv("POD_NAME", "nats-0")
	opts, err := server.ProcessConfigFile("overlays/dev/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	if opts.ServerName != "nats-0" || !opts.JetStream || !opts.SyncAlways || opts.MaxPayload != 8<<20 {
		t.Errorf("name %q, JetStream %v, sync always %v, max_payload %d", opts.ServerName, opts.JetStream, opts.SyncAlways, opts.MaxPayload)
	}
}
