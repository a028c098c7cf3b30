package media

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"time"
)

const (
	fetchTime    = 30 * time.Second // for all of a download, with redirects
	dialTime     = 10 * time.Second
	redirectsMax = 3
	headerMax    = 64 << 10
)

// fetcher gets files from the web, within limits.
type fetcher struct {
	urls   URLs
	client *http.Client
	seen   recent[version] // by kind and address
}

// version is what an address held last, by the name that its server gave it.
type version struct{ etag, hash string }

const etagMax = 256

func newFetcher(urls URLs) *fetcher {
	dialer := &net.Dialer{Timeout: dialTime}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: dialTime,
		ForceAttemptHTTP2: true, MaxIdleConns: 32, IdleConnTimeout: fetchTime,
		MaxResponseHeaderBytes: headerMax, DisableCompression: true,
	}
	if urls == Any {
		transport.Proxy = http.ProxyFromEnvironment
	} else {
		dialer.Control = publicOnly // behind a proxy it would see the proxy's address
	}
	client := &http.Client{Transport: transport, Timeout: fetchTime, CheckRedirect: checkRedirect}
	return &fetcher{urls: urls, client: client}
}

var errRedirect = errors.New("redirected too often, or to what is not http or https")

func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > redirectsMax || !isWeb(next.URL) {
		return errRedirect
	}
	next.Header.Del("Referer") // it may hold a key
	return nil
}

func isWeb(u *url.URL) bool { return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" }

// fetch downloads a file. One that was downloaded before and has not changed
// since, as its server says, is known by its hash and not downloaded again.
func (f *fetcher) fetch(ctx context.Context, k kind, address string) (*content, error) {
	if f.urls == Off {
		return nil, bad("web addresses are refused: SENDER_MEDIA_URLS=off")
	}
	from, err := url.Parse(address)
	if err != nil || !isWeb(from) {
		return nil, bad("not a web address: want http:// or https:// and a host")
	}
	sum := sha256.Sum256([]byte(k.name + " " + address)) // addresses may be long
	key := string(sum[:])
	before, _ := f.seen.get(key)
	c, etag, err := f.get(ctx, k, from, before.etag)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from.Hostname(), err)
	}
	if c == nil {
		again := func(ctx context.Context) (*content, error) {
			c, etag, err := f.get(ctx, k, from, "")
			f.note(key, etag, c)
			return c, err
		}
		return &content{hash: before.hash, again: again, free: func() {}}, nil
	}
	f.note(key, etag, c)
	return c, nil
}

// note remembers what an address holds. Without an etag it is not asked about.
func (f *fetcher) note(key, etag string, c *content) {
	if c != nil && len(etag) <= etagMax {
		f.seen.put(key, version{etag, c.hash})
	}
}

// get makes the call. The content is nil when the server says that it is still
// what it called etag.
func (f *fetcher) get(ctx context.Context, k kind, from *url.URL, etag string) (c *content, newTag string, err error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), http.NoBody)
	if err != nil {
		return nil, "", bad("not a web address")
	}
	ask.Header.Set("User-Agent", "wxbus")
	if etag != "" {
		ask.Header.Set("If-None-Match", etag)
	}
	answer, err := f.client.Do(ask)
	if err != nil {
		return nil, "", fetchFault(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if etag != "" && answer.StatusCode == http.StatusNotModified {
		return nil, etag, nil
	}
	if err := statusFault(answer.StatusCode); err != nil {
		return nil, "", err
	}
	if answer.ContentLength > k.max {
		return nil, "", k.tooLarge()
	}
	c, err = download(answer.Body, k, path.Base(from.Path))
	return c, answer.Header.Get("ETag"), err
}

// download puts a body into a file that is gone when the content is closed.
func download(body io.Reader, k kind, name string) (*content, error) {
	file, err := os.CreateTemp("", "wxbus-media-*")
	if err != nil {
		return nil, fmt.Errorf("no place for a download, set TMPDIR: %w", err)
	}
	free := func() { _ = file.Close(); _ = os.Remove(file.Name()) }
	n, err := io.Copy(file, io.LimitReader(body, k.max+1))
	switch {
	case err != nil:
		err = fetchFault(err)
	case n > k.max:
		err = k.tooLarge()
	default:
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		free()
		return nil, err
	}
	return fileContent(file, k, name, free)
}

// statusFault tells answers that may be better later from those that say no.
func statusFault(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return fmt.Errorf("download: status %d", status)
	}
	return bad(fmt.Sprintf("download: status %d", status))
}

// fetchFault tells a broken network from an address that will not do. It takes
// the address out of the error: a query may hold a key.
func fetchFault(err error) error {
	if whole, ok := errors.AsType[*url.Error](err); ok {
		err = whole.Err
	}
	unknown, isDNS := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, errAddress):
		return bad(errAddress.Error())
	case errors.Is(err, errRedirect):
		return bad(errRedirect.Error())
	case isDNS && unknown.IsNotFound, isCertificate:
		return bad(err.Error())
	}
	return fmt.Errorf("download: %w", err)
}
