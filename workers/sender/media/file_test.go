package media_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/workers/sender/media"
)

// No name leads out of the folder, whatever way it takes.
func TestFilesOutsideTheFolderAreRefused(t *testing.T) {
	r := newRig(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.png")
	must(t, os.WriteFile(secret, pngFile, 0o600))
	r.write("in.png", pngFile)
	must(t, os.Symlink(secret, filepath.Join(r.dir, "absolute.png")))
	must(t, os.Symlink(outside, filepath.Join(r.dir, "folder")))
	must(t, os.Symlink("../"+filepath.Base(outside)+"/secret.png", filepath.Join(r.dir, "relative.png")))
	must(t, os.Symlink("loop.png", filepath.Join(r.dir, "loop.png")))
	must(t, os.Mkdir(filepath.Join(r.dir, "sub"), 0o700))
	must(t, syscall.Mkfifo(filepath.Join(r.dir, "pipe.png"), 0o600))
	resolver := r.replica()
	for _, name := range []string{
		secret, "../" + filepath.Base(outside) + "/secret.png", "sub/../../" + filepath.Base(outside) + "/secret.png",
		"absolute.png", "folder/secret.png", "relative.png", "loop.png", "pipe.png", "sub", ".", "/", "/etc/passwd", "in.png/x",
		"none.png", "in.png\x00", `..\secret.png`, "file://" + secret,
	} {
		_, err := resolver.Resolve(patience(t), "main", one(t, "image", fmt.Sprintf(`{"file":%s}`, quote(name))))
		if !errors.Is(err, media.ErrBad) {
			t.Errorf("%q: error = %v, want ErrBad", name, err)
		} else if strings.Contains(err.Error(), outside) {
			t.Errorf("%q: error tells the path: %v", name, err)
		}
	}
	if n := len(r.api.all()); n > 0 {
		t.Fatalf("%d uploads, want none", n)
	}
}

// Kubernetes mounts files as links within the folder.
func TestLinksWithinTheFolderAreFollowed(t *testing.T) {
	r := newRig(t)
	r.write("..2026/a.png", pngFile)
	must(t, os.Symlink("..2026", filepath.Join(r.dir, "..data")))
	must(t, os.Symlink("..data/a.png", filepath.Join(r.dir, "a.png")))
	if got := r.resolved(r.replica(), "image", `{"file":"./a.png"}`); got != `{"media_id":"main-1"}` {
		t.Errorf("content = %s", got)
	}
}

func TestFilesAreRefusedWithoutAFolder(t *testing.T) {
	r := newRig(t)
	resolver := r.replica(func(c *media.Config) { c.Dir = "" })
	_, err := resolver.Resolve(patience(t), "main", one(t, "image", `{"file":"a.png"}`))
	if !errors.Is(err, media.ErrBad) || !strings.Contains(err.Error(), "SENDER_MEDIA_DIR") {
		t.Errorf("error = %v", err)
	}
}

// A folder that is not mounted yet is not the file's fault.
func TestMissingFolderIsTriedAgain(t *testing.T) {
	r := newRig(t)
	resolver := r.replica(func(c *media.Config) { c.Dir = filepath.Join(r.dir, "later") })
	message := one(t, "image", `{"file":"a.png"}`)
	if _, err := resolver.Resolve(patience(t), "main", message); err == nil || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v, want one that may pass", err)
	}
	r.write("later/a.png", pngFile)
	if _, err := resolver.Resolve(patience(t), "main", message); err != nil {
		t.Error(err)
	}
}

// What was uploaded while it was being written has no known content.
func TestFileThatChangesIsUploadedAgain(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	resolver := r.replica()
	r.api.answer = func(n int, _ http.ResponseWriter) bool {
		if n == 1 {
			r.write("a.png", append(pngFile, "and more"...))
		}
		return false
	}
	message := one(t, "image", `{"file":"a.png"}`)
	if _, err := resolver.Resolve(patience(t), "main", message); err == nil || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v, want one that may pass", err)
	}
	if got := r.resolved(resolver, "image", `{"file":"a.png"}`); got != `{"media_id":"main-2"}` {
		t.Errorf("content = %s", got)
	}
}

func TestConfigNamesItsFaults(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, tt := range []struct {
		dir  string
		good bool
	}{{"", true}, {dir, true}, {file, false}, {filepath.Join(dir, "none"), false}} {
		cfg := media.Config{Dir: tt.dir}
		if err := cfg.Validate(); (err == nil) != tt.good || err != nil && !strings.Contains(err.Error(), "SENDER_MEDIA_DIR") {
			t.Errorf("%q: %v", tt.dir, err)
		}
	}
	for text, good := range map[string]bool{"public": true, "any": true, "off": true, "": false, "Public": false, "no": false} {
		if err := new(media.URLs).Decode(text); (err == nil) != good {
			t.Errorf("SENDER_MEDIA_URLS=%s: %v", text, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quote(text string) string {
	quoted, _ := json.Marshal(text) // a text
	return string(quoted)
}
