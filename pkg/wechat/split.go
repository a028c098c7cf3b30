package wechat

import (
	"math"
	"regexp"
)

// SplitText cuts a text into pieces of up to most bytes of UTF-8; WeChat
// takes 2048 in one text message. The pieces joined are the text: nothing is
// trimmed or added. A text that fits is one piece, an empty one is none.
//
// A piece ends at the last paragraph within reach; else at a line, a sentence,
// a word, a character, in this order, where the first quarter of a piece
// counts as out of reach: every piece costs one of the few messages that a user
// may get. It never ends inside a grapheme cluster (an emoji with its modifiers
// is one) or inside a link, <a …>…</a>, unless that alone exceeds most. A rune
// that alone exceeds most is a piece of its own, the only kind that is longer.
//
// WeChat refuses a text of blanks: a piece of blanks arises only from a run of
// them that fills one. Texts that are not valid UTF-8 are cut as well, each
// broken byte counting as a character. The work grows with the length of text.
func SplitText(text string, most int) []string {
	if text == "" {
		return nil
	}
	if len(text) <= most {
		return []string{text}
	}
	most = max(most, 1)
	cuts := findCuts(text, most)
	var pieces []string
	for from := 0; from < len(cuts)-1; {
		to := chooseCut(cuts, from, most)
		pieces = append(pieces, text[cuts[from].at:cuts[to].at])
		from = to
	}
	return pieces
}

// cut is a position at which a text may be cut.
type cut struct {
	at   int
	rank cutRank
	// solid is the first cut position behind something that is not blank and
	// that begins at this cut or later; noSolid when only blanks follow.
	solid int
}

const noSolid = math.MaxInt

// cutRank says how good a place is; more is better.
type cutRank uint8

const (
	cutCluster   cutRank = iota // inside a cluster that exceeds a piece
	cutPoor                     // inside a Latin word or a number, or before a closing mark
	cutCharacter                // between two characters
	cutWord                     // at a blank or a Chinese comma
	cutSentence                 // behind a sentence
	cutLine                     // at a line break
	cutParagraph                // at a blank line
)

// chooseCut returns the index of the cut that ends the piece which starts at
// cuts[from]. Each piece looks only at the cuts within its reach, and of two
// neighbouring pieces one at least holds a quarter of most: this bounds the
// work for the whole text.
func chooseCut(cuts []cut, from, most int) int {
	start, last := cuts[from], from+1
	for last+1 < len(cuts) && cuts[last+1].at <= start.at+most {
		last++
	}
	if last == len(cuts)-1 {
		return last
	}
	best, lastGood := 0, 0
	for i := last; i > from; i-- {
		switch c := cuts[i]; {
		case start.solid > c.at || c.solid-most > c.at:
			// This piece, or the next one, would be nothing but blanks.
		case lastGood == 0:
			best, lastGood = i, i
		case c.at-start.at >= most/4 && c.rank > cuts[best].rank:
			best = i
		}
	}
	if best == 0 {
		return last
	}
	return best
}

// findCuts returns where text may be cut, from 0 to its end.
func findCuts(text string, most int) []cut {
	cuts := outsideLinks(rankCuts(text, most), text, most)
	for i := len(cuts) - 2; i >= 0; i-- {
		cuts[i].solid = cuts[i+1].solid
		if !isSpace(text[cuts[i].at:cuts[i+1].at]) {
			cuts[i].solid = cuts[i+1].at
		}
	}
	return cuts
}

var linkElement = regexp.MustCompile(`(?is)<a[\s>].*?</a>`)

// outsideLinks drops the cuts inside links that fit into a piece.
func outsideLinks(cuts []cut, text string, most int) []cut {
	kept, next := cuts[:0], 0
	for _, link := range linkElement.FindAllStringIndex(text, -1) {
		for ; cuts[next].at <= link[0]; next++ {
			kept = append(kept, cuts[next])
		}
		end := next
		for cuts[end].at < link[1] {
			end++
		}
		// Measured from cut to cut: a cluster may begin before its link or
		// end after it.
		if cuts[end].at-kept[len(kept)-1].at <= most {
			next = end
		}
	}
	return append(kept, cuts[next:]...)
}
