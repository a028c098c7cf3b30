package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"
	// Rules name time zones, and containers have no files of them.
	_ "time/tzdata"

	"github.com/goccy/go-yaml/ast"
)

// defaultZone is where WeChat's users are, unless a file says otherwise.
const defaultZone = "Asia/Shanghai"

// hours are the times of a day, and the days, in which a condition holds. The
// zero hours are always.
type hours struct {
	spans []span
	days  []time.Weekday
}

// span is a part of a day in minutes, without its end; one that ends before it
// begins goes over midnight.
type span struct{ from, to int }

func (h hours) always() bool { return len(h.spans) == 0 && len(h.days) == 0 }

func (h hours) hold(at time.Time) bool {
	if len(h.days) > 0 && !slices.Contains(h.days, at.Weekday()) {
		return false
	}
	minute := at.Hour()*60 + at.Minute()
	within := func(s span) bool {
		if s.from < s.to {
			return s.from <= minute && minute < s.to
		}
		return s.from <= minute || minute < s.to
	}
	return len(h.spans) == 0 || slices.ContainsFunc(h.spans, within)
}

// spans reads "9:00-18:00", or a list of such.
func (r *reader) spans(node ast.Node) []span {
	var spans []span
	for _, entry := range list(node) {
		text := r.text(entry)
		if text == "" {
			continue // is a fault already
		}
		from, to, found := strings.Cut(strings.NewReplacer("–", "-", "～", "-", "~", "-", "：", ":").Replace(text), "-")
		s := span{minuteOf(from), minuteOf(to)}
		if !found || s.from < 0 || s.to < 0 || s.from == s.to || s.from == dayMinutes {
			r.fault(entry, "time: %q is not like 9:00-18:00", text)
			continue
		}
		spans = append(spans, s)
	}
	if len(list(node)) == 0 {
		r.fault(node, "empty list")
	}
	return spans
}

const dayMinutes = 24 * 60

// minuteOf reads "9:30" or "24:00", -1 for anything else.
func minuteOf(text string) int {
	hour, minute, found := strings.Cut(strings.TrimSpace(text), ":")
	h, badHour := strconv.Atoi(hour)
	m, badMinute := strconv.Atoi(minute)
	if !found || badHour != nil || badMinute != nil || h < 0 || m < 0 || m > 59 || h*60+m > dayMinutes {
		return -1
	}
	return h*60 + m
}

// dayNames are the words for days in lower case.
var dayNames = map[string][]time.Weekday{
	"sun": {time.Sunday}, "mon": {time.Monday}, "tue": {time.Tuesday}, "wed": {time.Wednesday},
	"thu": {time.Thursday}, "fri": {time.Friday}, "sat": {time.Saturday},
	"weekday": {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, "weekend": {time.Saturday, time.Sunday},
	"周日": {time.Sunday}, "周一": {time.Monday}, "周二": {time.Tuesday}, "周三": {time.Wednesday},
	"周四": {time.Thursday}, "周五": {time.Friday}, "周六": {time.Saturday},
	"工作日": {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, "周末": {time.Saturday, time.Sunday},
}

// days reads the names of days.
func (r *reader) days(node ast.Node) []time.Weekday {
	var days []time.Weekday
	for _, entry := range list(node) {
		name := r.text(entry)
		named, known := dayNames[lower(name)]
		if !known {
			r.fault(entry, "day: %q is none of mon, tue, wed, thu, fri, sat, sun, weekday, weekend, 周一 to 周日, 工作日, 周末", name)
		}
		days = append(days, named...)
	}
	if len(list(node)) == 0 {
		r.fault(node, "empty list")
	}
	return days
}

// zone reads the name of a time zone.
func (r *reader) zone(node ast.Node) *time.Location {
	name := r.text(node)
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		r.fault(node, "timezone: %q is not like Asia/Shanghai", name)
		return nil
	}
	return zone
}

// duration reads "10m" or "1h30m".
func (r *reader) duration(what string, node ast.Node, least, most time.Duration) time.Duration {
	text := r.text(node)
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		r.fault(node, "%s: %q is not a time of %v to %v, such as 10m or 1h30m", what, text, least, most)
		return 0
	}
	return d
}
