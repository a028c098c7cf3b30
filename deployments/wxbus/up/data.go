package up

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/wxbus/wxbus/pkg/config"
)

// ErrData says that the data folder cannot be used. The settings may be right
// all the same.
var ErrData = errors.New("WXBUS_DATA")

// lockData makes the data folder and keeps every other process out of it.
func lockData(data string) (unlock func(), err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	lock := flock.New(filepath.Join(data, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	if !locked {
		whole, _ := filepath.Abs(data)
		return nil, fmt.Errorf("another wxbus uses %s: stop it, or set WXBUS_DATA to another folder", whole)
	}
	return func() { _ = lock.Unlock() }, nil
}

// credentials are those of a simulated account.
type credentials struct {
	AppID  string `json:"appid"`
	Token  string `json:"token"`
	AESKey string `json:"aes_key"`
	Secret string `json:"secret"`
}

// MakeAccounts puts the credentials of simulated accounts where programs
// look for those of real ones. They are made once and kept in the data folder.
func MakeAccounts(data string, names []string) error {
	file := filepath.Join(data, "accounts.json")
	known := make(map[string]credentials)
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s: %w", ErrData, file, err)
	}
	before := len(known)
	for _, name := range names {
		if _, ok := known[name]; !ok {
			known[name] = newCredentials()
		}
		if err := setEnv(config.AccountPrefix(name), known[name]); err != nil {
			return err
		}
	}
	if len(known) == before {
		return nil
	}
	return saveCredentials(file, known)
}

func saveCredentials(file string, known map[string]credentials) error {
	text, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	return nil
}

func setEnv(prefix string, c credentials) error {
	return errors.Join(
		os.Setenv(prefix+"_APPID", c.AppID), os.Setenv(prefix+"_TOKEN", c.Token),
		os.Setenv(prefix+"_AES_KEY", c.AESKey), os.Setenv(prefix+"_SECRET", c.Secret),
	)
}

func newCredentials() credentials {
	return credentials{
		AppID: "wx" + randomHex(16), Token: randomHex(16),
		AESKey: randomHex(43), Secret: randomHex(32),
	}
}

func randomHex(n int) string {
	raw := make([]byte, (n+1)/2)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)[:n]
}
