//go:build kube

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests of this file run on the cluster that KUBECONFIG names, with kubectl,
// in a namespace of their own that is deleted in the end:
//
//	make kube-test KUBE_REGISTRY=localhost/wxbus KUBE_TAG=dev
//
// The cluster must be able to pull the images from there, or have them, and to
// bind three volumes. What a cluster has no kinds for is left out, and said.
const (
	kubeNamespace = "wxbus-kube-test"
	kubeUsers     = 40
	kubeRate      = 50 // pushes a second
)

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// kubectl runs a command in the namespace and returns what it prints.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), setting("KUBECTL", "kubectl"), append([]string{"--namespace", kubeNamespace}, args...)...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

// kubeOverlay is dev with three NATS servers, two replicas of everything, and
// rules whose answers name the question.
func kubeOverlay(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	dev, err := filepath.Abs("overlays/dev")
	if err == nil {
		dev, err = filepath.Rel(folder, dev)
	}
	if err != nil {
		t.Fatal(err)
	}
	registry, tag := setting("KUBE_REGISTRY", "ghcr.io/wxbus"), setting("KUBE_TAG", "latest")
	natsImage, natsTag, _ := strings.Cut(setting("KUBE_NATS", "docker.io/library/nats:2.15.2-alpine"), ":")
	text := `namespace: ` + kubeNamespace + `
resources: [` + dev + `]
configMapGenerator:
  - {name: wxbus-settings, behavior: merge, literals: [STREAM_REPLICAS=3, LOG_LEVEL=info]}
  - {name: nats-config, behavior: replace, files: [nats.conf]}
  - {name: autoreply-rules, behavior: replace, files: [rules.yaml]}
replicas: [{name: ingress, count: 2}, {name: sender, count: 2}, {name: autoreply, count: 2}, {name: nats, count: 3}]
images:
`
	for _, name := range []string{"ingress", "sender", "autoreply", "wxbus"} {
		text += fmt.Sprintf("  - {name: ghcr.io/wxbus/%s, newName: %s/%s, newTag: %q}\n", name, registry, name, tag)
	}
	text += fmt.Sprintf("  - {name: docker.io/library/nats, newName: %s, newTag: %q}\n", natsImage, natsTag)
	text += `patches:
  - target: {kind: StatefulSet, name: nats}
    patch: |-
      - op: add
        path: /spec/podManagementPolicy
        value: Parallel
  - target: {kind: Deployment, name: simulator}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/args/-
        value: --no-quota
`
	conf, err := os.ReadFile("overlays/dev/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for i := range 3 {
		routes = append(routes, fmt.Sprintf("nats://nats-%d.nats-headless:6222", i))
	}
	cluster := fmt.Sprintf("%s\ncluster { name: nats, port: 6222, routes: [%s] }\n", conf, strings.Join(routes, ", "))
	for name, content := range map[string]string{
		"kustomization.yaml": text, "nats.conf": cluster,
		"rules.yaml": "rules:\n  - when: {type: text, regexp: '^(\\d+)$'}\n    reply: answer $1\n  - when: {type: text}\n    reply: burst\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestKube brings wxbus up in a cluster and shows that it keeps its promises
// while pods come and go.
func TestKube(t *testing.T) {
	overlay := kubeOverlay(t)
	t.Cleanup(func() {
		if t.Failed() {
			return // somebody wants to look at it
		}
		_ = exec.Command(setting("KUBECTL", "kubectl"), "delete", "namespace", kubeNamespace, "--wait=false").Run()
	})
	kubectl(t, "apply", "--server-side", "-k", overlay)
	kubectl(t, "wait", "--for=condition=complete", "job/wxbus-apply", "--timeout=5m")
	for _, name := range []string{"ingress", "sender", "autoreply", "simulator"} {
		kubectl(t, "rollout", "status", "deployment/"+name, "--timeout=3m")
	}
	t.Run("the server takes prod", dryRun)
	c := newChat(t)
	t.Run("a push is answered", func(t *testing.T) { c.load(t, 2*time.Second, nil) })
	for _, name := range []string{"ingress", "sender", "autoreply"} {
		t.Run("rolling update of "+name, func(t *testing.T) {
			c.load(t, 20*time.Second, func() {
				kubectl(t, "rollout", "restart", "deployment/"+name)
				kubectl(t, "rollout", "status", "deployment/"+name, "--timeout=3m")
			})
		})
	}
	t.Run("the pods of a node are evicted", func(t *testing.T) { c.load(t, 20*time.Second, func() { evict(t) }) })
	t.Run("the leader of the stream is deleted", func(t *testing.T) {
		c.load(t, 30*time.Second, func() {
			kubectl(t, "delete", "pod", leader(t), "--wait=false")
			time.Sleep(5 * time.Second) // while there is one server less
			kubectl(t, "rollout", "status", "statefulset/nats", "--timeout=3m")
		})
	})
	t.Run("workers go from five to one", func(t *testing.T) {
		c.load(t, 30*time.Second, func() {
			kubectl(t, "scale", "deployment/autoreply", "--replicas=5")
			kubectl(t, "rollout", "status", "deployment/autoreply", "--timeout=3m")
			kubectl(t, "scale", "deployment/autoreply", "--replicas=1")
		})
	})
	t.Run("KEDA scales by the lag of the durable", scaleByLag)
	t.Run("KEDA scales an ordered worker by /scale", scaleInOrder)
	t.Run("the ingress is scaled by CPU", scaleByCPU)
}

// evict does what the drain of a node does to the pods of the programs: each has
// to go as soon as its budget allows it. Nodes stay as they are, for the cluster
// may be one that others use.
func evict(t *testing.T) {
	pods := kubectl(t, "get", "pods", "--selector=app.kubernetes.io/name in (ingress,sender,autoreply)", "--output=jsonpath={.items[*].metadata.name}")
	for _, pod := range strings.Fields(pods) {
		file := filepath.Join(t.TempDir(), "eviction.json")
		text := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, kubeNamespace)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		url := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/eviction", kubeNamespace, pod)
		eventually(t, pod+" is evicted", func() bool {
			output, err := exec.CommandContext(t.Context(), setting("KUBECTL", "kubectl"), "create", "--raw", url, "--filename", file).CombinedOutput()
			if err != nil && !strings.Contains(string(output), "disruption budget") {
				t.Fatalf("eviction of %s: %v: %s", pod, err, output)
			}
			return err == nil
		})
	}
	for _, name := range []string{"ingress", "sender", "autoreply"} {
		kubectl(t, "rollout", "status", "deployment/"+name, "--timeout=3m")
	}
}

// dryRun has the server check prod, field by field, as far as it has the kinds:
// in a namespace of its own, for in the other one there is a Job of that name.
func dryRun(t *testing.T) {
	const namespace = kubeNamespace + "-dry"
	kubectl(t, "create", "namespace", namespace)
	defer kubectl(t, "delete", "namespace", namespace, "--wait=false")
	kubectl(t, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")
	kinds := kubectl(t, "api-resources", "--output=name")
	var left []string
	for _, o := range all["prod and a worker"](t) {
		if group := map[string]string{
			"ScaledObject": "scaledobjects.keda.sh", "Certificate": "certificates.cert-manager.io", "Issuer": "issuers.cert-manager.io",
			"PodMonitor": "podmonitors.monitoring.coreos.com", "PrometheusRule": "prometheusrules.monitoring.coreos.com",
		}[o.kind]; group != "" && !strings.Contains(kinds, group) {
			left = append(left, o.kind+" "+o.name)
			continue
		}
		if o.kind == "Namespace" {
			continue
		}
		file := filepath.Join(t.TempDir(), "object.yaml")
		text := strings.ReplaceAll(string(o.text), "namespace: wxbus\n", "namespace: "+namespace+"\n")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		text = kubectl(t, "--namespace", namespace, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", file)
		if strings.Contains(text, "Warning") {
			t.Errorf("%s %s: %s", o.kind, o.name, text)
		}
	}
	if len(left) > 0 {
		t.Logf("this cluster has no kinds for %v", left)
	}
}

// leader returns the pod that leads the stream of pushes.
func leader(t *testing.T) string {
	t.Helper()
	for i := range 3 {
		text := kubectl(t, "get", "--raw", fmt.Sprintf("/api/v1/namespaces/%s/pods/nats-%d:8222/proxy/jsz?streams=true", kubeNamespace, i))
		var jsz struct {
			Details []struct {
				Streams []struct {
					Name    string
					Cluster struct{ Leader string }
				} `json:"stream_detail"`
			} `json:"account_details"`
		}
		if err := json.Unmarshal([]byte(text), &jsz); err != nil {
			t.Fatal(err)
		}
		for _, account := range jsz.Details {
			for _, stream := range account.Streams {
				if stream.Name == "WECHAT_IN" && stream.Cluster.Leader != "" {
					return stream.Cluster.Leader
				}
			}
		}
	}
	t.Fatal("nobody leads WECHAT_IN")
	return ""
}

// chat is the simulator in the cluster, and users of it.
type chat struct {
	url   string
	users []string
	next  int
	rate  int  // pushes a second
	order bool // answers have to come in the order of what was asked
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{url: forward(t), rate: kubeRate}
	for i := range kubeUsers {
		var made struct{ OpenID string }
		post(t, c.url+"/sim/users", map[string]any{"account": "main", "name": strconv.Itoa(i)}, &made)
		post(t, c.url+"/sim/push", map[string]any{
			"account": "main", "openid": made.OpenID, "msgtype": "event", "fields": []map[string]any{{"name": "Event", "text": "subscribe"}},
		}, nil)
		c.users = append(c.users, made.OpenID)
	}
	return c
}

// load pushes for at least d, and as long as disturb runs. Every push has to be
// accepted, and to be answered once.
func (c *chat) load(t *testing.T, d time.Duration, disturb func()) {
	t.Helper()
	first := c.next
	var disturbing sync.WaitGroup
	quiet := make(chan struct{})
	if disturb != nil {
		disturbing.Go(disturb)
	}
	go func() { disturbing.Wait(); close(quiet) }()
	began, disturbed := time.Now(), true
	for tick := time.NewTicker(time.Second / time.Duration(c.rate)); disturbed || time.Since(began) < d; <-tick.C {
		user := c.users[c.next%len(c.users)]
		post(t, c.url+"/sim/push", map[string]any{
			"account": "main", "openid": user, "msgtype": "text", "fields": []map[string]any{{"name": "Content", "text": strconv.Itoa(c.next)}},
		}, nil)
		c.next++
		select {
		case <-quiet:
			disturbed = false
		default:
		}
	}
	took := time.Since(began)
	var slowest time.Duration
	eventually(t, "every push is answered", func() bool { return c.answered(t, first, &slowest) })
	time.Sleep(2 * time.Second) // for an answer that comes twice
	c.answered(t, first, &slowest)
	t.Logf("%d pushes in %s, each accepted and answered once; the slowest acceptance took %s", c.next-first, took.Round(time.Second), slowest)
}

// asked is the number of a question; the follow has none.
func asked(text string) int {
	number, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return number
}

// answered reports whether each push from first on has its answer; one that was
// not accepted, or has two answers, is a fault.
func (c *chat) answered(t *testing.T, first int, slowest *time.Duration) bool {
	t.Helper()
	answers := map[string]int{}
	for _, user := range c.users {
		var shown struct {
			Messages []struct {
				From, MsgType string
				Content       struct{ Content string }
				Push          *struct {
					Done, Accepted bool
					Deliveries     []struct{ Took time.Duration }
				}
			}
		}
		get(t, c.url+"/sim/chat?account=main&openid="+user, &shown)
		last := 0
		for _, m := range shown.Messages {
			switch {
			case m.From == "account":
				text := strings.TrimPrefix(m.Content.Content, "answer ")
				answers[text]++
				number, _ := strconv.Atoi(text)
				if c.order && number < last {
					t.Fatalf("%d was answered after %d", number, last)
				}
				last = number
			case m.Push != nil && m.Push.Done && !m.Push.Accepted:
				t.Fatalf("a push was not accepted: %+v", m)
			case m.Push != nil && asked(m.Content.Content) >= first:
				for _, delivery := range m.Push.Deliveries {
					*slowest = max(*slowest, delivery.Took)
				}
			}
		}
	}
	all := true
	for i := first; i < c.next; i++ {
		n := answers[strconv.Itoa(i)]
		all = all && n > 0
		if n > 1 {
			t.Fatalf("push %d was answered %d times", i, n)
		}
	}
	return all
}
