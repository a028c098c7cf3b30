package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// Every program refuses to start on faulty settings, names each and shows the
// table; asked for help it shows the table alone.
func TestEveryProgramKnowsItsSettings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string
		env    []string
		status int
		says   []string
	}{
		{"ingress", []string{"-h"}, nil, 0, []string{"VARIABLE", "HTTP_ADDR", "WECHAT_<ACCOUNT>_AES_KEY"}},
		{"sender", []string{"-h"}, nil, 0, []string{"VARIABLE", "WECHAT_API_URL", "SENDER_IN_DOUBT"}},
		{"autoreply", []string{"-h"}, nil, 0, []string{"VARIABLE", "AUTOREPLY_RULES"}},
		{"wxbus", []string{"up", "-h"}, nil, 0, []string{"VARIABLE", "SIM_ADDR", "WXBUS_DATA"}},
		{"wxbus", []string{"-h"}, nil, 0, []string{"up ", "apply "}},
		{"ingress", nil, []string{"MAX_BODY=x"}, 2, []string{"WECHAT_MAIN_APPID: is missing", "WECHAT_MAIN_TOKEN: is missing", "MAX_BODY: want", "VARIABLE"}},
		{"sender", nil, []string{"LOG_LEVEL=loud"}, 2, []string{"WECHAT_MAIN_APPID: is missing", "WECHAT_MAIN_SECRET: is missing", "LOG_LEVEL: ", "VARIABLE"}},
		{"autoreply", nil, []string{"NATS_CA=/nowhere.pem"}, 2, []string{"AUTOREPLY_RULES: is missing", "NATS_CA: open /nowhere.pem", "VARIABLE"}},
		{"autoreply", nil, []string{"AUTOREPLY_RULES=" + absolute(t, "commands_test.go")}, 2, []string{"AUTOREPLY_RULES: ", "line ", "VARIABLE"}},
		{"wxbus", []string{"up"}, []string{"WXBUS_DATA=" + t.TempDir(), "WORKER_SLOTS=0", "MAX_IN_FLIGHT=0"}, 2, []string{"WORKER_SLOTS: want", "MAX_IN_FLIGHT: want", "VARIABLE"}},
		{"wxbus", []string{"down"}, nil, 2, []string{`unknown command "down"`}},
		{"wxbus", []string{"apply", "--dry"}, nil, 2, []string{"unknown flag"}},
		{"wxbus", []string{"apply", "--worker", "greeter"}, nil, 2, []string{"want name=kind,kind"}},
		{"ingress", []string{"serve"}, nil, 2, []string{`unknown argument "serve"`}},
	} {
		t.Run(tt.name+" "+strings.Join(append(tt.args, tt.env...), " "), func(t *testing.T) {
			p := start(t, tt.name, tt.args, tt.env...)
			if status := p.status(); status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			for _, text := range tt.says {
				if !strings.Contains(p.output(), text) {
					t.Errorf("does not say %q: %s", text, p.output())
				}
			}
		})
	}
}

func TestApplyMakesWhatIsMissing(t *testing.T) {
	env := []string{"NATS_URL=" + bustest.Start(t).Config().URL}
	apply := func(args ...string) string {
		t.Helper()
		p := start(t, "wxbus", append([]string{"apply"}, args...), env...)
		if status := p.status(); status != 0 {
			t.Fatalf("exit status %d: %s", status, p.output())
		}
		return p.output()
	}
	want := strings.Join([]string{
		"+ stream WECHAT_IN", "+ stream WECHAT_OUT", "+ stream WECHAT_DEAD", "+ stream WECHAT_QUOTA", "+ stream WECHAT_ADVISORY",
		"+ bucket wechat_token", "+ bucket wechat_ledger", "+ bucket wechat_held", "+ bucket wechat_media", "+ bucket wechat_pace", "+ bucket wechat_lease",
		"+ durable sender on WECHAT_OUT", "+ durable collector on WECHAT_ADVISORY", "+ durable autoreply on WECHAT_IN", "+ durable greeter on WECHAT_IN", "",
	}, "\n")
	for _, args := range [][]string{{"--dry-run"}, {}} {
		if got := apply(append(args, "--worker", "greeter=text,event.subscribe")...); got != want {
			t.Errorf("apply %v says\n%s, want\n%s", args, got, want)
		}
	}
	if got := apply("--worker", "greeter=text,event.subscribe"); got != "nothing to do\n" {
		t.Errorf("apply again says %s", got)
	}
	env = append(env, "AUTOREPLY_RULES="+absolute(t, "testdata/texts.yaml"))
	if got := apply(); !strings.HasPrefix(got, "~ durable autoreply on WECHAT_IN: filters: ") ||
		!strings.HasSuffix(got, " -> wechat.in.*.*.text wechat.retry.autoreply.>\n") {
		t.Errorf("apply of other rules says %s", got)
	}
	env = env[:1]
	if got := apply(); got != "nothing to do\n" {
		t.Errorf("apply without rules says %s", got)
	}
	want = "~ durable greeter on WECHAT_IN: filters: wechat.in.*.*.text wechat.in.*.*.event.subscribe wechat.retry.greeter.>" +
		" -> wechat.in.*.*.image wechat.retry.greeter.>\n"
	if got := apply("--dry-run", "--worker", "greeter=image"); got != want {
		t.Errorf("apply of other kinds says\n%s, want\n%s", got, want)
	}
}

// Workers that keep order have a durable for each partition.
func TestApplyOfOrderedWorkers(t *testing.T) {
	env := "NATS_URL=" + bustest.Start(t).Config().URL
	p := start(t, "wxbus", []string{"apply", "--ordered", "sender,greeter", "--worker", "greeter=text"}, env)
	if status := p.status(); status != 0 {
		t.Fatalf("exit status %d: %s", status, p.output())
	}
	for _, worker := range []string{"sender", "greeter"} {
		if got := strings.Count(p.output(), "+ durable "+worker+"-p"); got != 16 {
			t.Errorf("%d durables of %s, want 16: %s", got, worker, p.output())
		}
	}
	if p = start(t, "wxbus", []string{"apply", "--ordered", "nobody"}, env); p.status() != 2 ||
		!strings.Contains(p.output(), `there is no worker "nobody"`) {
		t.Errorf("exit status %d: %s", p.status(), p.output())
	}
}

// A worker that has never run begins with what is new, or with all that is stored.
func TestApplyOfWorkersThatBeginWithAll(t *testing.T) {
	nats := bustest.Start(t)
	env := "NATS_URL=" + nats.Config().URL
	args := []string{"apply", "--worker", "greeter=text", "--worker", "archive=image", "--all", "greeter", "--ordered", "greeter"}
	if p := start(t, "wxbus", args, env); p.status() != 0 {
		t.Fatalf("exit status %d: %s", p.status(), p.output())
	}
	for name, want := range map[string]jetstream.DeliverPolicy{
		"greeter-p07": jetstream.DeliverAllPolicy, "archive": jetstream.DeliverByStartTimePolicy, "autoreply": jetstream.DeliverByStartTimePolicy,
	} {
		durable, err := nats.JetStream().Consumer(t.Context(), "WECHAT_IN", name)
		if err != nil {
			t.Fatal(err)
		}
		if got := durable.CachedInfo().Config.DeliverPolicy; got != want {
			t.Errorf("%s begins by %s, want %s", name, got, want)
		}
	}
	if p := start(t, "wxbus", []string{"apply", "--all", "nobody"}, env); p.status() != 2 ||
		!strings.Contains(p.output(), "--all: there is no worker") {
		t.Errorf("exit status %d: %s", p.status(), p.output())
	}
}

// With AUTO_PROVISION=false a program waits, says what is missing, and begins
// as soon as it is there.
func TestProgramsWaitForApply(t *testing.T) {
	admin, nats := bustest.FreeAddr(), bustest.Start(t)
	env := append(credentials(), "NATS_URL="+nats.Config().URL, "ADMIN_ADDR="+admin, "AUTO_PROVISION=false", "HTTP_ADDR=127.0.0.1:0")
	sender := start(t, "sender", nil, env...)
	sender.says("stream WECHAT_OUT: ")
	if status, body := get("http://" + admin + "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "sender: ") {
		t.Errorf("/readyz = %d %s", status, body)
	}
	if status, _ := get("http://" + admin + "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz = %d", status)
	}
	if asked := start(t, "sender", []string{"-ready"}, env...); asked.status() != 1 || !strings.Contains(asked.output(), "sender: ") {
		t.Errorf("sender -ready = %d: %s", asked.status(), asked.output())
	}
	if status := start(t, "wxbus", []string{"apply"}, "NATS_URL="+nats.Config().URL).status(); status != 0 {
		t.Fatalf("apply: exit status %d", status)
	}
	ready(t, admin)
	if asked := start(t, "sender", []string{"-ready"}, env...); asked.status() != 0 {
		t.Errorf("sender -ready = %d: %s", asked.status(), asked.output())
	}
	if status, body := get("http://" + admin + "/metrics"); status != http.StatusOK || !strings.Contains(body, "go_goroutines") {
		t.Errorf("/metrics = %d", status)
	}
}
