package wxsim

import (
	"errors"
	"time"
)

// Conditions are weather that lasts until it changes. The zero Conditions are
// fine weather.
type Conditions struct {
	// Delay passes before each answer of the API, in nanoseconds of JSON.
	Delay time.Duration `json:"delay"`
	// LostAnswers has the server's answer to the first delivery of each push be
	// lost on its way: the push is delivered again though it was accepted.
	LostAnswers bool `json:"lost_answers"`
	// Duplicates has each push that was accepted be delivered once more.
	Duplicates bool `json:"duplicates"`
	// Errcode is what custom/send answers, without looking at the call; 0 for none.
	Errcode int `json:"errcode"`
	// Hang has custom/send never answer. The message reaches its user all the same.
	Hang bool `json:"hang"`
	// TokenLife is how long tokens live that are given out from now on; 0 for
	// WeChat's two hours.
	TokenLife time.Duration `json:"token_life"`
}

// longestDelay is more than any client waits for.
const longestDelay = time.Minute

func (c Conditions) validate() error {
	if c.Delay < 0 || c.Delay > longestDelay || c.TokenLife < 0 || c.TokenLife > tokenLife {
		return errors.New("want a delay of at most a minute, and tokens that live for at most two hours")
	}
	return nil
}

// Set changes the conditions, and tells the pages that are open. It names what
// is out of range and then changes nothing.
func (w *Weather) Set(c Conditions) error {
	if err := c.validate(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conditions = c
	w.platform.events.publish(event{Type: "weather", Weather: &c})
	return nil
}

// Conditions returns what [Weather.Set] was told last.
func (w *Weather) Conditions() Conditions {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conditions
}

// fault is what the conditions do to a call of custom/send.
func (c Conditions) fault() (Fault, bool) {
	switch {
	case c.Hang:
		return Fault{Hang: true, Delivered: true}, true
	case c.Errcode != 0:
		return Fault{Errcode: c.Errcode}, true
	}
	return Fault{}, false
}
