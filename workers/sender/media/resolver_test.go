package media_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/workers/sender/media"
)

func inline(content []byte) string { return base64.StdEncoding.EncodeToString(content) }

func TestFilesBecomeMediaIDs(t *testing.T) {
	r := newRig(t)
	r.write("menu/今天.png", pngFile)
	r.write("photo.JPEG", jpegFile)
	r.write("a.mp4", mp4File)
	web := r.website(map[string][]byte{"/voice": amrFile, "/song.mp3": mp3File, "/photo": jpegFile}).URL
	tests := []struct {
		name, msgType, content, want string
		uploads                      []upload
	}{
		{
			"a file", "image", `{"file":"menu/今天.png"}`, `{"media_id":"main-1"}`,
			[]upload{{"main", "image", "image.png", "image/png", string(pngFile)}},
		},
		{
			"a web address", "voice", `{"url":"` + web + `/voice?key=1"}`, `{"media_id":"main-2"}`,
			[]upload{{"main", "voice", "voice.amr", "audio/amr", string(amrFile)}},
		},
		{
			"bytes", "image", `{"data":"` + inline(gifFile) + `","filename":"hi.gif"}`, `{"media_id":"main-3"}`,
			[]upload{{"main", "image", "hi.gif", "image/gif", string(gifFile)}},
		},
		{
			"two files", "video", `{"file":"a.mp4","thumb_file":"photo.JPEG","title":"<b>&"}`,
			`{"media_id":"main-4","thumb_media_id":"main-5","title":"<b>&"}`,
			[]upload{
				{"main", "video", "a.mp4", "video/mp4", string(mp4File)},
				{"main", "thumb", "photo.jpeg", "image/jpeg", string(jpegFile)},
			},
		},
		{
			"one file and one id", "video", `{"file":"a.mp4","thumb_media_id":"T"}`, `{"media_id":"main-4","thumb_media_id":"T"}`, nil,
		},
		{
			"a thumb that is there as a picture", "music", `{"musicurl":"https://m/a.mp3","thumb_data":"` + inline(jpegFile) + `","thumb_filename":"x"}`,
			`{"musicurl":"https://m/a.mp3","thumb_media_id":"main-5"}`, nil,
		},
		{
			"the same bytes as a picture", "image", `{"file":"photo.JPEG"}`, `{"media_id":"main-6"}`,
			[]upload{{"main", "image", "photo.jpeg", "image/jpeg", string(jpegFile)}},
		},
		{
			"a mini program", "miniprogrampage", `{"appid":"wx1","pagepath":"p?a=1&b=2","thumb_url":"` + web + `/photo","thumb_file":"","thumb_data":null}`,
			`{"appid":"wx1","pagepath":"p?a=1&b=2","thumb_media_id":"main-5"}`, nil,
		},
		{
			"a song as a voice", "voice", `{"url":"` + web + `/song.mp3"}`, `{"media_id":"main-7"}`,
			[]upload{{"main", "voice", "song.mp3", "audio/mpeg", string(mp3File)}},
		},
	}
	resolver := r.replica()
	var want []upload
	for _, tt := range tests {
		if got := r.resolved(resolver, tt.msgType, tt.content); got != tt.want {
			t.Errorf("%s: content = %s, want %s", tt.name, got, tt.want)
		}
		want = append(want, tt.uploads...)
	}
	if diff := cmp.Diff(want, r.api.all()); diff != "" {
		t.Error(diff)
	}
	if left := r.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestMessageWithoutFilesIsReturnedAsItIs(t *testing.T) {
	r := newRig(t)
	resolver := r.replica()
	for _, message := range []string{
		`{"touser":"o","msgtype":"text","text":{"content":"<b>","file":"a.png"}}`,
		`{"touser":"o","msgtype":"image","image":{"media_id":"M"}}`,
		`{"touser":"o","msgtype":"image","image":{"media_id":"M","file":"","url":null}}`,
		`{"touser":"o","msgtype":"mpnews","mpnews":{"media_id":"M","file":"a.png"}}`,
		`{"touser":"o","msgtype":"link","link":{"title":"t","url":"https://x","thumb_url":"https://x/a.png"}}`,
		`{"touser":"o","msgtype":"news","news":{"articles":[{"url":"https://x"}]}}`,
		`{"touser":"o","msgtype":"wxcard"}`,
		`{"touser":"o"}`,
	} {
		want := object(t, message)
		got, err := resolver.Resolve(patience(t), "main", want)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", message, err, diff)
		}
	}
	if n := len(r.api.all()); n > 0 {
		t.Errorf("%d uploads, want none", n)
	}
}

func TestMessageIsNotChangedItself(t *testing.T) {
	r := newRig(t)
	message := one(t, "image", `{"data":"`+inline(pngFile)+`"}`)
	before := contentOf(t, message)
	got, err := r.replica().Resolve(patience(t), "main", message)
	if err != nil {
		t.Fatal(err)
	}
	if contentOf(t, message) != before || contentOf(t, got) == before {
		t.Errorf("message has %.40s, result %s", contentOf(t, message), contentOf(t, got))
	}
	if string(got["touser"]) != `"oUser"` {
		t.Errorf("touser = %s", got["touser"])
	}
}

func TestFillsTellsWhichFieldsAFileStandsFor(t *testing.T) {
	tests := []struct {
		msgType, id, content string
		want                 bool
	}{
		{"image", "media_id", `{"file":"a"}`, true},
		{"image", "media_id", `{"url":"a"}`, true},
		{"image", "media_id", `{"data":"a"}`, true},
		{"image", "media_id", `{"filename":"a"}`, false},
		{"image", "media_id", `{"file":""}`, false},
		{"image", "media_id", `{"file":null}`, false},
		{"image", "thumb_media_id", `{"thumb_file":"a"}`, false},
		{"video", "media_id", `{"thumb_file":"a"}`, false},
		{"video", "thumb_media_id", `{"thumb_file":"a"}`, true},
		{"music", "thumb_media_id", `{"thumb_url":"a"}`, true},
		{"miniprogrampage", "thumb_media_id", `{"thumb_data":"a"}`, true},
		{"mpnews", "media_id", `{"file":"a"}`, false},
		{"link", "thumb_url", `{"thumb_url":"a"}`, false},
	}
	for _, tt := range tests {
		if got := media.Fills(tt.msgType, tt.id, object(t, tt.content)); got != tt.want {
			t.Errorf("Fills(%s, %s, %s) = %t", tt.msgType, tt.id, tt.content, got)
		}
	}
}

func TestBadContentsAreRefusedWithTheFault(t *testing.T) {
	r := newRig(t)
	r.write("a.png", pngFile)
	tests := []struct{ name, msgType, content, want string }{
		{"no object", "image", `"a.png"`, "image: bad file: not an object"},
		{"null", "image", `null`, "image: bad file: not an object"},
		{"two sources", "image", `{"file":"a.png","url":"https://x/"}`, "give one of"},
		{"an id and a source", "image", `{"file":"a.png","media_id":"M"}`, "give one of media_id, file, url and data"},
		{"a number", "image", `{"file":7}`, "file is not a text"},
		{"a list", "video", `{"media_id":"M","thumb_url":[]}`, "thumb_url is not a text"},
		{"an endless name", "image", `{"file":"` + strings.Repeat("a", 5000) + `"}`, "file is too long"},
		{"no base64", "image", `{"data":"***"}`, "image: data: bad file: data is not base64"},
		{"nothing", "image", `{"data":"\n"}`, "empty"},
		{"a page", "image", `{"data":"` + inline([]byte("<html><body>404")) + `"}`, "not PNG, JPEG or GIF"},
		{"one byte", "image", `{"data":"` + inline([]byte{0xff}) + `"}`, "not PNG, JPEG or GIF"},
		{"a picture as a voice", "voice", `{"file":"a.png"}`, "not AMR or MP3"},
		{"an audio as a video", "video", `{"data":"` + inline(m4aFile) + `"}`, "not MP4"},
		{"a PNG as a thumb", "music", `{"thumb_file":"a.png"}`, "music: thumb_file: bad file: not JPEG"},
		{"too much inline", "image", `{"data":"` + inline(big(pngFile, 1<<20+1)) + `"}`, "more than 1024 KiB"},
		{"a large thumb", "music", `{"thumb_data":"` + inline(big(jpegFile, 64<<10+1)) + `"}`, "larger than the 64 KiB that WeChat takes as thumb"},
	}
	resolver := r.replica()
	for _, tt := range tests {
		_, err := resolver.Resolve(patience(t), "main", one(t, tt.msgType, tt.content))
		if !errors.Is(err, media.ErrBad) || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s: error = %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := resolver.Resolve(patience(t), "other", one(t, "image", `{"file":"a.png"}`)); !errors.Is(err, media.ErrBad) {
		t.Errorf("unknown account: error = %v", err)
	}
	if n := len(r.api.all()); n > 0 {
		t.Errorf("%d uploads, want none", n)
	}
}

func TestSizesUpToTheLimitsAreTaken(t *testing.T) {
	r := newRig(t)
	r.write("a.png", big(pngFile, 10<<20))
	r.write("over.png", big(pngFile, 10<<20+1))
	r.write("a.mp3", big(id3File, 2<<20))
	r.write("over.mp3", big(id3File, 2<<20+1))
	r.write("a.jpg", big(jpegFile, 64<<10))
	resolver := r.replica()
	for _, tt := range []struct{ msgType, content string }{
		{"image", `{"file":"a.png"}`},
		{"voice", `{"file":"a.mp3"}`},
		{"music", `{"thumb_file":"a.jpg"}`},
		{"image", `{"data":"` + inline(big(pngFile, 1<<20)) + `"}`},
		{"image", `{"data":"` + inline(big(pngFile, 1<<20-1)) + `"}`},
	} {
		r.resolved(resolver, tt.msgType, tt.content)
	}
	for _, tt := range []struct{ msgType, content string }{
		{"image", `{"file":"over.png"}`}, {"voice", `{"file":"over.mp3"}`},
	} {
		if _, err := resolver.Resolve(patience(t), "main", one(t, tt.msgType, tt.content)); !errors.Is(err, media.ErrBad) {
			t.Errorf("%s: error = %v, want ErrBad", tt.content, err)
		}
	}
}
