// Command bare calls WeChat's API as a loop around an http.Client does, and does
// nothing else: it is what the calls themselves cost, which the sender is
// measured against. Its arguments are the API's URL, the calls at the same time
// and the calls in all.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 { //nolint:mnd // the URL, the calls at once, the calls
		return errors.New("usage: bare url concurrency calls")
	}
	concurrency, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	calls, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = concurrency // or most connections are used once
	client := &http.Client{Transport: transport}
	var made atomic.Int64
	var running sync.WaitGroup
	errs := make([]error, concurrency)
	for i := range errs {
		running.Go(func() {
			for n := made.Add(1); n <= calls && errs[i] == nil; n = made.Add(1) {
				errs[i] = call(client, args[0], n)
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

func call(client *http.Client, url string, n int64) error {
	body := fmt.Sprintf(`{"touser":"oBare%023d","msgtype":"text","text":{"content":"你好"}}`, n)
	response, err := client.Post(url, "application/json; charset=utf-8", strings.NewReader(body)) //nolint:gosec // the URL is that of the benchmark
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return errors.Join(err, response.Body.Close())
}
