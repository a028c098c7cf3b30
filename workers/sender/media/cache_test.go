package media_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/media"
)

const image = `{"file":"a.png"}`

// stored returns what the fleet knows of an upload.
func (r *rig) stored(account, kind string, content []byte) (e struct {
	MediaID string `json:"media_id"`
	Ends    time.Time
	Claimed bool
},
) {
	r.Helper()
	value, _, err := r.nats.Bus().Bucket(bus.BucketMedia).Load(patience(r.T), key(account, kind, content))
	if err != nil {
		r.Fatal(err)
	}
	_ = json.Unmarshal(value, &e)
	return e
}

func key(account, kind string, content []byte) string {
	sum := sha256.Sum256(content)
	return account + "." + kind + "." + hex.EncodeToString(sum[:])
}

// All replicas get the same picture at the same time, for two accounts.
func TestEightReplicasUploadOncePerAccount(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	began, goOn := make(chan struct{}, 2), make(chan struct{})
	r.api.answer = func(int, http.ResponseWriter) bool { began <- struct{}{}; <-goOn; return false }
	var asked sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for range 8 {
		resolver := r.replica()
		for _, account := range []string{"main", "shop"} {
			for range 4 {
				asked.Go(func() {
					got, err := resolver.Resolve(patience(t), account, one(t, "image", image))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					ids[account+contentOf(t, got)]++
				})
			}
		}
	}
	<-began
	<-began // both uploads hang, and nobody else begins one
	close(goOn)
	asked.Wait()
	if n := len(r.api.all()); n != 2 || len(ids) != 2 {
		t.Errorf("%d uploads and ids %v, want one of 32 for each account", n, ids)
	}
}

func TestUploadIsKnownAfterARestartOfEverything(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	r.resolved(r.replica(), "image", image)
	r.nats.Down()
	r.nats.Up()
	if got := r.resolved(r.replica(), "image", image); got != `{"media_id":"main-1"}` {
		t.Errorf("content = %s", got)
	}
}

func TestFailedUploadIsTriedByTheNext(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	r.api.answer = func(n int, w http.ResponseWriter) bool {
		if n == 1 {
			w.WriteHeader(http.StatusBadRequest)
		}
		return n == 1
	}
	_, err := r.replica().Resolve(patience(t), "main", one(t, "image", image))
	if !errors.Is(err, &wxapi.Error{Code: 40005}) || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v, want that of the upload", err)
	}
	if got := r.resolved(r.replica(), "image", image); got != `{"media_id":"main-2"}` {
		t.Errorf("content = %s", got)
	}
}

// What a replica has claimed that was killed is free again after a time.
func TestClaimOfAKilledReplicaEnds(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	uploads := r.nats.Bus().Bucket(bus.BucketMedia)
	if _, err := uploads.SaveFor(patience(t), key("main", "image", pngFile), []byte(`{"claimed":true}`), 0, time.Second); err != nil {
		t.Fatal(err)
	}
	if got := r.resolved(r.replica(), "image", image); got != `{"media_id":"main-1"}` {
		t.Errorf("content = %s", got)
	}
}

// The entry is used as long as WeChat keeps the upload, less an hour, whatever
// the clock that wrote the end.
func TestUploadIsUsedAsLongAsItLives(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name    string
		ends    time.Time
		most    time.Time
		uploads int // for two messages
	}{
		{"three days", now.Add(72 * time.Hour), now.Add(71*time.Hour + time.Minute), 1},
		{"not told", time.Time{}, now.Add(71*time.Hour + time.Minute), 1},
		{"ten years", now.AddDate(10, 0, 0), now.Add(71*time.Hour + time.Minute), 1},
		{"two hours", now.Add(2 * time.Hour), now.Add(time.Hour + time.Minute), 1},
		{"almost over", now.Add(time.Minute), now, 2},
		{"long ago", now.AddDate(-10, 0, 0), now, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.write("a.png", pngFile)
			r.api.ends = func() time.Time { return tt.ends }
			r.resolved(r.replica(), "image", image)
			if e := r.stored("main", "image", pngFile); e.Ends.After(tt.most) {
				t.Errorf("used until %s, want %s at most", e.Ends, tt.most)
			}
			r.resolved(r.replica(), "image", image)
			if got := len(r.api.all()); got != tt.uploads {
				t.Errorf("%d uploads, want %d", got, tt.uploads)
			}
		})
	}
}

func TestRefusedMediaIDIsForgottenAndUploadedOnceMore(t *testing.T) {
	r := newRig(t)
	r.write("a.mp4", mp4File)
	r.write("a.jpg", jpegFile)
	first, second := r.replica(), r.replica()
	message := one(t, "video", `{"file":"a.mp4","thumb_file":"a.jpg"}`)
	sent := map[*media.Resolver]media.Object{}
	for _, resolver := range []*media.Resolver{first, second} {
		got, err := resolver.Resolve(patience(t), "main", message)
		if err != nil {
			t.Fatal(err)
		}
		sent[resolver] = got
	}
	for _, resolver := range []*media.Resolver{first, second} { // both are refused, one after the other
		again, err := resolver.Forget(patience(t), "main", sent[resolver])
		if err != nil || !again {
			t.Fatalf("Forget = %t, %v", again, err)
		}
		got, err := resolver.Resolve(patience(t), "main", message)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"media_id":"main-3","thumb_media_id":"main-4"}`; contentOf(t, got) != want {
			t.Errorf("content = %s, want %s", contentOf(t, got), want)
		}
	}
}

func TestNothingIsForgottenOfAMessageThatCameWithItsID(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	resolver := r.replica()
	r.resolved(resolver, "image", image)
	for _, tt := range []struct{ account, message string }{
		{"main", `{"msgtype":"image","image":{"media_id":"M"}}`},
		{"main", `{"msgtype":"text","text":{"content":"main-1"}}`},
		{"main", `{"msgtype":"image"}`},
		{"main", `{}`},
		{"shop", `{"msgtype":"image","image":{"media_id":"main-1"}}`},
	} {
		if again, err := resolver.Forget(patience(t), tt.account, object(t, tt.message)); again || err != nil {
			t.Errorf("%s %s: Forget = %t, %v", tt.account, tt.message, again, err)
		}
	}
	r.resolved(resolver, "image", image)
	if n := len(r.api.all()); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

// The upload was made, so its media_id is as good as any.
func TestUploadIsUsedAlthoughItCannotBeWrittenDown(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	r.api.answer = func(int, http.ResponseWriter) bool { r.nats.Down(); return false }
	if got := r.resolved(r.replica(), "image", image); got != `{"media_id":"main-1"}` {
		t.Errorf("content = %s", got)
	}
}

func TestWithoutNATSNothingIsUploaded(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	resolver := r.replica()
	r.nats.Down()
	_, err := resolver.Resolve(patience(t), "main", one(t, "image", image))
	if err == nil || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v, want one that may pass", err)
	}
	r.nats.Up()
	bustest.Eventually(t, "it works again", func() bool {
		_, err := resolver.Resolve(patience(t), "main", one(t, "image", image))
		return err == nil
	})
	if n := len(r.api.all()); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}
