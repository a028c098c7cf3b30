package door // the rule is about minutes, which pass at once in a bubble

import (
	"testing"
	"testing/synctest"
	"time"
)

// shedFor sheds ten requests a second.
func shedFor(o *overload, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		o.shed(time.Now())
	}
}

func TestBurstIsNoReasonToLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o overload
		for range 100 {
			shedFor(&o, patience-time.Second)
			if err := o.ready(time.Now()); err != nil {
				t.Fatalf("ready = %v", err)
			}
			time.Sleep(restBetween)
		}
	})
}

func TestLongSheddingIsToldOnceAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o overload
		shedFor(&o, patience+time.Second)
		start, gone, turns := time.Now(), time.Duration(0), 0
		ready := true
		for time.Since(start) < 10*time.Minute {
			now := o.ready(time.Now()) == nil
			if now != ready {
				turns++
			}
			if ready = now; !ready {
				gone += time.Second
			}
			shedFor(&o, time.Second)
		}
		if gone < time.Minute || gone > 10*time.Minute/4+away || turns > 16 {
			t.Errorf("away for %s of 10m in %d turns", gone, turns)
		}
	})
}

func TestLeavingEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o overload
		shedFor(&o, 2*patience)
		if o.ready(time.Now()) == nil {
			t.Fatal("ready while shedding for long")
		}
		time.Sleep(away - time.Second) // nobody is sent here any more
		if o.ready(time.Now()) == nil {
			t.Error("back too soon for a prober to see that it was away")
		}
		time.Sleep(time.Second)
		if err := o.ready(time.Now()); err != nil {
			t.Errorf("ready = %v after %s", err, away)
		}
	})
}
