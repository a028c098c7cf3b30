package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// WeChat's stand-in knows when the message to each user came first, and tells
// when there were so many.
func TestAPINotesWhenMessagesCome(t *testing.T) {
	api, err := startAPI()
	if err != nil {
		t.Fatal(err)
	}
	defer api.stop()
	reached := make(chan struct{})
	api.expect(0, map[int]func(){3: func() { close(reached) }})
	api.note()
	began := time.Now()
	for _, user := range []string{"a", "b", "a"} {
		body := strings.NewReader(`{"touser":"` + user + `","msgtype":"text","text":{"content":"x"}}`)
		response, err := http.Post(api.url+pathSend, "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	<-reached
	took := api.since([]storedReply{{"b", began}, {"a", began}})
	if len(took) != 2 || !slices.IsSorted(took) || took[0] <= 0 || took[1] > time.Since(began) {
		t.Errorf("took %v", took)
	}
	if a, b := api.at["a"], api.at["b"]; !a.Before(b) {
		t.Errorf("the second message to a counts: a at %s, b at %s", a, b)
	}
}

func TestRowsOfOneFigureStandTogether(t *testing.T) {
	var rows []row
	for _, way := range drains {
		for _, replicas := range replicaCounts {
			rows = append(rows, row{Figure: way.rate.name, Connections: replicas}, row{Figure: way.cpu.name, Connections: replicas})
		}
	}
	slices.SortStableFunc(rows, byFigure)
	var got, want []string
	for _, r := range rows[:2*len(replicaCounts)] {
		got = append(got, r.Figure)
	}
	for _, f := range []figure{drains[0].rate, drains[0].cpu} {
		want = append(want, slices.Repeat([]string{f.name}, len(replicaCounts))...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}
