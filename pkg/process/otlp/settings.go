package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// settings are what the environment says.
//
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
type settings struct {
	endpoint *url.URL
	header   http.Header
	timeout  time.Duration
	gzip     bool
	tls      *tls.Config
}

// variable returns the value for traces, or else the one for everything, and
// the name that it has.
func variable(setting string) (value, name string) {
	for _, name = range []string{"OTEL_EXPORTER_OTLP_TRACES_" + setting, "OTEL_EXPORTER_OTLP_" + setting} {
		if value = os.Getenv(name); value != "" {
			break
		}
	}
	return value, name
}

func readSettings() (*settings, error) {
	s := new(settings)
	var faults [6]error
	s.endpoint, faults[0] = endpoint()
	s.header, faults[1] = header()
	s.timeout, faults[2] = timeout()
	// The default of the standard, http/protobuf, has the same port and path: who
	// asks for it gets his spans. gRPC has a port of its own, where nothing of ours
	// would ever arrive, so that is said at once.
	if protocol, name := variable("PROTOCOL"); protocol != "" && protocol != "http/json" && protocol != "http/protobuf" {
		faults[3] = fmt.Errorf("%s: %q is not spoken here; want http/json, and the collector's port for HTTP, 4318", name, protocol)
	}
	compression, name := variable("COMPRESSION")
	switch compression {
	case "", "none":
	case "gzip":
		s.gzip = true
		s.header.Set("Content-Encoding", "gzip")
	default:
		faults[4] = fmt.Errorf("%s: want gzip or none", name)
	}
	s.tls, faults[5] = certificates()
	return s, errors.Join(faults[:]...)
}

func timeout() (time.Duration, error) {
	const standard = 10 * time.Second
	text, name := variable("TIMEOUT")
	if text == "" {
		return standard, nil
	}
	milliseconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil || milliseconds == 0 {
		return 0, fmt.Errorf("%s: want milliseconds, such as 10000", name)
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}

// endpoint returns the URL for traces as it is, or the one for everything with
// the path for traces.
func endpoint() (*url.URL, error) {
	text, name := variable("ENDPOINT")
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s: want a URL such as http://collector:4318", name)
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	return u, nil
}

// header reads name=value pairs, percent-encoded, in a comma list.
func header() (http.Header, error) {
	all := http.Header{"Content-Type": {"application/json"}}
	list, variable := variable("HEADERS")
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(name) == "" || strings.ContainsAny(plain, "\r\n\x00") {
			return all, fmt.Errorf("%s: want name=value,name=value, percent-encoded", variable)
		}
		all.Set(strings.TrimSpace(name), plain)
	}
	return all, nil
}

// certificates reads the files for TLS; without any, the system decides.
func certificates() (*tls.Config, error) {
	ca, caName := variable("CERTIFICATE")
	cert, certName := variable("CLIENT_CERTIFICATE")
	key, _ := variable("CLIENT_KEY")
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", caName, err)
		}
		if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s holds no PEM certificate", caName, ca)
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("%s, with its CLIENT_KEY: %w", certName, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
