package wxapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"time"
)

// Times of a token's life.
const (
	lifetimeMax = 2 * time.Hour   // whatever WeChat says
	renewBefore = 5 * time.Minute // its end: WeChat hands out the next token from then on
	stableMin   = 10 * time.Second
	classicMin  = 2 * time.Minute // 1440 calls a day, of the 2000 that WeChat takes
)

// shared is what the replicas share about an account's token. Its times are
// those of the clock of the replica that wrote it, and are not relied on.
type shared struct {
	AppID   string    `json:"appid"`
	Gen     uint64    `json:"gen"` // counts the tokens
	Token   string    `json:"token"`
	Fetched time.Time `json:"fetched"`
	Expires time.Time `json:"expires"`
	Claimed time.Time `json:"claimed"` // someone is fetching since then; zero = nobody
	Forced  time.Time `json:"forced"`  // when a refresh was last forced
	Forces  int       `json:"forces"`  // on that day, in China
	Fault   *fault    `json:"fault,omitempty"`
}

// parse reads what is stored for an account. What cannot be read, or was stored
// when the account had another AppID, counts as nothing and is replaced.
func parse(value []byte, appID string) (known shared) {
	if json.Unmarshal(value, &known) != nil || known.AppID != "" && known.AppID != appID {
		return shared{}
	}
	return known
}

// held is the token in memory. Its times are of the monotonic clock.
type held struct {
	gen     uint64
	token   string
	fetched time.Time
	until   time.Time
	renew   time.Time
}

func (h *held) fresh() bool { return h.token != "" && time.Now().Before(h.until) }

func (h *held) due() bool { return !time.Now().Before(h.renew) }

// same reports whether it is the token that is stored.
func (h *held) same(known *shared) bool { return h.gen == known.Gen && h.token == known.Token }

// hold returns a token that is stored as it is held from now on: no longer than
// it was told to last, however wrong a clock may be.
func hold(known *shared) held {
	now := time.Now()
	lasts := lifetimeMax
	if !known.Fetched.IsZero() {
		lasts = clamp(known.Expires.Sub(known.Fetched), lifetimeMax)
	}
	left := clamp(known.Expires.Sub(now), lasts)
	age := lasts - left
	return held{
		gen: known.Gen, token: known.Token, fetched: now.Add(-age),
		until: now.Add(left), renew: now.Add(renewAfter(lasts) - age),
	}
}

func clamp(d, most time.Duration) time.Duration { return min(max(0, d), most) }

// renewAfter is the age at which a token is renewed: about 80 % of its life and
// at most its end less five minutes, a little earlier by chance, so that the
// replicas do not all wake at once.
func renewAfter(lasts time.Duration) time.Duration {
	age := lasts / 2
	if lasts > 2*renewBefore {
		age = min(lasts*4/5, lasts-renewBefore)
	}
	return age - rand.N(age/20+1) //nolint:gosec // spreads load, hides nothing
}

// lifetime is how long a token is used that WeChat says lasts so many seconds.
// What makes no sense neither has it asked for all the time nor used for ever.
func lifetime(seconds int64, least time.Duration) time.Duration {
	if seconds >= int64(lifetimeMax/time.Second) {
		return lifetimeMax
	}
	return max(least, time.Duration(max(0, seconds))*time.Second)
}

// stamp tells settings apart without telling what they are: what WeChat refused
// is asked for at once when they have been corrected.
func (a Account) stamp() string {
	sum := sha256.Sum256([]byte(a.AppID + "\x00" + a.Secret))
	return hex.EncodeToString(sum[:4])
}
