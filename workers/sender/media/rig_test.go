package media_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Files that begin as those of their format do.
var (
	pngFile  = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR-a picture")
	jpegFile = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00-a photo")
	gifFile  = []byte("GIF89a\x01\x00\x01\x00-an animation")
	amrFile  = []byte("#!AMR\n-a voice")
	mp3File  = []byte("\xff\xfb\x90\x64\x00\x00\x00\x00\x00\x00\x00\x00-a song")
	id3File  = []byte("ID3\x03\x00\x00\x00\x00\x00\x00\x00\x00-a song")
	mp4File  = []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00-a video")
	m4aFile  = []byte("\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00-a song")
)

// weChat takes uploads over HTTP and numbers them.
type weChat struct {
	*httptest.Server
	mu      sync.Mutex
	uploads []upload
	answer  func(n int, w http.ResponseWriter) bool // reports whether it answered instead
	ends    func() time.Time
}

// upload is what arrived.
type upload struct{ Account, Kind, Name, Type, Body string }

func newWeChat(t *testing.T) *weChat {
	t.Helper()
	api := &weChat{
		answer: func(int, http.ResponseWriter) bool { return false },
		ends:   func() time.Time { return time.Now().Add(72 * time.Hour) },
	}
	api.Server = httptest.NewServer(api)
	t.Cleanup(api.Close)
	return api
}

// ServeHTTP implements http.Handler.
func (api *weChat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	query := r.URL.Query()
	api.mu.Lock()
	api.uploads = append(api.uploads, upload{
		query.Get("account"), query.Get("type"), query.Get("name"), r.Header.Get("Content-Type"), string(body),
	})
	n := len(api.uploads)
	api.mu.Unlock()
	if !api.answer(n, w) {
		fmt.Fprintf(w, "%d", n)
	}
}

func (api *weChat) all() []upload {
	api.mu.Lock()
	defer api.mu.Unlock()
	return append([]upload(nil), api.uploads...)
}

// uploader uploads to one account.
type uploader struct {
	api     *weChat
	account string
}

// Upload implements media.Uploader.
func (u uploader) Upload(ctx context.Context, kind, name, contentType string, size int64, content io.ReadSeeker) (string, time.Time, error) {
	url := fmt.Sprintf("%s?account=%s&type=%s&name=%s", u.api.URL, u.account, kind, name)
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, url, io.NopCloser(content))
	if err != nil {
		return "", time.Time{}, err
	}
	ask.ContentLength = size
	ask.Header.Set("Content-Type", contentType)
	answer, err := u.api.Client().Do(ask)
	if err != nil {
		return "", time.Time{}, err
	}
	defer answer.Body.Close()
	id, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = &wxapi.Error{Op: "media/upload", Code: 40005}
	}
	if err != nil {
		return "", time.Time{}, err
	}
	return u.account + "-" + string(id), u.api.ends(), nil
}

// rig is all that a resolver needs.
type rig struct {
	*testing.T
	nats *bustest.Server
	api  *weChat
	dir  string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // downloads; they are gone when the test ends
	return &rig{T: t, nats: bustest.Start(t), api: newWeChat(t), dir: t.TempDir()}
}

// replica returns one more resolver, with a connection of its own.
func (r *rig) replica(changes ...func(*media.Config)) *media.Resolver {
	r.Helper()
	cfg := media.Config{Dir: r.dir, URLs: media.Any}
	for _, change := range changes {
		change(&cfg)
	}
	return media.New(cfg, map[string]media.Uploader{
		"main": uploader{r.api, "main"}, "shop": uploader{r.api, "shop"},
	}, r.nats.Bus())
}

// write makes a file of the folder.
func (r *rig) write(name string, content []byte) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		r.Fatal(err)
	}
}

// website serves files by their path.
func (r *rig) website(files map[string][]byte) *httptest.Server {
	r.Helper()
	return r.site(func(w http.ResponseWriter, req *http.Request) {
		content, found := files[req.URL.Path]
		if !found {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content)
	})
}

func (r *rig) site(serve http.HandlerFunc) *httptest.Server {
	r.Helper()
	server := httptest.NewServer(serve)
	r.Cleanup(server.Close)
	return server
}

// leftovers returns the files that downloads have left behind.
func (r *rig) leftovers() []string {
	r.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil {
		r.Fatal(err)
	}
	return left
}

// object reads a message.
func object(t testing.TB, text string) media.Object {
	t.Helper()
	var o media.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// one is a message with one content.
func one(t testing.TB, msgType, content string) media.Object {
	t.Helper()
	return object(t, fmt.Sprintf(`{"touser":"oUser","msgtype":%q,%q:%s}`, msgType, msgType, content))
}

// contentOf is the content of a message as text, its fields in order.
func contentOf(t testing.TB, message media.Object) string {
	t.Helper()
	var msgType string
	if err := json.Unmarshal(message["msgtype"], &msgType); err != nil {
		t.Fatal(err)
	}
	return string(message[msgType])
}

// resolved resolves what must be good for the account main and returns the
// content.
func (r *rig) resolved(resolver *media.Resolver, msgType, content string) string {
	r.Helper()
	got, err := resolver.Resolve(patience(r.T), "main", one(r.T, msgType, content))
	if err != nil {
		r.Fatalf("%s %.200s: %v", msgType, content, err)
	}
	return contentOf(r.T, got)
}

func big(head []byte, size int) []byte {
	return append(bytes.Clone(head), strings.Repeat("x", size-len(head))...)
}

// patience bounds what should take no time.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
