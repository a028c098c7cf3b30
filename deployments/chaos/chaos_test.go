package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	duration = flag.Duration("for", 0, "begin runs with every fault until so much time has passed; 0 for one short run")
	seed     = flag.Int("seed", 0, "draws the first run, and one more each further one; 0 for any")
)

// Whatever happens to the programs and to NATS: what was acknowledged is not
// lost, order is kept where it is promised, and nothing comes twice but where it
// may.
func TestPromisesHoldWhateverHappens(t *testing.T) {
	table := newTable()
	began, first := time.Now(), *seed
	if first == 0 {
		first = 1 + rand.N(1_000_000)
	}
	if *duration == 0 {
		torment(t, short(1), table)
	}
	for n := 0; time.Since(began) < *duration; n++ {
		t.Run(fmt.Sprint("seed ", first+n), func(t *testing.T) { torment(t, long(first+n), table) })
	}
	if *duration > 0 {
		_, _ = fmt.Fprintf(t.Output(), "replay with: make chaos SEED=%d\n", first)
	}
	_, _ = fmt.Fprintf(t.Output(), "%v\n", time.Since(began).Round(time.Second))
	table.write(t.Output())
}

// torment makes one run, checks it and adds it to the table.
func torment(t *testing.T, p plan, table *table) {
	t.Helper()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(t.Output(), format+"\n", args...) }
	say("%s", p)
	s := open(t, p)
	ran := s.run(p, say)
	h, err := s.history(p)
	if err != nil {
		t.Fatal(err)
	}
	c := h.check()
	table.add(ran, c)
	for _, what := range s.wrongs {
		t.Error(what)
	}
	report(t, c)
}

// report fails the test for each breach, and says so of the first ones.
func report(t *testing.T, c *checker) {
	t.Helper()
	const most = 30
	for i, b := range c.breaches {
		if i == most {
			t.Errorf("and %d more", len(c.breaches)-most)
			return
		}
		t.Errorf("%s: %s %q: %s", b.kind, b.user, b.content, b.what)
	}
	if len(c.stored) == 0 || len(c.calls) == 0 {
		t.Error("nothing was stored or sent")
	}
}
