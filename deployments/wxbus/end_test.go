package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// Programs ride out a server that restarts. When it closes their connection for
// good they end, with a status that has them started again, and say what to do.
func TestProgramsEndWhenTheirConnectionIsClosedForGood(t *testing.T) {
	for _, order := range []string{"none", "user"} {
		t.Run(order, func(t *testing.T) {
			nats := bustest.Start(t)
			running, admins := map[string]*program{}, []string{}
			for _, name := range []string{"ingress", "autoreply", "sender"} {
				admin := bustest.FreeAddr()
				running[name] = start(t, name, nil, append(credentials(), "NATS_URL="+nats.Config().URL, "ADMIN_ADDR="+admin,
					"HTTP_ADDR=127.0.0.1:0", "AUTOREPLY_RULES="+absolute(t, exampleRules), "WORKER_ORDER="+order, "SENDER_ORDER="+order)...)
				admins = append(admins, admin)
			}
			allReady := func() {
				for _, admin := range admins {
					ready(t, admin)
				}
			}
			allReady()
			nats.Down()
			for _, p := range running {
				p.says("connection to NATS lost")
			}
			nats.Up()
			for name, p := range running { // a program may have more than one connection
				bustest.Eventually(t, name+" has reconnected", func() bool {
					said := p.output()
					return strings.Count(said, "reconnected to NATS") == strings.Count(said, "connection to NATS lost")
				})
			}
			allReady()
			nats.Expel()
			for name, p := range running {
				bustest.Eventually(t, name+" ends", func() bool { // a question makes it talk to the server
					for _, admin := range admins {
						_, _ = get("http://" + admin + "/readyz")
					}
					return hasEnded(p)
				})
				if status := p.status(); status != 1 {
					t.Errorf("%s ends with %d, want 1", name, status)
				}
				lines := strings.Split(strings.TrimSpace(p.output()), "\n")
				if last := lines[len(lines)-1]; !strings.Contains(last, "closed for good") || !strings.Contains(last, "start the program again") {
					t.Errorf("%s says at last %s", name, last)
				}
			}
		})
	}
}

func hasEnded(p *program) bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// What scales a worker asks any replica of it.
func TestProgramsTellHowMuchIsLeft(t *testing.T) {
	nats := bustest.Start(t)
	b, ctx := nats.Bus(), patience(t)
	admin, other := bustest.FreeAddr(), bustest.FreeAddr()
	env := append(credentials(), "NATS_URL="+nats.Config().URL, "HTTP_ADDR=127.0.0.1:0", "WECHAT_API_URL=http://"+bustest.FreeAddr())
	start(t, "sender", nil, append(env, "ADMIN_ADDR="+admin)...)
	start(t, "ingress", nil, append(env, "ADMIN_ADDR="+other)...)
	ready(t, admin)
	ready(t, other)
	for n := range 3 { // WeChat does not answer: they wait to be tried again
		if _, err := b.Publish(ctx, "wechat.out.safe."+userOf(n), fmt.Sprint("reply:", n), nil, threeTexts(n)); err != nil {
			t.Fatal(err)
		}
	}
	var load struct {
		Worker string
		Lag    int
		Oldest float64 `json:"oldest_age_seconds"`
	}
	bustest.Eventually(t, "the sender says what is left", func() bool {
		status, body := get("http://" + admin + "/scale")
		return status == http.StatusOK && json.Unmarshal([]byte(body), &load) == nil && load.Worker == "sender" && load.Lag == 3 && load.Oldest > 0
	})
	if status, body := get("http://" + other + "/scale"); status != http.StatusNotFound || body != "no worker runs in this process\n" {
		t.Errorf("the ingress says %d %s", status, body)
	}
	nats.Down()
	bustest.Eventually(t, "the sender says that it does not know", func() bool {
		status, body := get("http://" + admin + "/scale")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "no connection to NATS")
	})
}
