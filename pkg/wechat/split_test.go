package wechat_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"

	"github.com/wxbus/wxbus/pkg/wechat"
)

const family = "👨‍👩‍👧‍👦" // four emoji joined to one, 25 bytes

func TestSplitTextCutsAtTheBestPlace(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		most int
		want []string
	}{
		{"empty", "", 10, nil},
		{"fits", "你好", 6, []string{"你好"}},
		{"blanks that fit are left to the caller", " ", 6, []string{" "}},
		{"paragraph before line", "aa\n\nbb\ncc dd", 8, []string{"aa\n\n", "bb\ncc dd"}},
		{"line before sentence", "aa\nbb. cc dd", 9, []string{"aa\n", "bb. cc dd"}},
		{"sentence before word", "aa. bb cc dd", 9, []string{"aa. ", "bb cc dd"}},
		{"Chinese sentence", "你好。我们都很好", 15, []string{"你好。", "我们都很好"}},
		{"quote after a sentence", "“你好！”他说了", 18, []string{"“你好！”", "他说了"}},
		{"row of stops", "好……真的吗", 15, []string{"好……", "真的吗"}},
		{"Chinese comma as a word", "你好，我们都很好", 18, []string{"你好，", "我们都很好"}},
		{"word before character", "hello wide world", 9, []string{"hello ", "wide ", "world"}},
		{"decimal point is no stop", "it is 3.14159 here", 11, []string{"it is ", "3.14159 ", "here"}},
		{"Latin word among Chinese", "中文hello中文", 9, []string{"中文", "hello中", "文"}},
		{"no piece starts with a stop", "中文字。好", 9, []string{"中文", "字。好"}},
		{"character", "一二三四", 7, []string{"一二", "三四"}},
		{"letter", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"blanks that do not fit", "aaaa\n\nbbbb", 5, []string{"aaaa\n", "\nbbbb"}},
		{"Windows line break stays whole", "aaa\r\nbbb", 4, []string{"aaa", "\r\nbb", "b"}},
		{
			"title too short for a message", "题\n" + strings.Repeat("一二三四。", 4), 40,
			[]string{"题\n一二三四。一二三四。", "一二三四。一二三四。"},
		},
		{"no piece of blanks at the end", "abcd ef   ", 7, []string{"abcd ", "ef   "}},
		{"no piece of blanks at the end of a word", "abcdef ", 6, []string{"abcde", "f "}},
		{"run of blanks longer than a piece", "a" + strings.Repeat(" ", 9) + "b", 4, []string{"a   ", "    ", "  b"}},
		{"cluster", "ab" + family + "cd", 26, []string{"ab", family, "cd"}},
		{"cluster that does not fit", family, 12, []string{"👨‍👩", "‍👧‍", "👦"}},
		{"link", `ab<a href="x">c d</a>ef`, 19, []string{"ab", `<a href="x">c d</a>`, "ef"}},
		{"link in capitals", `ab<A HREF="x">c d</A>ef`, 19, []string{"ab", `<A HREF="x">c d</A>`, "ef"}},
		{"link without end is text", `ab<a href="x">c d`, 12, []string{`ab<a `, `href="x">c d`}},
		{"another tag is text", "<abc d>e f</a>", 8, []string{"<abc d>e", " f</a>"}},
		{"link that does not fit", "<a href>b c</a>", 9, []string{"<a href>b", " c</a>"}},
		{"rune that does not fit", "a你b", 2, []string{"a", "你", "b"}},
		{"nothing fits", "ab", 0, []string{"a", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wechat.SplitText(tt.text, tt.most)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// splitWords are what random texts are made of: everything that rules of splitting
// speak of, and what could confuse them.
var splitWords = []string{
	"a", "hello", "3.14", "你好", "，", "。", "！", "…", ". ", "?", ";", "”", " ", "  ", "\u3000", "\n", "\n\n", "\r\n", "\u2029",
	family, "🇨🇳", "👍🏽", "e\u0301", "क्षि", strings.Repeat("\u0301", 9), "\xff", "\x00", "\u200d",
	"<a", "<a ", "</a>", "</A>", "<A>", `<a href="x y">点 我。</a>`, "<abbr>", strings.Repeat("长", 30), strings.Repeat(" ", 30),
}

func randomSplitText(random *rand.Rand) string {
	var text strings.Builder
	for range random.IntN(60) {
		text.WriteString(splitWords[random.IntN(len(splitWords))])
	}
	return text.String()
}

func TestSplitTextHoldsItsPromises(t *testing.T) {
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 1))
		text, most := randomSplitText(random), 1+random.IntN(120)
		checkSplit(t, text, most)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzSplitText(f *testing.F) {
	for _, word := range splitWords {
		f.Add(word+"。"+word, 7)
	}
	f.Add(`你好 <a href="x">点我</a>`+family, 30)
	f.Add("", -1)
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most > 0 {
			most = most%4096 + 1
		}
		checkSplit(t, text, most)
	})
}

func checkSplit(t *testing.T, text string, most int) {
	t.Helper()
	pieces := wechat.SplitText(text, most)
	if strings.Join(pieces, "") != text {
		t.Fatalf("SplitText(%q, %d) = %q: the pieces are not the text", text, most, pieces)
	}
	if len(text) <= most && len(pieces) > 1 {
		t.Errorf("SplitText(%q, %d) = %q: the text fits", text, most, pieces)
	}
	for _, piece := range pieces {
		checkPiece(t, text, piece, most)
	}
	checkWhole(t, text, pieces, most)
}

func checkPiece(t *testing.T, text, piece string, most int) {
	t.Helper()
	switch {
	case piece == "":
		t.Errorf("SplitText(%q, %d): empty piece", text, most)
	case len(piece) > most && utf8.RuneCountInString(piece) > 1:
		t.Errorf("SplitText(%q, %d): piece %q is too long", text, most, piece)
	case utf8.ValidString(text) && !utf8.ValidString(piece):
		t.Errorf("SplitText(%q, %d): piece %q is not valid UTF-8", text, most, piece)
	case strings.TrimSpace(piece) == "" && !hasLongUnit(text, most) && strings.TrimSpace(text) != "":
		t.Errorf("SplitText(%q, %d): piece %q is blank", text, most, piece)
	}
}

var splitBlanks = regexp.MustCompile(`[\s\v\x{85}\p{Z}]+`)

// hasLongUnit reports whether text holds blanks or a unit so long that a piece
// has no room for the unit and the blanks on both sides: then a blank piece may
// be unavoidable.
func hasLongUnit(text string, most int) bool {
	longest := 0
	for _, run := range splitBlanks.FindAllString(text, -1) {
		longest = max(longest, len(run))
	}
	return 2*longest+longestUnit(text) > most
}

func longestUnit(text string) int {
	longest := 0
	for _, unit := range splitUnits(text) {
		longest = max(longest, unit[1]-unit[0])
	}
	return longest
}

var splitLink = regexp.MustCompile(`(?is)<a[\s>].*?</a>`)

// splitUnits returns the positions of the clusters and links of text.
func splitUnits(text string) [][]int {
	found := splitLink.FindAllStringIndex(text, -1)
	for clusters := uniseg.NewGraphemes(text); clusters.Next(); {
		from, to := clusters.Positions()
		found = append(found, []int{from, to})
	}
	return found
}

// checkWhole reports clusters and links that fit into a piece and are cut.
func checkWhole(t *testing.T, text string, pieces []string, most int) {
	t.Helper()
	isCut := map[int]bool{}
	at := 0
	for _, piece := range pieces {
		at += len(piece)
		isCut[at] = true
	}
	for _, unit := range splitUnits(text) {
		for at := unit[0] + 1; at < unit[1]; at++ {
			if isCut[at] && unitFits(text, unit, most) {
				t.Errorf("SplitText(%q, %d): %q is cut", text, most, text[unit[0]:unit[1]])
			}
		}
	}
}

// unitFits reports whether a unit fits into a piece, with the clusters that begin
// or end inside it.
func unitFits(text string, unit []int, most int) bool {
	from, to := unit[0], unit[1]
	for clusters := uniseg.NewGraphemes(text); clusters.Next(); {
		start, end := clusters.Positions()
		if start < unit[0] && unit[0] < end {
			from = start
		}
		if start < unit[1] && unit[1] < end {
			to = end
		}
	}
	return to-from <= most
}

// Finding the cuts is one pass; each piece then looks at no more than the most
// bytes within its reach. So the work is linear when the pieces are few.
func TestSplitTextMakesFewPiecesOfHostileText(t *testing.T) {
	const most, size = 2048, 1 << 18
	for name, part := range map[string]string{
		"letters":           "a",
		"blanks":            " ",
		"line breaks":       "\n",
		"short lines":       "ab\n",
		"open links":        "<a ",
		"closed links":      "</a>",
		"long links":        "b<a " + strings.Repeat("x", most-7) + "</a>",
		"half links":        "b. <a " + strings.Repeat("x", most*3/4) + "</a>",
		"too long links":    "<a " + strings.Repeat("x ", most) + "</a>",
		"one cluster":       "\u0301",
		"joined emoji":      "👨‍",
		"flags":             "🇨",
		"long blanks":       "b" + strings.Repeat(" ", most+1),
		"nearly long blank": "bc" + strings.Repeat(" ", most-1),
		"broken UTF-8":      "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(part, size/len(part))
			pieces := wechat.SplitText(text, most)
			if limit := 4 * (len(text)/most + 1); len(pieces) > limit {
				t.Errorf("%d pieces, want at most %d", len(pieces), limit)
			}
			if strings.Join(pieces, "") != text {
				t.Error("the pieces are not the text")
			}
		})
	}
}
