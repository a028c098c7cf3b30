// Command noop answers every push with success and does nothing else: it is
// what Echo itself costs, which the ingress is measured against. Its argument
// is the address to listen on.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
)

func main() {
	if len(os.Args) != 2 { //nolint:mnd // the program and the address
		_, _ = fmt.Fprintln(os.Stderr, "usage: noop host:port")
		os.Exit(2)
	}
	router := echo.New()
	router.POST("/wechat/:account", func(c echo.Context) error { return c.String(http.StatusOK, "success") })
	server := &http.Server{ // as the ingress has it
		Addr: os.Args[1], Handler: router, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: 90 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	_, _ = fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}
