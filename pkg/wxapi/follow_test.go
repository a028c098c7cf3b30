package wxapi_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// follow runs the clients' Follow until the test ends.
func follow(t *testing.T, clients ...*wxapi.Client) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { c.Follow(ctx) })
	}
	t.Cleanup(func() { stop(); all.Wait() })
}

// programs returns clients of as many programs, each with a connection to NATS
// of its own.
func (r *rig) programs(nats *bustest.Server, n int) []*wxapi.Client {
	r.t.Helper()
	var clients []*wxapi.Client
	for range n {
		b, err := bus.Connect("test", nats.Config(), r.log.Logger())
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(b.Close)
		if err := b.Prepare(patience(r.t)); err != nil {
			r.t.Fatal(err)
		}
		clients = append(clients, newClient(r.url, b.Bucket(bus.BucketToken), r.log))
	}
	return clients
}

func (r *rig) wantForced(want ...bool) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.forced()); diff != "" {
		r.t.Errorf("force_refresh (-want +got):\n%s", diff)
	}
}

func TestFollowersFetchOneTokenTogether(t *testing.T) {
	r := newRig(t)
	replicas := r.programs(bustest.Start(t), 8)
	follow(t, replicas...)
	sendAll(t, replicas)
	r.wantForced(false)
}

// Eight replicas, and a token that dies: one of them fetches another one, once.
func TestFollowersReplaceADeadTokenByOneCall(t *testing.T) {
	r := newRig(t)
	replicas := r.programs(bustest.Start(t), 8)
	follow(t, replicas...)
	sendAll(t, replicas)
	r.Weather().RevokeTokens("main")
	var all sync.WaitGroup
	for range 5 { // several calls of each replica fail with the dead token
		all.Go(func() { sendAll(t, replicas) })
	}
	all.Wait()
	r.wantForced(false, true)
	if got := r.Counts().Sent; got != 48 {
		t.Errorf("%d messages arrived, want 48", got)
	}
}

// Calls do not read the store.
func TestFollowerReadsTheStoreOnlyToFetch(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	follow(t, c)
	send(t, c)
	bustest.Eventually(t, "the first token is stored", func() bool { return r.store.token(t) != "" })
	before := r.store.loaded()
	for range 100 {
		send(t, c)
	}
	if got := r.store.loaded() - before; got != 0 {
		t.Errorf("the store was read %d times in 100 calls", got)
	}
	r.wantCounts(1, 101)
}

// A follower hears of another replica's token before it meets a refusal.
func TestFollowerHearsOfANewToken(t *testing.T) {
	r := newRig(t)
	c, other := r.replica(), r.replica()
	follow(t, c)
	send(t, c)
	r.Weather().RevokeTokens("main")
	dead := r.store.token(t)
	send(t, other) // is refused, and replaces the token
	bustest.Eventually(t, "the follower has heard", func() bool { return r.store.token(t) != dead && r.store.isHeard() })
	send(t, c)
	r.wantCounts(2, 4)
}

// What is due is renewed by one replica, and no message waits for it.
func TestDueTokenIsRenewedByOneFollowerAndServesMeanwhile(t *testing.T) {
	r := newRig(t)
	send(t, r.replica())
	asked, answer := make(chan struct{}), make(chan struct{})
	r.onToken = func() { close(asked); <-answer }
	r.store.change(t, map[string]any{fetched: ago(110 * time.Minute), expires: ago(-10 * time.Minute)})
	replicas := r.replicas(8)
	follow(t, replicas...)
	<-asked
	sendAll(t, replicas)
	r.wantCounts(1, 9)
	close(answer)
	bustest.Eventually(t, "the token is renewed", func() bool { return time.Until(r.store.expires(t)) > time.Hour })
	sendAll(t, replicas)
	r.wantForced(false, false)
}

// Where nobody follows, the call that finds the token due has it renewed
// beside it.
func TestDueTokenIsRenewedBesideTheCall(t *testing.T) {
	r := newRig(t)
	send(t, r.replica())
	answer := make(chan struct{})
	r.onToken = func() { <-answer }
	r.store.change(t, map[string]any{fetched: ago(110 * time.Minute), expires: ago(-10 * time.Minute)})
	c := r.replica()
	for range 3 {
		send(t, c)
	}
	r.wantCounts(1, 4)
	close(answer)
	bustest.Eventually(t, "the token is renewed", func() bool { return time.Until(r.store.expires(t)) > time.Hour })
	send(t, c)
	r.wantForced(false, false)
}

// NATS away: the token at hand serves. NATS back: the follower hears again.
func TestFollowerWhileNATSIsAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	nats := bustest.Start(t)
	replicas := r.programs(nats, 2)
	follow(t, replicas...)
	sendAll(t, replicas)
	nats.Down()
	sendAll(t, replicas)
	r.wantForced(false)
	nats.Up()
	r.Weather().RevokeTokens("main")
	bustest.Eventually(t, "the token is replaced", func() bool {
		return replicas[0].Send(patience(t), []byte(message)) == nil
	})
	bustest.Eventually(t, "the other replica has heard", func() bool {
		before := r.Counts().Sends
		return replicas[1].Send(patience(t), []byte(message)) == nil && r.Counts().Sends == before+1
	})
	r.wantForced(false, true)
}

// An end of the token that comes while NATS is away stops no message.
func TestTokenThatEndsWhileTheStoreIsAway(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	follow(t, c)
	send(t, c)
	r.store.goAway()
	other := r.replica() // has none, as if it had ended
	send(t, other)
	r.wantForced(false, false)
}
