//go:build kube

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kubeWindow is how long what was needed is kept, in place of the two minutes of
// the manifests.
const kubeWindow = 15

// scaled applies a ScaledObject that is shipped, for this namespace.
func scaled(t *testing.T, file string, changes ...string) {
	t.Helper()
	if !strings.Contains(kubectl(t, "api-resources", "--output=name"), "scaledobjects.keda.sh") || !strings.Contains(kubectl(t, "api-versions"), "external.metrics.k8s.io") {
		t.Skip("this cluster has no KEDA")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changes = append(changes, ".wxbus.svc", "."+kubeNamespace+".svc", "account: WXBUS", "account: $G",
		"scaleDown: {stabilizationWindowSeconds: 120", fmt.Sprintf("scaleDown: {stabilizationWindowSeconds: %d", kubeWindow),
		"minReplicaCount: 2", "minReplicaCount: 1")
	target := filepath.Join(t.TempDir(), "scaledobject.yaml")
	if err := os.WriteFile(target, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "--server-side", "-f", target)
	kubectl(t, "wait", "--for=condition=Ready", "scaledobject/autoreply", "--timeout=60s")
}

// replicas returns how many replicas of a program there are to be.
func replicas(t *testing.T, program string) int {
	t.Helper()
	n, err := strconv.Atoi(kubectl(t, "get", "deployment", program, "--output=jsonpath={.spec.replicas}"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// burst has a pod push as fast as it can, of users that nobody knows: so many
// messages, or for so long.
func burst(t *testing.T, name, limit, value string) {
	t.Helper()
	image := setting("KUBE_REGISTRY", "ghcr.io/wxbus") + "/wxbus:" + setting("KUBE_TAG", "latest")
	text := strings.NewReplacer("NAME", name, "IMAGE", image, "LIMIT", limit, "VALUE", value).Replace(`
apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: load
          image: IMAGE
          args: [sim, load, --url, http://ingress/wechat/main, --appid, wx0000000000000001, --token, simulated, --aes-key, abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG, LIMIT, "VALUE", --connections, "32", --size, "300", --tries, "3"]
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`)
	file := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-f", file)
}

// upAndDown waits until autoreply has had more replicas and one again.
func upAndDown(t *testing.T) {
	t.Helper()
	watch(t, "autoreply", func(most, now int) bool { return most > 2 && now == 1 })
}

// watch says how many replicas of a program there are to be, until that is
// enough, and returns the most of them.
func watch(t *testing.T, program string, enough func(most, now int) bool) (most int) {
	t.Helper()
	began, last, seen := time.Now(), 0, []string{}
	for most == 0 || !enough(most, last) {
		if time.Since(began) > 6*time.Minute {
			t.Fatalf("replicas were %v", seen)
		}
		if n := replicas(t, program); n != last {
			seen = append(seen, fmt.Sprintf("%d at %s", n, time.Since(began).Round(time.Second)))
			last, most = n, max(most, n)
		}
		time.Sleep(time.Second)
	}
	t.Logf("replicas: %s", strings.Join(seen, ", "))
	return most
}

// tally is what the server says of the durables of autoreply, as their leaders
// know it, and of the stream that they read.
type tally struct{ left, delivered, stored int }

// consumers looks at the durable that all replicas share, or at those of the
// partitions.
func consumers(t *testing.T, ordered bool) (all tally) {
	t.Helper()
	for i := range 3 {
		pod := fmt.Sprintf("nats-%d", i)
		text := kubectl(t, "get", "--raw", "/api/v1/namespaces/"+kubeNamespace+"/pods/"+pod+":8222/proxy/jsz?consumers=true")
		var jsz struct {
			Details []struct {
				Streams []struct {
					State struct {
						Last int `json:"last_seq"`
					}
					Consumers []struct {
						Name       string
						Pending    int `json:"num_pending"`
						AckPending int `json:"num_ack_pending"`
						Delivered  struct {
							Count int `json:"consumer_seq"`
						}
						Cluster struct{ Leader string }
					} `json:"consumer_detail"`
				} `json:"stream_detail"`
			} `json:"account_details"`
		}
		if err := json.Unmarshal([]byte(text), &jsz); err != nil {
			t.Fatal(err)
		}
		for _, account := range jsz.Details {
			for _, stream := range account.Streams {
				for _, c := range stream.Consumers {
					program, partition, _ := strings.Cut(c.Name, "-p")
					if program == "autoreply" && (partition != "") == ordered && c.Cluster.Leader == pod {
						all = tally{all.left + c.Pending + c.AckPending, all.delivered + c.Delivered.Count, stream.State.Last}
					}
				}
			}
		}
	}
	return all
}

// settled waits until nothing is left.
func settled(t *testing.T, ordered bool) (last tally) {
	t.Helper()
	eventually(t, "nothing is left", func() bool {
		last = consumers(t, ordered)
		return last.left == 0
	})
	return last
}

// scaleByLag has autoreply handle one message at a time, so that a burst waits.
func scaleByLag(t *testing.T) {
	kubectl(t, "set", "env", "deployment/autoreply", "WORKER_SLOTS=1")
	kubectl(t, "scale", "deployment/sender", "--replicas=0") // nobody knows the users
	kubectl(t, "rollout", "status", "deployment/autoreply", "--timeout=3m")
	scaled(t, "components/keda/autoreply.yaml")
	defer kubectl(t, "delete", "scaledobject", "autoreply")
	before := settled(t, false)
	burst(t, "burst-lag", "--count", "20000")
	upAndDown(t)
	after := settled(t, false)
	kubectl(t, "wait", "--for=condition=complete", "job/burst-lag", "--timeout=2m")
	messages := after.stored - before.stored
	t.Logf("%d messages, of which %d were given back by replicas that stopped", messages, after.delivered-before.delivered-messages)
}

// scaleInOrder turns autoreply and the sender into ones that keep order, and has
// users ask while a burst makes the replicas more and less.
func scaleInOrder(t *testing.T) {
	kubectl(t, "scale", "deployment/autoreply", "deployment/sender", "--replicas=0")
	eventually(t, "the old replicas are gone", func() bool {
		return strings.TrimSpace(kubectl(t, "get", "pods", "--selector=app.kubernetes.io/name in (autoreply,sender)", "--output=name")) == ""
	})
	applyOrdered(t)
	for name, env := range map[string][]string{
		"autoreply": {"WORKER_ORDER=user"},
		// While replies wait behind the burst, a user asks more often than WeChat takes
		// answers to one question; the simulator does not mind.
		"sender": {"SENDER_ORDER=user", "SENDER_QUOTA_MESSAGE=254"},
	} {
		kubectl(t, append([]string{"set", "env", "deployment/" + name}, env...)...)
		kubectl(t, "scale", "deployment/"+name, "--replicas=1")
		kubectl(t, "rollout", "status", "deployment/"+name, "--timeout=3m")
	}
	scaled(t, "workers/greeter/scale.yaml", "greeter", "autoreply")
	defer kubectl(t, "delete", "scaledobject", "autoreply")
	c := newChat(t)
	c.rate, c.order = 20, true // a chat keeps its last 500 lines
	c.load(t, 10*time.Second, func() {
		burst(t, "burst-order", "--count", "6000")
		upAndDown(t)
	})
	settled(t, true)
}

// scaleByCPU has the autoscaler that is shipped make the ingress more by its load,
// which takes less here than where nobody else works.
func scaleByCPU(t *testing.T) {
	if !strings.Contains(kubectl(t, "api-versions"), "metrics.k8s.io/v1beta1\n") {
		t.Skip("this cluster has no metrics-server")
	}
	text, err := os.ReadFile("components/hpa/hpa.yaml")
	if err != nil {
		t.Fatal(err)
	}
	scaler, _, _ := strings.Cut(string(text), "\n---\n")
	file := filepath.Join(t.TempDir(), "hpa.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(scaler, "averageValue: 500m", "averageValue: 40m")), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "scale", "deployment/autoreply", "deployment/sender", "--replicas=0") // nobody knows the users
	kubectl(t, "apply", "--server-side", "-f", file)
	burst(t, "burst-cpu", "--duration", "2m")
	most := watch(t, "ingress", func(int, int) bool {
		return strings.TrimSpace(kubectl(t, "get", "job", "burst-cpu", "--output=jsonpath={.status.conditions[*].type}")) != ""
	})
	t.Log(kubectl(t, "logs", "job/burst-cpu"))
	kubectl(t, "wait", "--for=condition=complete", "job/burst-cpu", "--timeout=10s")
	if most < 3 {
		t.Errorf("at most %d replicas, want more than 2", most)
	}
}

// applyOrdered runs the Job again, with the arguments of ordered workers.
func applyOrdered(t *testing.T) {
	t.Helper()
	var job map[string]any
	if err := json.Unmarshal([]byte(kubectl(t, "get", "job", "wxbus-apply", "--output=json")), &job); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "delete", "job", "wxbus-apply")
	delete(job, "status")
	job["metadata"] = map[string]any{"name": "wxbus-apply"}
	spec := job["spec"].(map[string]any)
	delete(spec, "selector")
	template := spec["template"].(map[string]any)
	template["metadata"] = map[string]any{"labels": map[string]any{"app.kubernetes.io/name": "wxbus-apply"}}
	containers := template["spec"].(map[string]any)["containers"].([]any)
	container := containers[0].(map[string]any)
	container["args"] = slices.Concat(container["args"].([]any), []any{"--ordered=sender,autoreply"})
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "job.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-f", file)
	kubectl(t, "wait", "--for=condition=complete", "job/wxbus-apply", "--timeout=3m")
}
