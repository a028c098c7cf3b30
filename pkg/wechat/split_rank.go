package wechat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// cutMark is what a cluster means for the cuts around it.
type cutMark uint8

const (
	markOther   cutMark = iota
	markLetter          // part of a Latin word or a number
	markComma           // a word may end behind it
	markStop            // a sentence ends behind it when a blank follows
	markEnd             // a sentence ends behind it
	markClosing         // a quote or bracket that belongs to what stands before
)

// cutRanker walks through the clusters of a text and ranks the cuts between
// them. The rank of a cut is known only when the next cluster that is not
// blank is: all cuts around a run of blanks share one rank.
type cutRanker struct {
	cuts   []cut
	run    int     // index of the first cut of the run under way
	blanks int     // blank clusters in the run
	breaks int     // line breaks in the run
	before cutMark // what stands before the run
}

// rankCuts returns the cuts between all clusters of text, and between the
// runes of clusters that exceed most.
func rankCuts(text string, most int) []cut {
	r := cutRanker{cuts: make([]cut, 1, len(text)/2+2)}
	r.cuts[0].solid = noSolid
	at, state, cluster := 0, -1, ""
	for rest := text; rest != ""; {
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		r.add(cluster, at, most)
		at += len(cluster)
	}
	r.endRun(markOther)
	return r.cuts
}

func (r *cutRanker) add(cluster string, at, most int) {
	blank, mark := isSpace(cluster), markOf(cluster)
	if !blank {
		r.endRun(mark)
	}
	if len(cluster) > most {
		r.addRunes(cluster, at)
	}
	r.cuts = append(r.cuts, cut{at: at + len(cluster), solid: noSolid})
	if blank {
		r.blanks++
		r.breaks += lineBreaks(cluster)
		return
	}
	r.run = len(r.cuts) - 1
	if mark != markClosing || r.before != markStop && r.before != markEnd {
		r.before = mark
	}
}

func (r *cutRanker) addRunes(cluster string, at int) {
	for i := range cluster {
		if i > 0 {
			r.cuts = append(r.cuts, cut{at: at + i, rank: cutCluster, solid: noSolid})
		}
	}
}

// endRun ranks the cuts of a run that ends before next.
func (r *cutRanker) endRun(next cutMark) {
	rank := r.rank(next)
	for i := r.run; i < len(r.cuts); i++ {
		r.cuts[i].rank = rank
	}
	if r.blanks > 0 {
		r.before = markOther // a closing mark behind blanks belongs to what follows
	}
	r.blanks, r.breaks = 0, 0
}

func (r *cutRanker) rank(next cutMark) cutRank {
	ended := r.before == markEnd || r.before == markStop && r.blanks > 0
	switch {
	case r.breaks > 1:
		return cutParagraph
	case r.breaks == 1:
		return cutLine
	case r.blanks == 0 && next > markLetter:
		return cutPoor
	case ended:
		return cutSentence
	case r.blanks > 0 || r.before == markComma:
		return cutWord
	case next == markLetter && (r.before == markLetter || r.before == markStop):
		return cutPoor
	}
	return cutCharacter
}

// markOf goes by the first rune: what follows in a cluster only decorates it.
func markOf(cluster string) cutMark {
	first, _ := utf8.DecodeRuneInString(cluster)
	switch {
	case '0' <= first && first <= '9', 'a' <= first && first <= 'z', 'A' <= first && first <= 'Z':
		return markLetter
	case strings.ContainsRune("，、：", first):
		return markComma
	case strings.ContainsRune(".!?;", first):
		return markStop
	case strings.ContainsRune("。！？；…", first):
		return markEnd
	case strings.ContainsRune("”’」』）】》〉〕)]}\"'", first):
		return markClosing
	}
	return markOther
}

// isSpace reports whether text is nothing but blanks, those of Unicode too.
func isSpace(text string) bool {
	for _, r := range text {
		if !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// lineBreaks returns how many line breaks a blank cluster stands for: none, one
// or, for a paragraph separator, two.
func lineBreaks(cluster string) int {
	switch cluster {
	case "\n", "\r", "\r\n", "\u2028":
		return 1
	case "\u2029":
		return 2
	}
	return 0
}
