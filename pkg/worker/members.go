package worker

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// share divides partitions among members so that none has two more than another,
// and a member that comes or goes moves few of the others': every partition
// likes some members better than others, by a hash of both, and goes to the
// first that is not full. All replicas come to the same result.
func share(members []string, partitions int) []string {
	owners := make([]string, partitions)
	if len(members) == 0 {
		return owners
	}
	load := make(map[string]int, len(members))
	each := partitions / len(members)
	for _, full := range []int{each, each + 1} {
		for p := range owners {
			if owners[p] == "" {
				owners[p] = firstFree(byLiking(members, p), load, full)
			}
		}
	}
	return owners
}

func firstFree(members []string, load map[string]int, full int) string {
	for _, member := range members {
		if load[member] < full {
			load[member]++
			return member
		}
	}
	return ""
}

func byLiking(members []string, partition int) []string {
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b string) int {
		return cmp.Or(cmp.Compare(liking(b, partition), liking(a, partition)), cmp.Compare(a, b))
	})
	return sorted
}

func liking(member string, partition int) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(member))
	x := hash.Sum64() ^ uint64(partition+1)*0x9e3779b97f4a7c15 //nolint:gosec // small and positive
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9                       // mixes, as splitmix64 does: a number more must change every bit
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
