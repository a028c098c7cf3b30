package wxapi_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

func TestTokenIsFetchedOnceAndUsedAgain(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	for range 3 {
		send(t, c)
	}
	r.wantCounts(1, 3)
	if diff := cmp.Diff([]bool{false}, r.forced()); diff != "" {
		t.Errorf("force_refresh (-want +got):\n%s", diff)
	}
}

func TestRestartedReplicaUsesTheStoredToken(t *testing.T) {
	r := newRig(t)
	send(t, r.replica())
	send(t, r.replica())
	r.wantCounts(1, 2)
}

func TestReplicasFetchOneTokenTogether(t *testing.T) {
	r := newRig(t)
	sendAll(t, r.replicas(8))
	r.wantCounts(1, 8)
}

// A token that ends before its time is replaced by one more call, whoever
// notices first. Every replica's message arrives.
func TestDeadTokenIsReplacedByOneCallOfAllReplicas(t *testing.T) {
	tests := []struct {
		name string
		kill func(*wxsim.Weather, string)
	}{
		{"42001 expired", (*wxsim.Weather).ExpireTokens},
		{"40001 revoked", (*wxsim.Weather).RevokeTokens},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			replicas := r.replicas(8)
			sendAll(t, replicas)
			tt.kill(r.Weather(), "main")
			sendAll(t, replicas)
			if diff := cmp.Diff([]bool{false, true}, r.forced()); diff != "" {
				t.Errorf("force_refresh (-want +got):\n%s", diff)
			}
			if got := r.Counts().Sent; got != 16 {
				t.Errorf("%d messages arrived, want 16", got)
			}
		})
	}
}

// The same over the bucket that senders use.
func TestReplicasShareTheTokenInABucket(t *testing.T) {
	r := newRig(t)
	nats := bustest.Start(t)
	var replicas []*wxapi.Client
	for range 8 {
		replicas = append(replicas, newClient(r.url, nats.Bus().Bucket(bus.BucketToken), r.log))
	}
	sendAll(t, replicas)
	r.Weather().ExpireTokens("main")
	sendAll(t, replicas)
	if diff := cmp.Diff([]bool{false, true}, r.forced()); diff != "" {
		t.Errorf("force_refresh (-want +got):\n%s", diff)
	}
}

func TestRefusedTokenIsReplacedAndTheCallMadeOnceMore(t *testing.T) {
	for _, code := range []int{40001, 40014, 42001, 42007} {
		r := newRig(t)
		c := r.replica()
		send(t, c)
		r.Weather().Fail(code, 1)
		send(t, c)
		r.wantCounts(2, 3)
		if diff := cmp.Diff([]bool{false, true}, r.forced()); diff != "" {
			t.Errorf("%d: force_refresh (-want +got):\n%s", code, diff)
		}
	}
}

// What is refused for ever costs two calls and one refresh, and from then on
// one call for each message and no refresh for 30 seconds, by any replica.
func TestTokenRefusedForEverIsReplacedEvery30Seconds(t *testing.T) {
	r := newRig(t)
	r.Weather().Fail(40001, 100)
	c, other := r.replica(), r.replica()
	err := c.Send(patience(t), []byte(message))
	if got := wxapi.Classify(err); got != wxapi.BadToken || wxapi.CodeOf(err) != 40001 {
		t.Errorf("Send = %v, class %v; want 40001", err, got)
	}
	r.wantCounts(2, 2)
	for i, replica := range []*wxapi.Client{c, other} {
		if after := pending(t, replica.Send(patience(t), []byte(message))); after > 30*time.Second {
			t.Errorf("the token may be replaced in %s, want up to 30 s", after)
		}
		r.wantCounts(2, 3+i)
	}
	r.store.change(t, map[string]any{forced: ago(31 * time.Second)})
	// WeChat counts its own 30 seconds, and gives the same token again.
	if err := c.Send(patience(t), []byte(message)); !errors.Is(err, wxapi.ErrTokenPending) {
		t.Errorf("Send = %v, want ErrTokenPending", err)
	}
	r.wantCounts(3, 5)
}

// pending checks that the token may not be replaced yet, and returns for how
// long.
func pending(t *testing.T, err error) time.Duration {
	t.Helper()
	pending, ok := errors.AsType[*wxapi.TokenPendingError](err)
	if !ok || !errors.Is(err, wxapi.ErrTokenPending) || wxapi.Classify(err) != wxapi.Transient {
		t.Fatalf("Send = %v, want ErrTokenPending, transient", err)
	}
	if pending.After <= 0 || pending.After > 24*time.Hour {
		t.Errorf("the token may be replaced in %s", pending.After)
	}
	return pending.After
}

func TestNewerTokenOfAnotherReplicaIsUsed(t *testing.T) {
	r := newRig(t)
	c, other := r.replica(), r.replica()
	send(t, c)
	send(t, other)
	r.Weather().RevokeTokens("main")
	send(t, other)
	r.wantCounts(2, 4) // c holds the dead one yet
	send(t, c)
	r.wantCounts(2, 6)
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	r := newRig(t)
	send(t, r.replica())
	r.store.change(t, map[string]any{expires: ago(time.Second)})
	send(t, r.replica())
	if diff := cmp.Diff([]bool{false, false}, r.forced()); diff != "" {
		t.Errorf("force_refresh (-want +got):\n%s", diff)
	}
}

func TestUnreadableEntryIsReplaced(t *testing.T) {
	r := newRig(t)
	if _, err := r.store.Save(t.Context(), tokenKey, []byte("{"), 0); err != nil {
		t.Fatal(err)
	}
	send(t, r.replica())
	send(t, r.replica())
	r.wantCounts(1, 2)
}
