package bus_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// wantValue fails the test unless a key has a value, and returns its revision.
func wantValue(t *testing.T, k *bus.Bucket, want string) uint64 {
	t.Helper()
	value, revision, err := k.Load(within(t), "key")
	if err != nil || string(value) != want {
		t.Fatalf("Load = %q, %v, want %q", value, err, want)
	}
	return revision
}

// remove takes the key away, as an operator does.
func remove(t *testing.T, server *bustest.Server) {
	t.Helper()
	kv, err := server.JetStream().KeyValue(within(t), bus.BucketToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := kv.Purge(within(t), "key"); err != nil {
		t.Fatal(err)
	}
}

func TestBucketKeepsValues(t *testing.T) {
	server := bustest.Start(t)
	k := server.Bus().Bucket(bus.BucketToken)
	if revision := wantValue(t, k, ""); revision != 0 {
		t.Errorf("the revision of nothing is %d, want 0", revision)
	}
	first := must[uint64](t)(k.Save(within(t), "key", []byte("one"), 0))
	if got := wantValue(t, k, "one"); got != first {
		t.Errorf("revision %d, want that of Save, %d", got, first)
	}
	second := must[uint64](t)(k.Save(within(t), "key", []byte("two"), first))
	if second <= first {
		t.Errorf("revision %d follows %d", second, first)
	}
	wantValue(t, k, "two")
	remove(t, server)
	if revision := wantValue(t, k, ""); revision != 0 {
		t.Errorf("the revision of what was deleted is %d, want 0", revision)
	}
	must[uint64](t)(k.Save(within(t), "key", []byte("three"), 0))
	wantValue(t, k, "three")
}

type save func(k *bus.Bucket, ctx context.Context, key string, value []byte, revision uint64) (uint64, error)

// saves are the ways to write a key.
var saves = map[string]save{
	"Save": (*bus.Bucket).Save,
	"SaveFor": func(k *bus.Bucket, ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
		return k.SaveFor(ctx, key, value, revision, time.Hour)
	},
}

func TestSecondWriterLearnsOfTheFirst(t *testing.T) {
	for name, save := range saves {
		t.Run(name, func(t *testing.T) {
			server := bustest.Start(t)
			a, b := server.Bus().Bucket(bus.BucketToken), server.Bus().Bucket(bus.BucketToken)
			revision := must[uint64](t)(save(a, within(t), "key", []byte("a"), 0))
			must[uint64](t)(save(b, within(t), "key", []byte("b"), revision))
			for name, stale := range map[string]uint64{"new": 0, "older": revision} {
				if _, err := save(a, within(t), "key", []byte("c"), stale); !errors.Is(err, bus.ErrConflict) {
					t.Errorf("a write of a key thought %s = %v, want %v", name, err, bus.ErrConflict)
				}
			}
			remove(t, server)
			if _, err := save(a, within(t), "key", []byte("c"), revision); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("a write of a key that was deleted = %v, want %v", err, bus.ErrConflict)
			}
			wantValue(t, a, "")
			must[uint64](t)(save(a, within(t), "key", []byte("d"), 0))
			wantValue(t, b, "d")
		})
	}
}

func TestValueIsGoneWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	k := bustest.Start(t).Bus().Bucket(bus.BucketLedger)
	values := watch(t, k)
	revision := must[uint64](t)(k.Save(within(t), "key", []byte("sending"), 0))
	wantNext(t, values, "sending")
	must[uint64](t)(k.SaveFor(within(t), "key", []byte("sent"), revision, time.Second))
	wantNext(t, values, "sent")
	wantNext(t, values, "-")
	wantValue(t, k, "")
	must[uint64](t)(k.SaveFor(within(t), "key", []byte("again"), 0, time.Second))
	wantNext(t, values, "again")
	wantNext(t, values, "-")
	wantValue(t, k, "")
}

func TestOneOfManyWritersWins(t *testing.T) {
	oneWriterWins(t, bustest.Start(t).Bus())
}

func oneWriterWins(t *testing.T, b *bus.Bus) {
	for name, save := range saves {
		t.Run(name, func(t *testing.T) { oneSaveWins(t, b.Bucket(bus.BucketLedger), name, save) })
	}
}

func oneSaveWins(t *testing.T, k *bus.Bucket, key string, save save) {
	t.Helper()
	var revision uint64
	for round := range 5 {
		var mu sync.Mutex
		var winners []string
		var writing sync.WaitGroup
		for w := range 8 {
			writing.Go(func() {
				value := strconv.Itoa(round) + "/" + strconv.Itoa(w)
				_, err := save(k, within(t), key, []byte(value), revision)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					winners = append(winners, value)
				} else if !errors.Is(err, bus.ErrConflict) {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		if len(winners) != 1 {
			t.Fatalf("%v won, want one of them", winners)
		}
		bustest.Eventually(t, "all replicas of the bucket know", func() bool {
			value, at, err := k.Load(within(t), key)
			revision = at
			return err == nil && string(value) == winners[0]
		})
	}
}

// watch returns the values that Watch tells, "-" for none.
func watch(t *testing.T, k *bus.Bucket) <-chan string {
	t.Helper()
	values := make(chan string, 100)
	ctx, stop := context.WithCancel(t.Context())
	done := start(func() error {
		return k.Watch(ctx, "key", func(value []byte) {
			if len(value) == 0 {
				value = []byte("-")
			}
			values <- string(value)
		})
	})
	t.Cleanup(func() {
		stop()
		if err := receive(t, "the end of Watch", done); err != nil {
			t.Errorf("Watch = %v", err)
		}
	})
	return values
}

func wantNext(t *testing.T, values <-chan string, want string) {
	t.Helper()
	if got := receive(t, "a change to "+want, values); got != want {
		t.Errorf("Watch tells %s, want %s", got, want)
	}
}

func TestWatchHearsWhatIsAndWhatBecomes(t *testing.T) {
	server := bustest.Start(t)
	k := server.Bus().Bucket(bus.BucketToken)
	revision := must[uint64](t)(k.Save(within(t), "key", []byte("one"), 0))
	must[uint64](t)(k.Save(within(t), "other", []byte("nothing to us"), 0))
	values := watch(t, k)
	wantNext(t, values, "one")
	must[uint64](t)(k.Save(within(t), "key", []byte("two"), revision))
	wantNext(t, values, "two")
	remove(t, server)
	wantNext(t, values, "-")
	must[uint64](t)(k.Save(within(t), "key", []byte("three"), 0))
	wantNext(t, values, "three")
}

func TestWatchGoesOnWhenTheServerIsBack(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	k := b.Bucket(bus.BucketToken)
	revision := must[uint64](t)(k.Save(within(t), "key", []byte("one"), 0))
	values := watch(t, k)
	wantNext(t, values, "one")
	server.Down()
	server.Up()
	bustest.Eventually(t, "the bus is back", func() bool { return ready(t, b) == nil })
	must[uint64](t)(k.Save(within(t), "key", []byte("two"), revision))
	for receive(t, "the change", values) != "two" { // what it was may be told once more
	}
}

func TestBucketWaitsForPrepare(t *testing.T) {
	b, _ := connect(t, bustest.Start(t).Config())
	k := b.Bucket(bus.BucketToken)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := k.Load(ctx, "key"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load before Prepare = %v, want %v", err, context.DeadlineExceeded)
	}
	saved := start(func() error {
		_, err := k.Save(within(t), "key", []byte("one"), 0)
		return err
	})
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "Save", saved); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Bucket("unknown").Load(within(t), "key"); err == nil {
		t.Error("Load from a bucket that does not exist = nil, want an error")
	}
}
