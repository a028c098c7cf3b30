package chaos

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at is a moment of a made-up history, in seconds.
func at(second float64) time.Time { return time.Unix(1_800_000_000, int64(second*1e9)) }

var first, second, third = key{"oA", "say 1"}, key{"oA", "say 2"}, key{"oA", "drop 3"}

// good returns a history in which nothing went wrong.
func good() *history {
	h := &history{troubles: map[string][]trouble{}, sendersKeepOrder: true}
	for i, k := range []key{first, second, third} {
		began := float64(10 * i)
		h.pushes = append(h.pushes, push{key: k, from: at(began), to: at(began + 1), acknowledged: true})
		h.stored = append(h.stored, k)
		for _, worker := range workers {
			done := handling{worker: worker, process: worker + "-1", key: k, from: at(began + 2), to: at(began + 3), ended: k != third}
			h.handled = append(h.handled, done)
			if k == third {
				h.letters = append(h.letters, reply{worker, k})
				continue
			}
			h.replies = append(h.replies, reply{worker, k})
			h.calls = append(h.calls, call{sender: "sender-1", worker: worker, key: k, from: at(began + 4), to: at(began + 5)})
		}
	}
	return h
}

// The checker finds what it is there for, and nothing else.
func TestCheckerFindsBreaches(t *testing.T) {
	resend := func(h *history, from float64) {
		h.calls = append(h.calls, call{sender: "sender-2", worker: plain, key: first, from: at(from), to: at(from + 1)})
	}
	for name, test := range map[string]struct {
		spoil func(h *history)
		want  []string
	}{
		"nothing": {func(*history) {}, nil},
		"not stored": {func(h *history) {
			h.pushes = append(h.pushes, push{key: key{"oA", "say 4"}, acknowledged: true})
		}, []string{lost}},
		"not stored, and not acknowledged": {func(h *history) {
			h.pushes = append(h.pushes, push{key: key{"oA", "say 4"}})
		}, nil},
		"stored twice":  {func(h *history) { h.stored = append(h.stored, third) }, []string{extra}},
		"not handled":   {func(h *history) { h.handled = h.handled[1:] }, []string{lost}},
		"not ended":     {func(h *history) { h.handled[0].ended = false }, []string{lost}},
		"no reply":      {func(h *history) { h.replies = h.replies[1:] }, []string{lost}},
		"two replies":   {func(h *history) { h.replies = append(h.replies, h.replies[2]) }, []string{extra}},
		"not sent":      {func(h *history) { h.calls = h.calls[1:] }, []string{lost}},
		"no letter":     {func(h *history) { h.letters = h.letters[1:] }, []string{lost}},
		"two letters":   {func(h *history) { h.letters = append(h.letters, h.letters[0]) }, []string{lost}},
		"wrong letter":  {func(h *history) { h.letters = append(h.letters, reply{plain, first}) }, []string{lost}},
		"sender's":      {func(h *history) { h.letters = append(h.letters, reply{sender, first}) }, []string{lost}},
		"sent again":    {func(h *history) { resend(h, 20) }, []string{extra}},
		"killed before": {func(h *history) { h.troubles["sender-1"] = []trouble{{at(2), at(2), true}}; resend(h, 20) }, []string{extra}},
		"in flight":     {func(h *history) { h.troubles["sender-1"] = []trouble{{at(4.5), at(4.5), true}}; resend(h, 20) }, nil},
		"killed while NATS is away": {func(h *history) {
			h.troubles["nats-1"] = []trouble{{at(4), at(60), true}}
			h.troubles["sender-1"] = []trouble{{at(50), at(51), true}}
			resend(h, 80)
		}, nil},
		"killed long after NATS was away": {func(h *history) {
			h.troubles["nats-1"] = []trouble{{at(1), at(2), true}}
			h.troubles["sender-1"] = []trouble{{at(50), at(51), true}}
			resend(h, 80)
		}, []string{extra}},
		"thrice": {func(h *history) {
			h.troubles["sender-1"] = []trouble{{at(4.5), at(4.5), true}}
			resend(h, 20)
			resend(h, 30)
		}, []string{extra}},
		"handled out of order":       {func(h *history) { h.handled[1].from, h.handled[1].to = at(16), at(17) }, []string{outOfOrder}},
		"without order out of order": {func(h *history) { h.handled[0].from, h.handled[0].to = at(16), at(17) }, nil},
		"at the same time":           {func(h *history) { h.handled[1].to = at(12.5) }, []string{outOfOrder}},
		"while it is frozen": {func(h *history) {
			h.troubles["lined-1"] = []trouble{{from: at(2.5), to: at(12.2)}}
			h.handled[1].to, h.handled[3].process = at(12.5), "lined-2"
		}, nil},
		"replies out of order": {func(h *history) { h.replies[1], h.replies[3] = h.replies[3], h.replies[1] }, []string{outOfOrder, outOfOrder}},
		"sent out of order":    {func(h *history) { h.calls[0].from, h.calls[0].to = at(18), at(19) }, []string{outOfOrder, outOfOrder, outOfOrder}},
	} {
		t.Run(name, func(t *testing.T) {
			h := good()
			test.spoil(h)
			var kinds []string
			for _, b := range h.check().breaches {
				kinds = append(kinds, b.kind)
			}
			slices.Sort(kinds)
			if diff := cmp.Diff(test.want, kinds); diff != "" {
				t.Errorf("breaches (-want +got):\n%s", diff)
			}
		})
	}
}

// A plan is drawn again by its seed, and has every fault.
func TestPlansAreDrawnFromSeeds(t *testing.T) {
	if one, other := long(7).String(), long(7).String(); one != other {
		t.Errorf("a seed draws\n%s\nand\n%s", one, other)
	}
	if long(7).String() == long(8).String() {
		t.Error("two seeds draw the same")
	}
	seen := map[string]bool{}
	for _, s := range long(7).steps {
		for _, in := range s.faults {
			seen[in.name] = true
		}
	}
	if len(seen) != len(faults) {
		t.Errorf("%d faults are in the plan, want %d", len(seen), len(faults))
	}
}
