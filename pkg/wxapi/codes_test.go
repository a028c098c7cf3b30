package wxapi_test

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

// classes has every errcode that calls through the customer-service API are
// known to answer.
var classes = map[wxapi.Class][]int{
	wxapi.Transient: {-1, 45011, 61450, 65415, 9001002, 268487001, 268487002},
	wxapi.Throttled: {45009},
	wxapi.BadToken:  {40001, 40014, 42001, 42007},
	wxapi.Permanent: {
		40003, 40004, 40005, 40006, 40007, 40008, 40009, 40010, 40011, 40012, 40013, 40033, 40035, 40039,
		40073, 40097, 40121, 40125, 40128, 40130, 40164, 40165, 40166, 40200, 40213, 40214, 40243,
		41001, 41004, 41005, 41006, 41009, 42002, 42003,
		43001, 43002, 43003, 43004, 43005, 43019, 43101, 44002, 44003, 44004,
		45001, 45002, 45003, 45004, 45005, 45006, 45007, 45008, 45015, 45037, 45038, 45047, 45050, 45064,
		45072, 45080, 45081, 45086, 45087, 45093, 45094, 45098, 45099, 45102, 45103, 45162, 45168, 45501,
		46001, 46003, 46004, 47001, 47002, 48001, 48002, 48003, 48004, 48006, 48008,
		50001, 50002, 50004, 50005, 61007, 61024, 61451, 61452, 61453, 61454, 61455, 61456, 61457, 61500, 61501,
		65400, 65401, 65402, 65403, 65404, 65405, 65406, 65407, 65408, 65409, 65410, 65411, 65412, 65413, 65414,
		65416, 65417, 70000, 89503, 89506, 89507, 10700, 10703, 10706, 62751,
	},
}

func TestClassOfEveryCode(t *testing.T) {
	for class, codes := range classes {
		for _, code := range codes {
			if got := wxapi.Classify(refusal(code)); got != class {
				t.Errorf("Classify(%d) = %d, want %d", code, got, class)
			}
		}
	}
}

// Every code that has a meaning stands in the table of this test.
func TestNoKnownCodeIsLeftOut(t *testing.T) {
	listed := make(map[int]bool)
	for _, codes := range classes {
		for _, code := range codes {
			listed[code] = true
		}
	}
	for code := -1000; code < 10_000_000; code++ {
		if wxapi.Meaning(code) != "unknown code" && !listed[code] {
			t.Errorf("%d (%s) is not in the table", code, wxapi.Meaning(code))
		}
	}
}

// The codes that contract and log speak of have a meaning.
func TestMeaningOfCodes(t *testing.T) {
	for _, code := range []int{-1, 40001, 40003, 40014, 42001, 42007, 43004, 45009, 45011, 45015, 45047, 48001, 40013, 40125, 40164} {
		if got := wxapi.Meaning(code); got == "" || got == "unknown code" {
			t.Errorf("Meaning(%d) = %q", code, got)
		}
	}
	if got := wxapi.Meaning(0); got != "unknown code" {
		t.Errorf("Meaning(0) = %q", got)
	}
}
