package wxsim

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Facts about temporary media, and bounds of what is kept.
const (
	mediaLife     = 3 * 24 * time.Hour
	mediaPrefix   = "wxsim-" // so that an id that was given out once is known for one
	mostMediaKept = 128 << 20
	mostUpload    = 12 << 20 // a form around the largest file
)

// Media is a file that the account or one of its users has uploaded.
type Media struct {
	ID          string
	Type        string // image, voice, video or thumb
	Filename    string
	ContentType string // by how Data begins
	Data        []byte // must not be changed
	Created     time.Time
}

// mediaRules say what is taken as each type.
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
var mediaRules = map[string]struct {
	contentTypes []string
	most         int
}{
	"image": {[]string{"image/png", "image/jpeg", "image/gif"}, 10 << 20},
	"voice": {[]string{"audio/amr", "audio/mpeg"}, 2 << 20},
	"video": {[]string{"video/mp4"}, 10 << 20},
	"thumb": {[]string{"image/jpeg"}, 64 << 10},
}

// AddMedia keeps a file as if a user had sent it, so that its id can stand in
// the MediaId of a push. It takes what [Platform.Handler] takes, and answers
// "" for the rest.
func (p *Platform) AddMedia(account, mediaType, filename string, data []byte) (mediaID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.accounts[account]
	if !known {
		return ""
	}
	m, errcode := a.media.add(mediaType, filename, data, p.options.Now())
	if errcode != errOK {
		return ""
	}
	p.touch()
	return m.ID
}

// Media returns the files of an account that have not ended, oldest first.
func (p *Platform) Media(account string) []Media {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, known := p.accounts[account]
	if !known {
		return nil
	}
	a.media.sweep(p.options.Now())
	return slices.Clone(a.media.files)
}

// media are the files of an account, oldest first.
type media struct {
	files []Media
	bytes int
}

// add keeps a file that is allowed.
func (k *media) add(mediaType, filename string, data []byte, now time.Time) (Media, int) {
	rule, known := mediaRules[mediaType]
	contentType := sniff(data)
	switch {
	case !known:
		return Media{}, errMediaType
	case filename == "":
		return Media{}, errNoMedia
	case len(data) == 0:
		return Media{}, errEmptyFile
	case len(data) > rule.most:
		return Media{}, errFileSize
	case !slices.Contains(rule.contentTypes, contentType):
		return Media{}, errFileType
	}
	k.sweep(now)
	for k.bytes+len(data) > mostMediaKept {
		k.forget(1)
	}
	m := Media{mediaPrefix + randomText(58), mediaType, filename, contentType, data, now}
	k.files, k.bytes = append(k.files, m), k.bytes+len(data)
	return m, errOK
}

// sweep forgets what has ended.
func (k *media) sweep(now time.Time) {
	ended := 0
	for ended < len(k.files) && !now.Before(k.files[ended].Created.Add(mediaLife)) {
		ended++
	}
	k.forget(ended)
}

// forget drops the oldest n files.
func (k *media) forget(n int) {
	for _, m := range k.files[:n] {
		k.bytes -= len(m.Data)
	}
	k.files = slices.Delete(k.files, 0, n)
}

func (k *media) find(id string, now time.Time) (Media, bool) {
	for _, m := range k.files {
		if m.ID == id && now.Before(m.Created.Add(mediaLife)) {
			return m, true
		}
	}
	return Media{}, false
}

// usable returns the errcode of naming a file in a message as one of some
// types. Ids that were never given out here may be anything, such as permanent
// material.
func (k *media) usable(id string, now time.Time, types ...string) int {
	if !strings.HasPrefix(id, mediaPrefix) {
		return errOK
	}
	m, known := k.find(id, now)
	switch {
	case !known:
		return errMediaID
	case !slices.Contains(types, m.Type):
		return errMediaKind
	}
	return errOK
}

// checkMedia returns the errcode of the ids that a message names.
func (a *account) checkMedia(msgType string, c content, now time.Time) int {
	if msgType != "mpnews" && c.MediaID != "" {
		if errcode := a.media.usable(c.MediaID, now, msgType); errcode != errOK {
			return errcode
		}
	}
	return a.media.usable(c.ThumbID, now, "thumb", "image")
}

// sniff tells what a file is by how it begins.
func sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("#!AMR")):
		return "audio/amr"
	case len(data) > 1 && data[0] == 0xFF && data[1]&0xE6 == 0xE2: // a frame of MPEG layer III
		return "audio/mpeg"
	case len(data) >= 8 && string(data[4:8]) == "ftyp":
		return "video/mp4"
	}
	contentType, _, _ := strings.Cut(http.DetectContentType(data), ";")
	return contentType
}
