package wxsim

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// savedMedia is a file without its bytes, which are in one of their own.
type savedMedia struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"`
	Filename    string    `json:"filename"`
	ContentType string    `json:"content_type"`
	Created     time.Time `json:"created"`
}

// mediaFolder is beside the simulator's file.
func (p *Platform) mediaFolder() string {
	return strings.TrimSuffix(p.options.File, filepath.Ext(p.options.File)) + "-media"
}

func (k *media) saved() []savedMedia {
	list := make([]savedMedia, len(k.files))
	for i, m := range k.files {
		list[i] = savedMedia{m.ID, m.Type, m.Filename, m.ContentType, m.Created}
	}
	return list
}

var mediaID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`) // it is a file's name, too

// restoreMedia reads what is still there of the files of an account.
func (p *Platform) restoreMedia(a *account, list []savedMedia) {
	for _, m := range list {
		if !mediaID.MatchString(m.ID) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(p.mediaFolder(), m.ID))
		if err != nil {
			p.options.Log.Warn("file of a chat is gone", "err", err)
			continue
		}
		a.media.files = append(a.media.files, Media{m.ID, m.Type, m.Filename, m.ContentType, data, m.Created})
		a.media.bytes += len(data)
		p.stored[m.ID] = true
	}
}

// saveMedia writes the files that are new and removes those that have ended. It
// is called by one goroutine at a time.
func (p *Platform) saveMedia(all map[string][]byte) error {
	var errs []error
	for id, data := range all {
		if !p.stored[id] {
			if err := replaceFile(filepath.Join(p.mediaFolder(), id), data); err != nil {
				errs = append(errs, err)
				continue
			}
			p.stored[id] = true
		}
	}
	for id := range p.stored {
		if _, kept := all[id]; kept {
			continue
		}
		if err := os.Remove(filepath.Join(p.mediaFolder(), id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		delete(p.stored, id)
	}
	return errors.Join(errs...)
}

// allMedia returns the bytes of every file by its id.
func (p *Platform) allMedia() map[string][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[string][]byte)
	for _, a := range p.accounts {
		a.media.sweep(p.options.Now())
		for _, m := range a.media.files {
			all[m.ID] = m.Data
		}
	}
	return all
}
