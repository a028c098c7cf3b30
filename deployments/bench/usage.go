package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks are the units in which Linux counts the time of a process; they have
// been hundredths of a second on every machine that Go runs on.
const ticks = 100

// cpu returns the seconds that a process has computed so far.
//
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func cpu(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may have blanks
	fields := strings.Fields(rest)
	const user, system = 11, 12 // counted from the state, which follows the name
	if len(fields) <= system {
		return 0, fmt.Errorf("/proc/%d/stat is short", pid)
	}
	var sum float64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum / ticks, nil
}

// memory returns the megabytes that a process has in memory, and the most that
// it had since [forgetPeak].
func memory(pid int) (now, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		if err != nil {
			return 0, 0, err
		}
		if name == "VmRSS" {
			now = kb * 1024 / 1e6
		} else {
			peak = kb * 1024 / 1e6
		}
	}
	return now, peak, nil
}

// forgetPeak has the peak begin anew.
func forgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
