package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestWhatWasAppendedIsThereAfterReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	s, _ := open(t, dir, roomy)
	first := push("u", 1)
	if err := s.Append(within(t), first); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, "u", 2, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, dir, roomy)
	stats := s.Stats()
	if stats.Waiting != 3 || stats.Bytes == 0 || !stats.Oldest.Equal(first.Arrived) {
		t.Errorf("stats = %+v, want 3 waiting since %v", stats, first.Arrived)
	}
}

// Many appends at a time are all kept, each user's in order, and share syncs.
func TestConcurrentAppends(t *testing.T) {
	const users, each = 256, 10
	nats := bustest.Start(t)
	s, _ := open(t, t.TempDir(), roomy)
	want := appendAtOnce(t, s, users, each, "")
	if got := s.Waiting(); got != users*each {
		t.Errorf("waiting = %d, want %d", got, users*each)
	}
	drain(t, s, nats.Bus())
	drained(t, s)
	if diff := cmp.Diff(want, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
}

// What is beyond the limit is refused, and what was taken before stays; once
// that is drained there is room again.
func TestFullSpoolRefuses(t *testing.T) {
	nats := bustest.Start(t)
	s, _ := open(t, t.TempDir(), 4000)
	n := 0
	var err error
	for err == nil {
		n++
		err = s.Append(within(t), push("u", n))
	}
	if !errors.Is(err, spool.ErrFull) {
		t.Fatalf("append = %v, want %v", err, spool.ErrFull)
	}
	if stats := s.Stats(); stats.Waiting != n-1 || stats.Bytes > 4000 {
		t.Errorf("stats = %+v, want %d waiting in up to 4000 bytes", stats, n-1)
	}
	drain(t, s, nats.Bus())
	drained(t, s)
	bustest.Eventually(t, "there is room again", func() bool { return s.Append(within(t), push("u", n)) == nil })
}

// Segments are begun and removed while others write and drain: nothing gets
// lost in between.
func TestSegmentsComeAndGo(t *testing.T) {
	const users, each = 16, 120
	nats := bustest.Start(t)
	s, _ := open(t, t.TempDir(), 1<<20) // small segments
	drain(t, s, nats.Bus())
	want := appendAtOnce(t, s, users, each, strings.Repeat("x", 2000))
	drained(t, s)
	if diff := cmp.Diff(want, storedOf(nats)); diff != "" {
		t.Error(diff)
	}
}

func TestClosedSpoolRefuses(t *testing.T) {
	s, _ := open(t, t.TempDir(), roomy)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(within(t), push("u", 1)); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("append = %v, want %v", err, spool.ErrClosed)
	}
	s.Drain(within(t), nil) // ends at once
}

// Close waits for what is being written: each append is either kept or refused.
func TestCloseAmidAppends(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, roomy)
	kept := make(chan int, 64)
	for i := range cap(kept) {
		go func() {
			n := 0
			for s.Append(context.Background(), push(fmt.Sprint("u", i), n)) == nil {
				n++
			}
			kept <- n
		}()
	}
	bustest.Eventually(t, "some are kept", func() bool { return s.Waiting() > cap(kept) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := 0
	for range cap(kept) {
		want += <-kept
	}
	s, _ = open(t, dir, roomy)
	if got := s.Waiting(); got != want {
		t.Errorf("waiting = %d, want %d", got, want)
	}
}

// What users write is nobody else's.
func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, _ := open(t, dir, roomy)
	appendAll(t, s, "u", 1, 1)
	for _, path := range append(files(t, dir, ""), dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
	}
}

// A folder that cannot be written is an error of the push, not of the process.
func TestFolderThatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, _ := open(t, dir, roomy)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(within(t), push("u", 1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("append = %v, want %v", err, os.ErrNotExist)
	}
	if got := s.Stats(); got.Waiting != 0 || got.Bytes != 0 {
		t.Errorf("stats = %+v, want nothing", got)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, "u", 1, 1)
}

func TestFolderIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(path, roomy, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("open = %v, want an error that names %s", err, path)
	}
}

// An error says what was not kept and never what a user wrote.
func TestErrorsHoldNoBody(t *testing.T) {
	s, book := open(t, t.TempDir(), 10)
	err := s.Append(within(t), pushOf("u", 1, []byte("very private")))
	if err == nil || strings.Contains(err.Error()+book.String(), "private") {
		t.Errorf("append = %v, log %s", err, book)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if s, _ := open(t, t.TempDir(), roomy); s.Append(ctx, push("u", 1)) != nil {
		bustest.Eventually(t, "the disk has it all the same", func() bool { return s.Stats().Bytes > 0 && s.Waiting() == 1 })
	}
}
