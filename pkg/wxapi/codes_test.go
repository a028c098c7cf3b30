package wxapi_test

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

// WeChat's word for what to do about an errcode, and ours.
var words = map[string]wxapi.Class{
	"RETRY": wxapi.Transient,
	"RATE":  wxapi.Throttled,
	"TOKEN": wxapi.BadToken,
	// Nothing but a change helps: of the message, of the settings, or of what
	// the user does.
	"MSG": wxapi.Permanent, "CONF": wxapi.Permanent, "USER": wxapi.Permanent, "WINDOW": wxapi.Permanent,
}

// rows are all errcodes that WeChat's pages and other programs know of the
// calls that this package makes.
var rows = []struct {
	word  string
	codes []int
}{
	// Tokens.
	{"TOKEN", []int{40001, 40014, 42001, 42007}},
	{"CONF", []int{40013, 40125, 40164, 40243, 50004, 50007, 61024, 89501, 89502, 89503, 89504, 89505, 89506, 89507}},
	{"MSG", []int{40002, 41001, 41002, 41004, 42002, 42003, 42006, 40029, 40163, 61004}},
	// Customer service.
	{"RETRY", []int{-1, 61450, 65415, 268487001, 268487002, 9001002}},
	{"RATE", []int{45009, 45011, 45093, 45102}},
	{"USER", []int{40003, 43004, 43005, 43019, 43101, 48002, 50001, 50002, 50005, 70000, 10700, 10703, 10706, 62751}},
	{"WINDOW", []int{45015, 45037, 45038, 45047, 65413}},
	{"MSG", []int{40004, 40005, 40006, 40007, 40008, 40009, 40010, 40011, 40012}},
	{"MSG", []int{40033, 47002, 40035, 40097, 40039, 40073, 40121, 40128, 40130, 40165, 40166, 40213, 40214}},
	{"MSG", []int{41005, 41006, 41009, 43001, 43002, 43003, 44002, 44003, 44004}},
	{"MSG", []int{45001, 45002, 45003, 45004, 45005, 45006, 45007, 45008, 45050, 45072, 45080, 45081, 45086}},
	{"MSG", []int{45098, 45099, 45103, 45162, 45168, 46001, 46003, 46004, 47001}},
	{"CONF", []int{40200, 45064, 45087, 45094, 45501, 48001, 48003, 48004, 48008, 61007}},
	{"MSG", []int{48006}}, // clear_quota used up for the month: no other call need wait
	// Agents, sessions, records.
	{"MSG", []int{61451, 61452, 61453, 61454, 61455, 61457, 61500, 61501}},
	{"CONF", []int{61456, 65400, 65402, 65405}},
	{"MSG", []int{65401, 65403, 65404, 65406, 65407, 65408, 65409, 65410, 65411, 65412, 65414, 65416, 65417}},
	// Media, quota, rid.
	{"MSG", []int{40137, 44001, 76001, 76002, 76003, 76004, 76021, 76022}},
}

func TestClassOfEveryCode(t *testing.T) {
	for _, row := range rows {
		for _, code := range row.codes {
			if got, want := wxapi.Classify(refusal(code)), words[row.word]; got != want {
				t.Errorf("Classify(%d) = %d, want %d (%s)", code, got, want, row.word)
			}
			if got := wxapi.Meaning(code); got == "" || got == "unknown code" {
				t.Errorf("Meaning(%d) = %q", code, got)
			}
		}
	}
}

// Every code that has a meaning stands in the table of this test.
func TestNoKnownCodeIsLeftOut(t *testing.T) {
	listed := make(map[int]bool)
	for _, row := range rows {
		for _, code := range row.codes {
			listed[code] = true
		}
	}
	for code := -1000; code < 10_000_000; code++ {
		if wxapi.Meaning(code) != "unknown code" && !listed[code] {
			t.Errorf("%d (%s) is not in the table", code, wxapi.Meaning(code))
		}
	}
}

func TestUnknownCodeIsPermanent(t *testing.T) {
	for _, code := range []int{0, 1, 12345, 99999999, -2} {
		if got := wxapi.Classify(refusal(code)); got != wxapi.Permanent || wxapi.Meaning(code) != "unknown code" {
			t.Errorf("%d: class %d, %s; want permanent and unknown", code, got, wxapi.Meaning(code))
		}
	}
}
