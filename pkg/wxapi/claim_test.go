package wxapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// While a replica fetches a token the others wait for it, and use what it
// stores.
func TestClaimedFetchIsWaitedFor(t *testing.T) {
	r := newRig(t)
	elsewhere := newStore()
	send(t, newClient(r.url, elsewhere, r.log))
	r.store.change(t, map[string]any{claimed: time.Now()})
	sent := make(chan error, 1)
	go func() { sent <- r.replica().Send(patience(t), []byte(message)) }()
	bustest.Eventually(t, "the claim is seen", func() bool { return r.store.loaded() > 0 })
	r.store.change(t, map[string]any{token: elsewhere.token(t), expires: time.Now().Add(time.Hour), claimed: time.Time{}})
	if err := <-sent; err != nil {
		t.Errorf("Send = %v", err)
	}
	r.wantCounts(1, 2)
}

func TestClaimIsNotBroken(t *testing.T) {
	r := newRig(t)
	r.store.change(t, map[string]any{claimed: time.Now()})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.replica().Send(ctx, []byte(message)); wxapi.Classify(err) != wxapi.Transient || err == nil {
		t.Errorf("Send = %v, want a transient error", err)
	}
	r.wantCounts(0, 0)
}

func TestClaimOfADeadReplicaIsTakenOver(t *testing.T) {
	tests := []struct {
		name    string
		claimed time.Time
	}{
		{"long ago", ago(time.Hour)},
		{"just about", ago(14800 * time.Millisecond)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.store.change(t, map[string]any{claimed: tt.claimed})
			sendAll(t, r.replicas(8))
			r.wantCounts(1, 8)
		})
	}
}

// A fetch that fails gives its claim back: the next message need not wait.
func TestFailedFetchGivesItsClaimBack(t *testing.T) {
	r := newRig(t)
	r.failToken(-1)
	if err := r.replica().Send(patience(t), []byte(message)); err == nil {
		t.Error("Send = nil, want an error")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // less than a claim lasts
	defer cancel()
	if err := r.replica().Send(ctx, []byte(message)); err != nil {
		t.Errorf("Send = %v", err)
	}
	r.wantCounts(2, 1)
}

func TestStoreAway(t *testing.T) {
	t.Run("the token at hand serves", func(t *testing.T) {
		r := newRig(t)
		c := r.replica()
		send(t, c)
		r.store.goAway()
		send(t, c)
		r.wantCounts(1, 2)
	})
	t.Run("a stable one is fetched alone, all would be given the same", func(t *testing.T) {
		r := newRig(t)
		r.store.goAway()
		sendAll(t, r.replicas(2))
		r.wantCounts(2, 2)
		if diff := cmp.Diff([]bool{false, false}, r.forced()); diff != "" {
			t.Errorf("force_refresh (-want +got):\n%s", diff)
		}
	})
	t.Run("a refusal keeps a replica quiet", func(t *testing.T) {
		r := newRig(t)
		r.store.goAway()
		r.failToken(40164)
		c := r.replica()
		for range 3 {
			wantTokenError(t, c.Send(patience(t), []byte(message)), 40164)
		}
		r.wantCounts(1, 0)
	})
	t.Run("a classic one is not fetched, it would end the others'", func(t *testing.T) {
		r := newRig(t)
		r.store.goAway()
		if err := r.classic().Send(patience(t), []byte(message)); wxapi.Classify(err) != wxapi.Transient || err == nil {
			t.Errorf("Send = %v, want a transient error", err)
		}
		r.wantCounts(0, 0)
	})
	t.Run("none is replaced behind the others' back", func(t *testing.T) {
		r := newRig(t)
		c := r.replica()
		send(t, c)
		r.store.goAway()
		r.Weather().Fail(42001, 1)
		if err := c.Send(patience(t), []byte(message)); wxapi.Classify(err) != wxapi.Transient || err == nil {
			t.Errorf("Send = %v, want a transient error", err)
		}
		r.wantCounts(1, 2)
	})
}

// A replica that cannot store the token that it has fetched uses it alone, and
// says so.
func TestTokenThatIsNotStoredServes(t *testing.T) {
	r := newRig(t)
	r.onToken = r.store.refuse
	c := r.replica()
	send(t, c)
	send(t, c)
	r.wantCounts(1, 2)
	if got := r.log.String(); !strings.Contains(got, "token not stored for the other replicas") {
		t.Errorf("log does not say that the token is not shared:\n%s", got)
	}
}

// A store that can be read and takes no claim is as good as away.
func TestStoreThatTakesNoClaim(t *testing.T) {
	r := newRig(t)
	r.store.refuse()
	send(t, r.replica())
	r.wantCounts(1, 1)
}
