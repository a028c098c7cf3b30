package worker

import (
	"fmt"
	"testing"
)

func TestShareIsEvenAndMovesFew(t *testing.T) {
	const partitions = 16
	for n := 1; n <= 20; n++ {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprint("replica-", i))
		}
		owners := share(members, partitions)
		load := map[string]int{}
		for _, owner := range owners {
			load[owner]++
		}
		for _, member := range members {
			if got := load[member]; got < partitions/n || got > (partitions+n-1)/n {
				t.Errorf("%d members: %s has %d partitions of %d", n, member, got, partitions)
			}
		}
		moved := 0
		for p, owner := range share(append(members, "another"), partitions) {
			if owner != owners[p] {
				moved++
			}
		}
		if moved > partitions/2+1 {
			t.Errorf("%d members and one more: %d of %d partitions move", n, moved, partitions)
		}
		t.Logf("%d members and one more: %d partitions move", n, moved)
	}
	if owners := share(nil, 2); owners[0] != "" || owners[1] != "" {
		t.Errorf("without members the owners are %q", owners)
	}
}
