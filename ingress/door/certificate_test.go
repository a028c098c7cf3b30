package door_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
)

// certify writes a certificate for this machine and its key into a folder.
func certify(t *testing.T, folder, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, der []byte) error {
		return os.WriteFile(filepath.Join(folder, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
	}
	if err := errors.Join(write("tls.crt", "CERTIFICATE", cert), write("tls.key", "PRIVATE KEY", private)); err != nil {
		t.Fatal(err)
	}
}

// secret is a folder as Kubernetes mounts a Secret: its files are links through
// ..data, and one rename changes both. The first certificate is called "first".
type secret struct {
	t      *testing.T
	folder string
	next   int
}

func mount(t *testing.T) *secret {
	t.Helper()
	s := &secret{t: t, folder: t.TempDir()}
	s.swap(func(folder string) { certify(t, folder, "first") })
	for _, file := range []string{"tls.crt", "tls.key"} {
		if err := os.Symlink(filepath.Join("..data", file), filepath.Join(s.folder, file)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// swap has fill write a new version, and puts it in place.
func (s *secret) swap(fill func(folder string)) {
	s.t.Helper()
	s.next++
	version := "..v" + strings.Repeat("i", s.next)
	link := filepath.Join(s.folder, "..next")
	if err := os.Mkdir(filepath.Join(s.folder, version), 0o700); err != nil {
		s.t.Fatal(err)
	}
	fill(filepath.Join(s.folder, version))
	if err := errors.Join(os.Symlink(version, link), os.Rename(link, filepath.Join(s.folder, "..data"))); err != nil {
		s.t.Fatal(err)
	}
}

// serveTLS starts an ingress that shows the certificate of s.
func serveTLS(t *testing.T, s *secret) *rig {
	t.Helper()
	r := serve(t, bustest.Start(t), func(c *door.Config) {
		c.TLSCert, c.TLSKey = config.File(filepath.Join(s.folder, "tls.crt")), config.File(filepath.Join(s.folder, "tls.key"))
	})
	r.url = strings.Replace(r.url, "http://", "https://", 1)
	trust(r)
	return r.ready()
}

// trust has the client of a rig believe any certificate: the tests look at it.
func trust(r *rig) {
	transport := r.http.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	transport.ForceAttemptHTTP2 = true
}

// shake connects and returns the connection.
func (r *rig) shake(change func(*tls.Config)) (*tls.Conn, error) {
	cfg := &tls.Config{InsecureSkipVerify: true}
	if change != nil {
		change(cfg)
	}
	return tls.Dial("tcp", strings.TrimPrefix(r.url, "https://"), cfg)
}

// shown returns the name in the certificate that a new connection gets.
func (r *rig) shown() string {
	r.t.Helper()
	conn, err := r.shake(nil)
	if err != nil {
		r.t.Error(err)
		return ""
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestIngressServesHTTPSItself(t *testing.T) {
	r := serveTLS(t, mount(t))
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Errorf("answer = %+v", got)
	}
	for _, tt := range []struct {
		name   string
		change func(*tls.Config)
		works  bool
		proto  string
	}{
		{"TLS 1.3", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, true, ""},
		{"TLS 1.2", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true, ""},
		{"TLS 1.1", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, false, ""},
		{"HTTP/2", func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, true, "h2"},
		{"HTTP/1.1", func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }, true, "http/1.1"},
	} {
		conn, err := r.shake(tt.change)
		if (err == nil) != tt.works {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil && conn.ConnectionState().NegotiatedProtocol != tt.proto {
			t.Errorf("%s: %q was agreed", tt.name, conn.ConnectionState().NegotiatedProtocol)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	if r.log.Count("level=ERROR") > 0 {
		t.Errorf("a stranger's handshake is an error in the log:\n%s", r.log)
	}
}

// Who speaks HTTP to the port is told so by Go's server.
func TestPlainHTTPToTLSIsRefused(t *testing.T) {
	r := serveTLS(t, mount(t))
	response, err := http.Get(strings.Replace(r.url, "https://", "http://", 1) + target("/wechat/main"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want 400", response.StatusCode)
	}
}

func TestRenewedCertificateIsShownWithoutARestart(t *testing.T) {
	files := mount(t)
	r := serveTLS(t, files)
	open, err := r.shake(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if got := r.shown(); got != "first" {
		t.Fatalf("certificate of %q", got)
	}
	files.swap(func(folder string) { certify(t, folder, "second") })
	bustest.Eventually(t, "the new certificate is shown", func() bool { return r.shown() == "second" })

	_, _ = io.WriteString(open, request("GET", target("/wechat/main")+"&echostr=42", "", "Connection: close"))
	if got, err := io.ReadAll(open); err != nil || !strings.HasSuffix(string(got), "42") {
		t.Errorf("answer on the old connection = %q, %v", got, err)
	}
	if r.log.Count("certificate renewed") != 1 {
		t.Errorf("log:\n%s", r.log)
	}
}

func TestBrokenNewCertificateKeepsTheOld(t *testing.T) {
	files := mount(t)
	r := serveTLS(t, files)
	for i, tt := range []struct {
		name string
		fill func(folder string)
	}{
		{"no files", func(string) {}},
		{"empty files", func(folder string) {
			_ = errors.Join(os.WriteFile(filepath.Join(folder, "tls.crt"), nil, 0o600), os.WriteFile(filepath.Join(folder, "tls.key"), nil, 0o600))
		}},
		{"key of another", func(folder string) {
			certify(t, folder, "another")
			key, _ := os.ReadFile(filepath.Join(folder, "tls.key"))
			certify(t, folder, "broken")
			_ = os.WriteFile(filepath.Join(folder, "tls.key"), key, 0o600)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t, files.t = t, t
			files.swap(tt.fill)
			bustest.Eventually(t, "the log says so", func() bool {
				if got := r.shown(); got != "first" {
					t.Fatalf("certificate of %q", got)
				}
				return r.log.Count("new certificate is broken; the old one stays in use") == i+1
			})
		})
	}
	files.t = t
	r.t = t
	files.swap(func(folder string) { certify(t, folder, "second") })
	bustest.Eventually(t, "the next one that is whole is shown", func() bool { return r.shown() == "second" })
	if got := r.log.Count("the old one stays"); got != 3 {
		t.Errorf("a fault is told %d times, want 3 for three faults:\n%s", got, r.log)
	}
}
