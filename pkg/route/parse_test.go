package route_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestParseIn(t *testing.T) {
	tests := []struct {
		subject string
		want    route.Address
	}{
		{"wechat.in.main.7.text", route.Address{Account: "main", Partition: 7, Kind: "text"}},
		{"wechat.in.shop-2.0.event.subscribe", route.Address{Account: "shop-2", Partition: 0, Kind: "event.subscribe"}},
		{"wechat.in.main.15.info.authorized", route.Address{Account: "main", Partition: 15, Kind: "info.authorized"}},
		{"wechat.in.main.5.undecodable", route.Address{Account: "main", Partition: 5, Kind: wechat.Undecodable}},
		{"wechat.in.main.255._", route.Address{Account: "main", Partition: 255, Kind: "_"}},
		{"wechat.retry.autoreply.main.7.text", route.Address{Account: "main", Partition: 7, Kind: "text"}},
		{"wechat.retry.in.main.7.event.click", route.Address{Account: "main", Partition: 7, Kind: "event.click"}},
	}
	for _, tt := range tests {
		got, err := route.ParseIn(tt.subject)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", tt.subject, err, diff)
		}
		if !strings.HasPrefix(tt.subject, route.Retry) && got.Subject() != tt.subject {
			t.Errorf("%s becomes %s", tt.subject, got.Subject())
		}
	}
}

func TestParseInRefusesOtherSubjects(t *testing.T) {
	const notInbound, noPartition = " is not one of an inbound message", " has no partition"
	for subject, reason := range map[string]string{
		"":                           notInbound,
		"wechat":                     notInbound,
		"wechat.in":                  notInbound,
		"wechat.in.":                 notInbound,
		"wechat.in.main":             notInbound,
		"wechat.in.main.7":           notInbound,
		"wechat.in.main.7.":          notInbound,
		"wechat.in.main.x.text":      noPartition,
		"wechat.in.main.-1.text":     noPartition,
		"wechat.in.main..text":       noPartition,
		"wechat.in.main.1e1.text":    noPartition,
		"wechat.in.main.event.click": noPartition,
		"wechat.retry.autoreply":     notInbound,
		"wechat.retry.autoreply.":    notInbound,
		"wechat.retry.main.7.text":   notInbound, // main would be the worker and 7 the account
		"wechat.out.main.7":          notInbound,
		"wechat.dead.autoreply":      notInbound,
		"WECHAT.IN.main.7.text":      notInbound,
		"other.wechat.in.main.7.a":   notInbound,
	} {
		got, err := route.ParseIn(subject)
		if want := `subject "` + subject + `"` + reason; err == nil || err.Error() != want || got != (route.Address{}) {
			t.Errorf("ParseIn(%q) = %v, %v, want %s", subject, got, err, want)
		}
	}
}

func TestRetrySubject(t *testing.T) {
	for subject, want := range map[string]string{
		"wechat.in.main.7.text":                       "wechat.retry.echo.main.7.text",
		"wechat.in.shop-2.3.event.click":              "wechat.retry.echo.shop-2.3.event.click",
		"wechat.retry.autoreply.main.5.info.a":        "wechat.retry.echo.main.5.info.a",
		"wechat.retry.echo.main.5.event.subscribe":    "wechat.retry.echo.main.5.event.subscribe",
		"wechat.retry.a-worker_2.main.11.undecodable": "wechat.retry.echo.main.11.undecodable",
	} {
		address, err := route.ParseIn(subject)
		if err != nil {
			t.Fatal(err)
		}
		got := address.RetrySubject("echo")
		if again, err := route.ParseIn(got); got != want || err != nil || again != address {
			t.Errorf("%s is put back as %s, read as %v, %v; want %s", subject, got, again, err, want)
		}
	}
}

func TestParseOut(t *testing.T) {
	tests := []struct {
		subject   string
		account   string
		partition int
		valid     bool
	}{
		{"wechat.out.main.7", "main", 7, true},
		{"wechat.out.shop-2.0", "shop-2", 0, true},
		{"wechat.out.main.255", "main", 255, true},
		{"wechat.out.main." + openID, "", 0, false}, // as published, not as stored
		{"wechat.out.main.-1", "", 0, false},
		{"wechat.out.main.", "", 0, false},
		{"wechat.out.main", "", 0, false},
		{"wechat.out.main.7.text", "", 0, false},
		{"wechat.out.", "", 0, false},
		{"wechat.in.main.7", "", 0, false},
		{"main.7", "", 0, false},
		{"", "", 0, false},
	}
	for _, tt := range tests {
		account, partition, err := route.ParseOut(tt.subject)
		if account != tt.account || partition != tt.partition || (err == nil) != tt.valid {
			t.Errorf("ParseOut(%q) = %s, %d, %v, want %s, %d, %v", tt.subject, account, partition, err, tt.account, tt.partition, tt.valid)
		}
		if want := `subject "` + tt.subject + `" is not one of a stored reply`; err != nil && err.Error() != want {
			t.Errorf("ParseOut(%q): %v, want %s", tt.subject, err, want)
		}
	}
}

func TestFilters(t *testing.T) {
	const retry = "wechat.retry.echo.>"
	tests := []struct {
		name  string
		kinds []wechat.Kind
		want  []string
	}{
		{"none", nil, []string{retry}},
		{"one message", []wechat.Kind{"text"}, []string{"wechat.in.*.*.text", retry}},
		{"in their order", []wechat.Kind{"voice", "event.click", "text"}, []string{"wechat.in.*.*.voice", "wechat.in.*.*.event.click", "wechat.in.*.*.text", retry}},
		{"the same twice", []wechat.Kind{"text", "image", "text"}, []string{"wechat.in.*.*.text", "wechat.in.*.*.image", retry}},
		{"events beside one of them", []wechat.Kind{"event.click", "event.>", "event.view", "text"}, []string{"wechat.in.*.*.event.>", "wechat.in.*.*.text", retry}},
		{"all beside others", []wechat.Kind{"text", "event.>", ">", "undecodable"}, []string{"wechat.in.*.*.>", retry}},
		{"all twice", []wechat.Kind{">", ">"}, []string{"wechat.in.*.*.>", retry}},
		{"no event, though it begins like one", []wechat.Kind{"event.>", "event_", "events"}, []string{"wechat.in.*.*.event.>", "wechat.in.*.*.event_", "wechat.in.*.*.events", retry}},
		{"branches", []wechat.Kind{"info.>", "event.>", "info.authorized", "undecodable"}, []string{"wechat.in.*.*.info.>", "wechat.in.*.*.event.>", "wechat.in.*.*.undecodable", retry}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := route.Filters("echo", tt.kinds)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			checkFilters(t, tt.kinds, got)
		})
	}
}

// checkFilters asks nats-server: filters that overlap are refused, and each
// kind must be seen.
func checkFilters(t *testing.T, kinds []wechat.Kind, filters []string) {
	t.Helper()
	for i, filter := range filters {
		for _, other := range filters[:i] {
			if server.SubjectsCollide(filter, other) {
				t.Errorf("%s overlaps %s", filter, other)
			}
		}
	}
	for _, kind := range kinds {
		address := route.Address{Account: "main", Partition: 7, Kind: wechat.Kind(strings.ReplaceAll(string(kind), ">", "new"))}
		for _, subject := range []string{address.Subject(), address.RetrySubject("echo")} {
			seen := 0
			for _, filter := range filters {
				if server.SubjectMatchesFilter(subject, filter) {
					seen++
				}
			}
			if seen != 1 {
				t.Errorf("%s is seen by %d filters, want 1", subject, seen)
			}
		}
		if server.SubjectMatchesFilter(address.RetrySubject("other"), "wechat.retry.echo.>") {
			t.Error("the retry of another worker is seen")
		}
	}
}
