package spool_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// written returns what a spool of n records leaves behind: its only segment's
// name and bytes, and where each record ends.
func written(t *testing.T, n int) (name string, data []byte, ends []int) {
	t.Helper()
	dir := t.TempDir()
	s, _ := open(t, dir, roomy)
	for i := 1; i <= n; i++ {
		appendAll(t, s, "u", i, i)
		ends = append(ends, int(s.Stats().Bytes))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := files(t, dir, ".spool")[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path), data, ends
}

// planted opens a spool whose folder holds one segment.
func planted(t *testing.T, name string, data []byte) (s *spool.Spool, dir string, book *bustest.Logbook) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, book = open(t, dir, roomy)
	return s, dir, book
}

// A crash may cut the last segment anywhere, or leave zeros there: what ended
// before is there, the rest is no trouble, and new records follow.
func TestCrashAtEveryByte(t *testing.T) {
	name, data, ends := written(t, 2)
	for length := range len(data) + 1 {
		whole := 0
		for _, end := range ends {
			if end <= length {
				whole++
			}
		}
		zeros := make([]byte, (len(data)-length)*(length%2))
		s, dir, _ := planted(t, name, append(bytes.Clone(data[:length]), zeros...))
		if got := s.Waiting(); got != whole {
			t.Fatalf("cut at byte %d: %d waiting, want %d", length, got, whole)
		}
		appendAll(t, s, "u", 4, 4)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, _ := open(t, dir, roomy); s.Waiting() != whole+1 || s.Close() != nil {
			t.Fatalf("cut at byte %d: %d waiting after one more, want %d", length, s.Waiting(), whole+1)
		}
	}
}

// The same with the drain: what is whole is stored, in order, before what came
// after the crash, and of the rest nothing is left.
func TestTornEndIsLeftBehind(t *testing.T) {
	nats := bustest.Start(t)
	name, data, ends := written(t, 3)
	for _, length := range []int{ends[1], ends[1] + 1, ends[1] + 32, ends[1] + 100, ends[2] - 1} {
		s, dir, book := planted(t, name, data[:length])
		user := fmt.Sprint("cut at ", length)
		appendAll(t, s, user, 4, 4)
		drain(t, s, nats.Bus())
		drained(t, s)
		bustest.Eventually(t, "the folder is empty", func() bool { return len(files(t, dir, ".spool")) == 0 })
		if bad := files(t, dir, ".bad"); len(bad) > 0 || s.Stats().Bad > 0 {
			t.Errorf("cut at byte %d: %v was put aside", length, bad)
		}
		if got, want := book.Count("was not written to its end"), min(1, length-ends[1]); got != want {
			t.Errorf("cut at byte %d: said %d times, want %d", length, got, want)
		}
	}
	if diff := cmp.Diff(numbers(2), storedOf(nats)["u"]); diff != "" {
		t.Error(diff)
	}
}

// A disk that forgets: damaged records are put aside as they are, with an
// error, and the others are stored.
func TestDamagedRecordIsPutAside(t *testing.T) {
	name, data, ends := written(t, 4)
	starts := append([]int{0}, ends...)
	tests := []struct {
		name   string
		damage func([]byte)
		bad    []byte // that is put aside, damaged
		stored []string
	}{
		{"first", func(d []byte) { d[ends[0]-2] ^= 4 }, data[:ends[0]], []string{"2", "3", "4"}},
		{"mark", func(d []byte) { d[starts[1]] ^= 1 }, data[starts[1]:ends[1]], []string{"1", "3", "4"}},
		{"length", func(d []byte) { d[starts[1]+9] = '7' }, data[starts[1]:ends[1]], []string{"1", "3", "4"}},
		{"two", func(d []byte) { d[starts[2]-3] ^= 1; d[ends[2]-3] ^= 1 }, data[starts[1]:ends[2]], []string{"1", "4"}},
		{"last", func(d []byte) { d[len(d)-2] ^= 4 }, data[starts[3]:], []string{"1", "2", "3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nats := bustest.Start(t)
			damaged := bytes.Clone(data)
			tt.damage(damaged)
			s, dir, book := planted(t, name, damaged)
			drain(t, s, nats.Bus())
			bustest.Eventually(t, "the folder is empty", func() bool { return len(files(t, dir, ".spool")) == 0 })
			if diff := cmp.Diff(tt.stored, storedOf(nats)["u"]); diff != "" {
				t.Error(diff)
			}
			bad := files(t, dir, ".bad")
			if len(bad) != 1 || s.Stats().Bad != 1 || book.Count("level=ERROR") != 1 {
				t.Fatalf("put aside: %v, stats %+v, log %s", bad, s.Stats(), book)
			}
			kept, err := os.ReadFile(bad[0])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(damaged, kept) || len(kept) != len(tt.bad) {
				t.Errorf("kept %d bytes, want the %d damaged ones", len(kept), len(tt.bad))
			}
		})
	}
}

// A note of progress that is damaged, or of another segment, costs time only.
func TestDamagedProgress(t *testing.T) {
	name, data, ends := written(t, 3)
	for _, text := range []string{"", "nonsense", name + " 5", fmt.Sprintf("%s %d 00000000\n", name, ends[0]), "other.spool 10 00000000"} {
		nats := bustest.Start(t)
		dir := t.TempDir()
		for file, content := range map[string][]byte{name: data, "progress": []byte(text)} {
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, _ := open(t, dir, roomy)
		drain(t, s, nats.Bus())
		drained(t, s)
		if diff := cmp.Diff(numbers(3), storedOf(nats)["u"]); diff != "" {
			t.Errorf("progress %q: %s", text, diff)
		}
	}
}

// What is not the spool's is left alone.
func TestOtherFilesStay(t *testing.T) {
	nats := bustest.Start(t)
	name, data, _ := written(t, 1)
	s, dir, _ := planted(t, name, data)
	other := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	drain(t, s, nats.Bus())
	bustest.Eventually(t, "the folder is empty", func() bool { return len(files(t, dir, ".spool")) == 0 })
	if text, err := os.ReadFile(other); string(text) != "mine" {
		t.Errorf("other file = %q, %v", text, err)
	}
}
