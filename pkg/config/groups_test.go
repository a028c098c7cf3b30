package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nkeys"

	"github.com/wxbus/wxbus/pkg/config"
)

func TestNATSURL(t *testing.T) {
	const (
		malformed = "NATS_URL: want nats://host:port, tls://, ws:// or wss://, or a comma list of them"
		mixed     = "NATS_URL: want ws:// and wss://, or others, not both"
	)
	tests := []struct{ url, want string }{
		{"nats://127.0.0.1:4222", ""},
		{"nats.example.com", ""},
		{"nats:4222", ""},
		{"127.0.0.1:4222", ""},
		{"[::1]:4222", ""},
		{"nats://user:pass@host:4222", ""},
		{"tls://host", ""},
		{"NATS://host", ""},
		{"wss://host/path", ""},
		{"nats://a:4222,nats://b:4222", ""},
		{"nats://a, tls://b ,c:4222", ""},
		{"ws://a,wss://b", ""},
		{" ", "NATS_URL: is set but empty"},
		{"nats://", malformed},
		{"nats://:4222", malformed},
		{"http://host:4222", malformed},
		{"nats://host:port", malformed},
		{"nats://host:65536", malformed},
		{"nats://a b", malformed},
		{"nats://a,", malformed},
		{",", malformed},
		{"nats://a nats://b", malformed},
		{"nats://a,ws://b", mixed},
		{"wss://a,b", mixed},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			setenv(t, map[string]string{"NATS_URL": tt.url})
			if got := strings.Join(faults(new(config.NATS)), "\n"); got != tt.want {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNATSReplicas(t *testing.T) {
	for text, valid := range map[string]bool{"1": true, "5": true, "0": false, "6": false, "-1": false} {
		setenv(t, map[string]string{"STREAM_REPLICAS": text})
		got := faults(new(config.NATS))
		if valid != (len(got) == 0) || !valid && got[0] != "STREAM_REPLICAS: want 1 to 5" {
			t.Errorf("STREAM_REPLICAS=%s: faults %q", text, got)
		}
	}
}

func TestNATSFiles(t *testing.T) {
	certPEM, keyPEM := certificate(t)
	otherPEM, otherKeyPEM := certificate(t)
	cert, key := write(t, "cert.pem", certPEM), write(t, "key.pem", keyPEM)
	other, otherKey := write(t, "other.pem", otherPEM), write(t, "other-key.pem", otherKeyPEM)
	junk, empty := write(t, "junk", []byte("junk")), write(t, "empty", nil)
	absent := filepath.Join(t.TempDir(), "absent")
	jwt, seed := credentials(t)
	creds := write(t, "creds", []byte(jwt+seed))

	tests := []struct {
		name string
		vars map[string]string
		want []string
	}{
		{"none", nil, nil},
		{"set but empty", map[string]string{"NATS_CREDS": "", "NATS_CA": "", "NATS_CERT": "", "NATS_KEY": ""}, nil},
		{"all in order", map[string]string{"NATS_CREDS": creds, "NATS_CA": cert, "NATS_CERT": cert, "NATS_KEY": key}, nil},
		{"several authorities", map[string]string{"NATS_CA": write(t, "ca", append(certPEM, otherPEM...))}, nil},

		{"CA of junk", map[string]string{"NATS_CA": junk}, []string{"NATS_CA: holds no PEM certificate"}},
		{"CA without content", map[string]string{"NATS_CA": empty}, []string{"NATS_CA: holds no PEM certificate"}},
		{"CA that is a key", map[string]string{"NATS_CA": key}, []string{"NATS_CA: holds no PEM certificate"}},
		{"CA absent", map[string]string{"NATS_CA": absent}, []string{"NATS_CA: open"}},

		{"cert without key", map[string]string{"NATS_CERT": cert}, []string{"NATS_KEY: is needed with NATS_CERT"}},
		{"key without cert", map[string]string{"NATS_KEY": key}, []string{"NATS_CERT: is needed with NATS_KEY"}},
		{"key of another cert", map[string]string{"NATS_CERT": other, "NATS_KEY": key}, []string{"NATS_CERT: tls: private key does not match"}},
		{"cert of junk", map[string]string{"NATS_CERT": junk, "NATS_KEY": otherKey}, []string{"NATS_CERT: tls: failed to find any PEM data"}},
		{"cert absent beside a key", map[string]string{"NATS_CERT": absent, "NATS_KEY": key}, []string{"NATS_CERT: open"}},

		{"creds of junk", map[string]string{"NATS_CREDS": junk}, []string{"NATS_CREDS: holds no user seed"}},
		{"creds without content", map[string]string{"NATS_CREDS": empty}, []string{"NATS_CREDS: holds no NATS user JWT"}},
		{"creds without seed", map[string]string{"NATS_CREDS": write(t, "jwt", []byte(jwt))}, []string{"NATS_CREDS: holds no user seed"}},
		{"creds are a folder", map[string]string{"NATS_CREDS": t.TempDir()}, []string{"NATS_CREDS: /"}},

		{
			"all broken at once",
			map[string]string{"NATS_CREDS": junk, "NATS_CA": absent, "NATS_CERT": cert, "NATS_URL": "http://a", "STREAM_REPLICAS": "x"},
			[]string{"NATS_CA: open", "STREAM_REPLICAS: ", "NATS_URL: want", "NATS_CREDS: holds", "NATS_KEY: is needed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, tt.vars)
			got := faults(new(config.NATS))
			if len(got) != len(tt.want) {
				t.Fatalf("faults %q, want %q", got, tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("fault %q, want %q", got[i], tt.want[i])
				}
			}
		})
	}
}

func TestProcessSettings(t *testing.T) {
	tests := []struct {
		name, value string
		want        []string
	}{
		{"LOG_LEVEL", "WARN", nil},
		{"LOG_LEVEL", "debug+2", nil},
		{"LOG_LEVEL", "", []string{"LOG_LEVEL: is set but empty"}},
		{"LOG_FORMAT", "", nil},
		{"LOG_FORMAT", "logfmt", []string{"LOG_FORMAT: want text or json"}},
		{"ADMIN_ADDR", "", nil},
		{"ADMIN_ADDR", "9090", []string{`ADMIN_ADDR: want host:port or :port, not "9090"`}},
		{"SHUTDOWN_TIMEOUT", "1ms", nil},
		{"SHUTDOWN_TIMEOUT", "0", []string{"SHUTDOWN_TIMEOUT: want a duration above 0"}},
		{"SHUTDOWN_TIMEOUT", "-1s", []string{"SHUTDOWN_TIMEOUT: want a duration above 0"}},
		{"SHUTDOWN_TIMEOUT", "", []string{"SHUTDOWN_TIMEOUT: is set but empty"}},
		{"AUTO_PROVISION", "false", nil},
		{"AUTO_PROVISION", "", []string{"AUTO_PROVISION: is set but empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			setenv(t, map[string]string{tt.name: tt.value})
			if diff := cmp.Diff(tt.want, faults(new(config.Common))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// certificate returns a certificate that signs itself, and its key.
func certificate(t *testing.T) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bare})
}

// credentials returns the two parts of a credentials file.
func credentials(t *testing.T) (jwt, seed string) {
	t.Helper()
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	bare, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return "-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QifQ.e30.c2ln\n------END NATS USER JWT------\n\n",
		"-----BEGIN USER NKEY SEED-----\n" + string(bare) + "\n------END USER NKEY SEED------\n"
}
