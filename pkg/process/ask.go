package process

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// AskReady asks the process whose admin port is at addr, on this machine,
// whether it is ready, and prints its answer: a health check for images that
// have no shell. It returns the status to exit with, 0 only when it is ready.
func AskReady(addr string, out io.Writer) int {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		_, _ = fmt.Fprintln(out, "ADMIN_ADDR is not set: there is no port to ask")
		return 1
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	url := "http://" + net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		_, _ = fmt.Fprintln(out, err)
		return 1
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		_, _ = fmt.Fprintln(out, err)
		return 1
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(out, io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

const maxAnswer = 64 << 10
