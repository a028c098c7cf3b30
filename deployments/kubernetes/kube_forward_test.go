//go:build kube

package kubernetes_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// forward opens a way to the simulator and returns its URL.
func forward(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), setting("KUBECTL", "kubectl"), "--namespace", kubeNamespace, "port-forward", "service/simulator", ":8090")
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "127.0.0.1:"); found {
			port, _, _ := strings.Cut(rest, " ")
			go func() {
				for lines.Scan() { // it stops when nobody reads
				}
			}()
			return "http://127.0.0.1:" + port
		}
	}
	t.Fatal("kubectl port-forward says no port")
	return ""
}

func post(t *testing.T, url string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url, "application/json", bytes.NewReader(text))
	read(t, response, err, answer)
}

func get(t *testing.T, url string, answer any) {
	t.Helper()
	response, err := http.Get(url)
	read(t, response, err, answer)
}

func read(t *testing.T, response *http.Response, err error, answer any) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", response.Request.URL, response.Status)
	}
	if answer == nil {
		answer = new(any)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatalf("%s: %v", response.Request.URL, err)
	}
}
