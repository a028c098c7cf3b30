package bus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// watchAll returns what a watcher is told: a key and its value, or that it is
// gone, or that all is loaded.
func watchAll(t *testing.T, k *bus.Bucket) <-chan string {
	t.Helper()
	told := make(chan string, 100)
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(func() error {
		return k.WatchSome(ctx, []string{">"}, func(entries []bus.Entry, whole bool) {
			for _, e := range entries {
				if e.Value == nil {
					told <- e.Key + " gone"
				} else {
					told <- e.Key + "=" + string(e.Value)
				}
			}
			if whole {
				told <- "loaded"
			}
		})
	})
	t.Cleanup(func() {
		cancel()
		if err := receive(t, "WatchSome ends", ended); err != nil {
			t.Error(err)
		}
	})
	return told
}

func tells(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	for _, word := range want {
		if diff := cmp.Diff(word, receive(t, word, told)); diff != "" {
			t.Fatalf("told (-want +got):\n%s", diff)
		}
	}
}

func TestWatcherOfAllSeesEveryKey(t *testing.T) {
	server := bustest.Start(t)
	k := server.Bus().Bucket(bus.BucketHeld)
	first := must[uint64](t)(k.Save(within(t), "a.1", []byte("x"), 0))
	told := watchAll(t, server.Bus().Bucket(bus.BucketHeld))
	tells(t, told, "a.1=x", "loaded")
	must[uint64](t)(k.Save(within(t), "b.1", []byte(""), 0))
	tells(t, told, "b.1=")
	if err := k.Remove(within(t), "a.1", first); err != nil {
		t.Fatal(err)
	}
	tells(t, told, "a.1 gone")
	server.HangUp()
	tells(t, told, "b.1=", "a.1 gone", "loaded")
}

func TestRemoveOfAChangedKeyIsAConflict(t *testing.T) {
	k := bustest.Start(t).Bus().Bucket(bus.BucketHeld)
	first := must[uint64](t)(k.Save(within(t), "a", []byte("x"), 0))
	second := must[uint64](t)(k.Save(within(t), "a", []byte("y"), first))
	for _, revision := range []uint64{first, second + 1} {
		if err := k.Remove(within(t), "a", revision); !errors.Is(err, bus.ErrConflict) {
			t.Errorf("Remove of revision %d = %v", revision, err)
		}
	}
	if err := k.Remove(within(t), "a", second); err != nil {
		t.Fatal(err)
	}
	if err := k.Remove(within(t), "a", second); !errors.Is(err, bus.ErrConflict) {
		t.Errorf("Remove twice = %v", err)
	}
	if value, revision, err := k.Load(within(t), "a"); value != nil || revision != 0 || err != nil {
		t.Errorf("Load = %q, %d, %v", value, revision, err)
	}
	must[uint64](t)(k.Save(within(t), "a", []byte("z"), 0))
}
