package media

import (
	"errors"
	"fmt"
	"os"
)

// Config are the settings of files in replies. The sender embeds them.
type Config struct {
	Dir  string `envconfig:"SENDER_MEDIA_DIR" desc:"folder whose files replies may name; empty refuses files"`
	URLs URLs   `envconfig:"SENDER_MEDIA_URLS" default:"public" desc:"web addresses that replies may name: public, any (also inside the own network, and through HTTPS_PROXY) or off"`
}

// Validate checks what single values cannot show.
func (c *Config) Validate() error {
	if c.Dir == "" {
		return nil
	}
	info, err := os.Stat(c.Dir)
	if err != nil {
		return fmt.Errorf("SENDER_MEDIA_DIR: %w", err)
	}
	if !info.IsDir() {
		return errors.New("SENDER_MEDIA_DIR: want a folder")
	}
	return nil
}

// URLs says which web addresses may be called for the files of replies.
type URLs string

// The choices of SENDER_MEDIA_URLS. Empty is Public.
const (
	Public URLs = "public" // those outside the own network
	Any    URLs = "any"    // all: a reply can reach what the sender can reach
	Off    URLs = "off"    // none
)

// Decode implements envconfig.Decoder.
func (u *URLs) Decode(text string) error {
	switch choice := URLs(text); choice {
	case Public, Any, Off:
		*u = choice
		return nil
	}
	return errors.New("want public, any or off")
}
