package door

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often the files of a certificate are looked at, at most.
const lookEvery = time.Second

// certificate is what the ingress shows to who connects with TLS. When the
// content of its files changes, new connections get the new one; those that are
// open stay. Files that do not go together keep the old one.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	mu     sync.Mutex
	looked time.Time
	seen   pair
	fault  string // why the files cannot be read, as the log has it
}

// pair is the content of the two files. It is compared and not their times: a
// mounted secret changes by a symbolic link, a copy may keep its times.
type pair struct{ cert, key string }

// openCertificate reads the files of TLS_CERT and TLS_KEY.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	read, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT: %w", err)
	}
	return c, c.use(read)
}

func (c *certificate) read() (pair, error) {
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return pair{}, err
	}
	key, err := os.ReadFile(c.keyFile)
	return pair{string(cert), string(key)}, err
}

// use shows p from now on, if it is whole.
func (c *certificate) use(p pair) error {
	c.seen = p
	parsed, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
	if err != nil {
		return fmt.Errorf("TLS_CERT: %w", err)
	}
	c.current.Store(&parsed)
	return nil
}

// get returns the certificate for a new connection. Of many that come at the
// same time, one looks at the files and the others do not wait for it.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.mu.TryLock() {
		if now := time.Now(); now.Sub(c.looked) >= lookEvery {
			c.looked = now
			c.renew()
		}
		c.mu.Unlock()
	}
	return c.current.Load(), nil
}

// renew takes what is new in the files. A fault is told once.
func (c *certificate) renew() {
	const kept = "new certificate is broken; the old one stays in use"
	read, err := c.read()
	if err != nil {
		if fault := err.Error(); fault != c.fault {
			c.fault = fault
			c.log.Error(kept, "err", err)
		}
		return
	}
	c.fault = ""
	if read == c.seen {
		return
	}
	if err := c.use(read); err != nil {
		c.log.Error(kept, "err", err)
		return
	}
	c.log.Info("certificate renewed", "file", c.certFile, "until", c.current.Load().Leaf.NotAfter)
}
