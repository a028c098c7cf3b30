package otlp

import (
	"cmp"
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

// variable returns a variable for traces, or the one for everything.
func variable(name string) string {
	return cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_"+name), os.Getenv("OTEL_EXPORTER_OTLP_"+name))
}

func readSettings() (*settings, error) {
	s := &settings{timeout: defaultTimeout}
	var faults [5]error
	s.endpoint, faults[0] = endpoint()
	s.header, faults[1] = header()
	if text := variable("TIMEOUT"); text != "" {
		milliseconds, err := strconv.Atoi(text)
		if s.timeout = time.Duration(milliseconds) * time.Millisecond; err != nil || milliseconds < 1 {
			faults[2] = errors.New("OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds")
		}
	}
	if s.gzip = variable("COMPRESSION") == "gzip"; s.gzip {
		s.header.Set("Content-Encoding", "gzip")
	}
	if protocol := variable("PROTOCOL"); protocol == "grpc" {
		faults[3] = errors.New("OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not spoken here; want http/json and the collector's port 4318")
	}
	s.tls, faults[4] = certificates()
	return s, errors.Join(faults[:]...)
}

func endpoint() (*url.URL, error) {
	text := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if text == "" {
		text = strings.TrimSuffix(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "/") + "/v1/traces"
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: want a URL such as http://collector:4318")
	}
	return u, nil
}

// header reads name=value pairs, percent-encoded, in a comma list.
func header() (http.Header, error) {
	all := http.Header{"Content-Type": {"application/json"}}
	for pair := range strings.SplitSeq(variable("HEADERS"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		plain, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(name) == "" {
			return all, errors.New("OTEL_EXPORTER_OTLP_HEADERS: want name=value,name=value, percent-encoded")
		}
		all.Set(strings.TrimSpace(name), plain)
	}
	return all, nil
}

// certificates reads the files for TLS; nil without any.
func certificates() (*tls.Config, error) {
	ca, cert, key := variable("CERTIFICATE"), variable("CLIENT_CERTIFICATE"), variable("CLIENT_KEY")
	if ca == "" && cert == "" {
		return nil, nil //nolint:nilnil // no settings are the defaults
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("OTEL_EXPORTER_OTLP_CERTIFICATE: no certificate in it")
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
