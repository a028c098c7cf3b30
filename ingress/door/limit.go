package door

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/pkg/callback"
)

var limited = promauto.NewCounter(prometheus.CounterOpts{
	Name: "wxbus_ingress_limited_total",
	Help: "Refused requests of addresses past FAILURE_LIMIT; they are not in the log.",
})

// errPastLimit is one more failure of somebody who has failed too often. It
// looks like the others, but is neither read nor logged.
var errPastLimit = fmt.Errorf("%w: past FAILURE_LIMIT", callback.ErrSignature)

const (
	// limiters is how many there are for all the addresses in the world. Two
	// that share one cost each other a line in the log, never a push.
	limiters = 1024
	// networkBits is what one subscriber has of IPv6: he can use every address
	// in it.
	networkBits = 64
)

// failures bounds what the requests that fail cost us, by the address that
// they come from. It takes the same memory whoever calls.
type failures struct {
	seed    maphash.Seed
	buckets []*rate.Limiter
}

// newFailures returns one that lets so many failures a second pass for each
// address, or all of them for 0.
func newFailures(perSecond int) *failures {
	f := &failures{seed: maphash.MakeSeed()}
	if perSecond == 0 {
		return f
	}
	f.buckets = make([]*rate.Limiter, limiters)
	for i := range f.buckets {
		f.buckets[i] = rate.NewLimiter(rate.Limit(perSecond), perSecond)
	}
	return f
}

// within counts a failure and reports whether it is within the limit.
func (f *failures) within(addr netip.Addr) bool {
	if len(f.buckets) == 0 {
		return true
	}
	bits := addr.BitLen()
	if addr.Is6() {
		bits = networkBits
	}
	network, _ := addr.Prefix(bits) // no address at all is a bucket, too
	return f.buckets[maphash.Comparable(f.seed, network)%limiters].Allow()
}

// failed counts a refusal that its sender is to blame for, and returns what to
// answer: err, or that he is past the limit.
func (s *Server) failed(c echo.Context, err error) error {
	if errors.Is(err, errPastLimit) || !isRefusal(err) {
		return err
	}
	if s.failures.within(s.peers.client(c.Request())) {
		return err
	}
	return errPastLimit
}
