package wxsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// saved is the file: what must outlive a restart.
type saved struct {
	Accounts map[string]savedAccount `json:"accounts"` // by name
}

type savedAccount struct {
	AppID  string  `json:"appid"` // another one makes the rest worthless
	Tokens tokens  `json:"tokens"`
	Users  []*user `json:"users"`

	Menu    []*button    `json:"menu,omitempty"`
	OwnMenu bool         `json:"own_menu,omitempty"` // Menu counts, also when it is empty
	Codes   []code       `json:"codes,omitempty"`
	Media   []savedMedia `json:"media,omitempty"`
}

// load reads the file. One that is missing or empty is a beginning.
func (p *Platform) load() error {
	if p.options.File == "" {
		return nil
	}
	data, err := os.ReadFile(p.options.File)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0 {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the simulator's file: %w", err)
	}
	var all saved
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("read the simulator's file %s: %w", p.options.File, err)
	}
	for name, old := range all.Accounts {
		if a, known := p.accounts[name]; known && a.AppID == old.AppID {
			p.restore(a, old)
		}
	}
	return nil
}

func (p *Platform) restore(a *account, old savedAccount) {
	a.tokens, a.codes = old.Tokens, old.Codes
	if old.OwnMenu {
		a.menu, a.ownMenu = old.Menu, true
	}
	p.restoreMedia(a, old.Media)
	for _, u := range old.Users {
		if u == nil {
			continue
		}
		a.users[u.OpenID] = u
		p.lastID = max(p.lastID, u.Seq)
		for i, m := range u.Chat {
			p.lastID = max(p.lastID, m.ID)
			if m.Push != nil {
				u.Chat[i].Push.Done = true // nobody delivers it any more
			}
		}
	}
}

// keepSaving writes the file after every change until the end, when Close
// writes it for the last time. It rests between writes, so that many changes
// are one, but not so long that a person who kills the program would miss a
// message that he has seen.
func (p *Platform) keepSaving() {
	const least = 10 * time.Millisecond
	for {
		var took time.Duration
		select {
		case <-p.dirty:
			began := time.Now()
			p.save()
			took = time.Since(began)
		case <-p.stop.Done():
			return
		}
		select {
		case <-time.After(max(least, 10*took)):
		case <-p.stop.Done():
			return
		}
	}
}

// save writes the file, if there is to be one. A disk that is full must not
// end the chat: the log hears of it.
func (p *Platform) save() {
	if p.options.File == "" {
		return
	}
	err := p.saveMedia(p.allMedia()) // first: the file names them
	data, broken := p.snapshot()
	if err = errors.Join(err, broken); broken == nil {
		err = errors.Join(err, replaceFile(p.options.File, data))
	}
	if err != nil {
		p.options.Log.Error("chats are not kept", "err", err)
	}
}

// replaceFile writes a file as a whole under another name and then renames it,
// so that a crash leaves the old or the new one. Only its owner may read it.
func replaceFile(name string, data []byte) error {
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, filepath.Base(name)+".*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

func (p *Platform) snapshot() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := saved{Accounts: make(map[string]savedAccount, len(p.accounts))}
	for name, a := range p.accounts {
		all.Accounts[name] = savedAccount{
			a.AppID, a.tokens, a.inOrder(), a.menu, a.ownMenu, a.codes, a.media.saved(),
		}
	}
	return json.Marshal(all)
}
