package otlp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/process/otlp"
)

func TestMalformedSettingsAreNamed(t *testing.T) {
	empty := write(t, "empty.pem", nil)
	tests := []struct{ name, setting, value string }{
		{"no scheme", "ENDPOINT", "collector:4318"},
		{"another scheme", "ENDPOINT", "grpc://user:secret@collector:4317"},
		{"no URL", "ENDPOINT", "http://secret%zz"},
		{"no pairs", "HEADERS", "secret"},
		{"no name", "HEADERS", "=secret"},
		{"no percent-encoding", "HEADERS", "a=secret%zz"},
		{"two lines", "HEADERS", "a=secret%0d%0ab: c"},
		{"a duration", "TIMEOUT", "10s"},
		{"no time at all", "TIMEOUT", "0"},
		{"below nothing", "TIMEOUT", "-1"},
		{"grpc", "PROTOCOL", "grpc"},
		{"unknown compression", "COMPRESSION", "zstd"},
		{"no such certificate", "CERTIFICATE", filepath.Join(t.TempDir(), "none")},
		{"empty certificate", "CERTIFICATE", empty},
		{"empty client certificate", "CLIENT_CERTIFICATE", empty},
	}
	for _, tt := range tests {
		for _, prefix := range []string{"OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"} {
			t.Run(prefix+" "+tt.name, func(t *testing.T) {
				clearOTel(t)
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
				t.Setenv(prefix+tt.setting, tt.value)
				_, err := otlp.New()
				checkFailure(t, err, prefix+tt.setting)
			})
		}
	}
}

func TestAllMalformedSettingsAreNamedAtOnce(t *testing.T) {
	clearOTel(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	_, err := otlp.New()
	checkFailure(t, err, "_ENDPOINT")
	checkFailure(t, err, "_PROTOCOL")
}

func TestSettingsForTracesWin(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://nowhere.invalid")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.URL+"/v1/traces")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=all")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-scope=traces")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
	if err := export(t); err != nil {
		t.Fatal(err)
	}
	if got := c.headers[0].Get("X-Scope"); got != "traces" {
		t.Errorf("X-Scope is %q", got)
	}
}

func TestSlashAfterTheEndpointMakesNoDifference(t *testing.T) {
	c := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL+"/")
	if err := export(t); err != nil || len(c.bodies) != 1 {
		t.Errorf("%d requests, %v", len(c.bodies), err)
	}
}

func TestCollectorBehindTLSKnowsTheProgram(t *testing.T) {
	clearOTel(t)
	cert, key := clientPair(t)
	c := new(collector)
	c.Server = httptest.NewUnstartedServer(c.handler(t))
	c.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	c.StartTLS()
	defer c.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", write(t, "ca.pem", ca))
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", cert)
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)
	if err := export(t); err != nil || len(c.bodies) != 1 {
		t.Errorf("%d requests, %v", len(c.bodies), err)
	}
}

// clientPair returns the files of a new certificate and its key.
func clientPair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
