package door_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// spooling makes an ingress that keeps on disk what NATS does not take soon.
func spooling(dir string) func(*door.Config) {
	return func(c *door.Config) {
		c.PublishTimeout, c.SpoolDir, c.SpoolMaxBytes = 2*time.Second, dir, 1<<20
	}
}

// numbered is one of a user's texts.
func numbered(i int) string {
	return strings.Replace(strings.Replace(text, "你好", fmt.Sprint("text ", i), 1), "24681357902468135", fmt.Sprint(1000+i), 1)
}

// back starts NATS again and waits for its stream.
func (r *rig) back() {
	r.t.Helper()
	r.nats.Up()
	bustest.Eventually(r.t, "the stream is there", func() bool {
		_, err := r.nats.JetStream().Stream(r.t.Context(), bus.StreamIn)
		return err == nil
	})
}

// contents returns the texts of the inbound stream, in its order.
func (r *rig) contents() []string {
	r.t.Helper()
	var texts []string
	for _, m := range r.nats.Stored(bus.StreamIn) {
		_, rest, _ := strings.Cut(string(m.Data), `"Content":"`)
		content, _, _ := strings.Cut(rest, `"`)
		texts = append(texts, content)
	}
	return texts
}

// With a spool WeChat is told success while NATS is away, and the messages of a
// user come into the stream in their order, once, those that follow included.
func TestSpoolTakesPushesWhileNATSIsAway(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, spooling(filepath.Join(t.TempDir(), "spool"))).ready()
	nats.Down()
	var want []string
	for i := range 5 {
		if got := r.post("/wechat/main", sealed(t, numbered(i), appID)); got != success {
			t.Fatalf("push %d: answer = %+v", i, got)
		}
		want = append(want, fmt.Sprint("text ", i))
	}
	if err := r.host.Health.Ready(t.Context()); err != nil {
		t.Errorf("the ingress is not ready: %v; nobody would send it pushes", err)
	}
	if got := r.post("/wechat/main", sealed(t, numbered(0), appID)); got != success { // WeChat comes again
		t.Errorf("answer = %+v", got)
	}
	r.back()
	if got := r.post("/wechat/main", sealed(t, numbered(5), appID)); got != success {
		t.Errorf("answer = %+v", got)
	}
	want = append(want, "text 5")
	bustest.Eventually(t, "everything is stored", func() bool { return len(nats.Stored(bus.StreamIn)) >= len(want) })
	if diff := cmp.Diff(want, r.contents()); diff != "" {
		t.Error(diff)
	}
}

// What waits on disk outlives the ingress.
func TestSpoolIsDrainedByTheNextIngress(t *testing.T) {
	nats, dir := bustest.Start(t), t.TempDir()
	first := serve(t, nats, spooling(dir)).ready()
	nats.Down()
	if got := first.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := serve(t, nats, spooling(dir)).ready()
	second.back()
	bustest.Eventually(t, "the push is stored", func() bool { return slices.Equal(second.contents(), []string{"你好"}) })
}

func TestSpoolThatIsFullIsA503(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, func(c *door.Config) {
		spooling(t.TempDir())(c)
		c.SpoolMaxBytes = 1500
	}).ready()
	nats.Down()
	bustest.Eventually(t, "the spool is full", func() bool {
		return r.post("/wechat/main", sealed(t, numbered(time.Now().Nanosecond()), appID)).Status == http.StatusServiceUnavailable
	})
	if err := r.host.Health.Ready(t.Context()); err == nil {
		t.Error("the ingress is ready, though it can take nothing")
	}
	nats.Up()
}

func TestSpoolMetrics(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, spooling(t.TempDir())).ready()
	nats.Down()
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	if got := gauge(t, "wxbus_ingress_spool_waiting"); got != 1 {
		t.Errorf("%v pushes wait, want 1", got)
	}
	nats.Up()
	bustest.Eventually(t, "the spool is drained", func() bool { return gauge(t, "wxbus_ingress_spool_waiting") == 0 })
}

// gauge returns the value of a metric with these labels and values, 0 when
// there is none.
func gauge(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var has []string
			for _, label := range metric.GetLabel() {
				has = append(has, label.GetName(), label.GetValue())
			}
			if family.GetName() == name && slices.Equal(has, labels) {
				return metric.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func TestSpoolFolderThatCannotBeUsedEndsTheIngress(t *testing.T) {
	nats, file := bustest.Start(t), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := serve(t, nats, spooling(file))
	if err := r.ended(); err == nil || !strings.Contains(err.Error(), "SPOOL_DIR") {
		t.Errorf("error = %v, want one that names SPOOL_DIR", err)
	}
}
