package config

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Common are the settings of every program.
type Common struct {
	NATS
	Process
}

// NATS says how to reach NATS and what to create there.
type NATS struct {
	URL           string `envconfig:"NATS_URL" default:"nats://127.0.0.1:4222" desc:"NATS servers, a comma list"`
	Creds         File   `envconfig:"NATS_CREDS" desc:"credentials file"`
	CA            File   `envconfig:"NATS_CA" desc:"certificates of the authority that signed the servers' certificates, PEM"`
	Cert          File   `envconfig:"NATS_CERT" desc:"client certificate, PEM; needs NATS_KEY"`
	Key           File   `envconfig:"NATS_KEY" desc:"key of the client certificate, PEM"`
	AutoProvision bool   `envconfig:"AUTO_PROVISION" default:"true" desc:"create missing streams, buckets and the program's own durable at start; false: wait until they exist and say what is missing"`
	Replicas      int    `envconfig:"STREAM_REPLICAS" default:"1" desc:"replicas of streams and buckets that are created, 1 to 5"`
}

// Validate checks what single values cannot show.
func (n *NATS) Validate() error {
	var faults []error
	if n.Replicas < 1 || n.Replicas > 5 {
		faults = append(faults, errors.New("STREAM_REPLICAS: want 1 to 5"))
	}
	return errors.Join(append(faults, n.checkURL(), n.checkCreds(), n.checkCA(), n.checkCert())...)
}

func (n *NATS) checkURL() error {
	schemes := map[string]bool{}
	for server := range strings.SplitSeq(n.URL, ",") {
		schemes[scheme(strings.TrimSpace(server))] = true
	}
	switch {
	case schemes[""]:
		return errors.New("NATS_URL: want nats://host:port, tls://, ws:// or wss://, or a comma list of them")
	case (schemes["ws"] || schemes["wss"]) && (schemes["nats"] || schemes["tls"]):
		return errors.New("NATS_URL: want ws:// and wss://, or others, not both")
	}
	return nil
}

// scheme returns how a NATS server is spoken to, "" when text names none.
func scheme(text string) string {
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
		return ""
	}
	if _, err := strconv.ParseUint(cmp.Or(u.Port(), "0"), 10, 16); err != nil {
		return ""
	}
	return u.Scheme
}

func (n *NATS) checkCreds() error {
	if n.Creds == "" {
		return nil
	}
	data, err := os.ReadFile(string(n.Creds))
	if err != nil {
		return fmt.Errorf("NATS_CREDS: %w", err)
	}
	if token, err := nkeys.ParseDecoratedJWT(data); err != nil || token == "" {
		return errors.New("NATS_CREDS: holds no NATS user JWT")
	}
	if _, err := nkeys.ParseDecoratedUserNKey(data); err != nil {
		return errors.New("NATS_CREDS: holds no user seed")
	}
	return nil
}

func (n *NATS) checkCA() error {
	if n.CA == "" {
		return nil
	}
	data, err := os.ReadFile(string(n.CA))
	if err != nil {
		return fmt.Errorf("NATS_CA: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(data) {
		return errors.New("NATS_CA: holds no PEM certificate")
	}
	return nil
}

func (n *NATS) checkCert() error {
	switch {
	case n.Cert == "" && n.Key == "":
		return nil
	case n.Cert == "":
		return errors.New("NATS_CERT: is needed with NATS_KEY")
	case n.Key == "":
		return errors.New("NATS_KEY: is needed with NATS_CERT")
	}
	if _, err := tls.LoadX509KeyPair(string(n.Cert), string(n.Key)); err != nil {
		return fmt.Errorf("NATS_CERT: %w", err)
	}
	return nil
}

// Process says how a program logs, is watched and stops.
type Process struct {
	LogLevel        slog.Level    `envconfig:"LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
	LogFormat       LogFormat     `envconfig:"LOG_FORMAT" desc:"text or json; default text on a terminal, else json"`
	AdminAddr       Addr          `envconfig:"ADMIN_ADDR" desc:"where /healthz, /readyz, /metrics and /scale are served; empty = nowhere"`
	ShutdownTimeout time.Duration `envconfig:"SHUTDOWN_TIMEOUT" default:"25s" desc:"longest time that work under way is given to end after SIGTERM"`
}

// Validate checks what single values cannot show.
func (p *Process) Validate() error {
	if p.ShutdownTimeout <= 0 {
		return errors.New("SHUTDOWN_TIMEOUT: want a duration above 0")
	}
	return nil
}

// LogFormat is "text", "json", or "" for the one that fits where the log goes.
type LogFormat string

// Decode implements envconfig.Decoder.
func (f *LogFormat) Decode(text string) error {
	switch text {
	case "", "text", "json":
		*f = LogFormat(text)
		return nil
	}
	return errors.New("want text or json")
}
