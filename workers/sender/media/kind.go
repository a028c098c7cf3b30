package media

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// kind is a type of temporary media, and what WeChat takes as such.
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
type kind struct {
	name    string
	max     int64 // bytes
	wants   string
	formats []format
}

var (
	image = kind{"image", 10 << 20, "PNG, JPEG or GIF", []format{png, jpeg, gif}}
	voice = kind{"voice", 2 << 20, "AMR or MP3", []format{amr, mp3}}
	video = kind{"video", 10 << 20, "MP4", []format{mp4}}
	thumb = kind{"thumb", 64 << 10, "JPEG", []format{jpeg}}
)

// format is how files of a kind begin, and how they are called.
type format struct {
	suffixes    []string // of file names, the usual one first
	contentType string
	begins      func(head []byte) bool
}

var (
	png  = format{[]string{".png"}, "image/png", starts("\x89PNG\r\n\x1a\n")}
	jpeg = format{[]string{".jpg", ".jpeg"}, "image/jpeg", starts("\xff\xd8\xff")}
	gif  = format{[]string{".gif"}, "image/gif", starts("GIF87a", "GIF89a")}
	amr  = format{[]string{".amr"}, "audio/amr", starts("#!AMR")}
	mp3  = format{[]string{".mp3"}, "audio/mpeg", isMP3}
	mp4  = format{[]string{".mp4"}, "video/mp4", isMP4}
)

// headSize is how much of a file tells its format.
const headSize = 12

// formatOf tells the format of a file by how it begins. Names and declared
// types are often wrong and are not looked at.
func (k kind) formatOf(head []byte) (format, error) {
	for _, f := range k.formats {
		if f.begins(head) {
			return f, nil
		}
	}
	return format{}, bad("not " + k.wants)
}

func (k kind) tooLarge() error {
	return bad(fmt.Sprintf("larger than the %d KiB that WeChat takes as %s", k.max>>10, k.name))
}

// fileName is what an upload is called: the name it has, when that is plain,
// with a suffix that WeChat knows the format by.
func (f format) fileName(k kind, name string) string {
	const longest = 64
	stem, suffix := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		stem, suffix = name[:dot], strings.ToLower(name[dot:])
	}
	if stem == "" || len(stem) > longest || strings.ContainsFunc(stem, notPlain) {
		stem = k.name
	}
	if !slices.Contains(f.suffixes, suffix) {
		suffix = f.suffixes[0]
	}
	return stem + suffix
}

func notPlain(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_'
}

func starts(marks ...string) func([]byte) bool {
	return func(head []byte) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) })
	}
}

// isMP3 looks for a tag, or for the head of a frame of layer III.
func isMP3(head []byte) bool {
	if bytes.HasPrefix(head, []byte("ID3")) {
		return true
	}
	return len(head) > 2 && head[0] == 0xff && head[1]&0xe0 == 0xe0 && // 11 bits set
		head[1]>>3&3 != 1 && head[1]>>1&3 == 1 && // a version, layer III
		head[2]>>4 != 15 && head[2]>>2&3 != 3 // a bit rate, a sampling rate
}

// otherBrands share MP4's box format without being MP4 videos.
var otherBrands = []string{"qt  ", "heic", "heix", "hevc", "mif1", "msf1", "avif", "avis", "M4A ", "M4B ", "crx "}

func isMP4(head []byte) bool {
	return len(head) >= 12 && string(head[4:8]) == "ftyp" && !slices.Contains(otherBrands, string(head[8:12]))
}
