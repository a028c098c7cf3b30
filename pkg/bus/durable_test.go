package bus_test

import (
	"slices"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestDeletedDurableIsCreatedAgain(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	k := take(t, b, texts, 4)
	publish(t, b, text, 1, 2)
	k.ackAll(2)
	if err := server.JetStream().DeleteConsumer(within(t), texts.Stream, texts.Name); err != nil {
		t.Fatal(err)
	}
	publish(t, b, text, 3, 12)
	seen := make(map[string]bool)
	for len(seen) < 12 { // what came a moment ago comes again
		d := k.next()
		seen[string(d.Body)] = true
		k.ack(d)
	}
}

func TestDeletedDurableIsReportedWithoutAutoProvision(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	operator := server.Bus()
	cfg := server.Config()
	cfg.AutoProvision = false
	b, book := connect(t, cfg)
	k := take(t, b, texts, 4)
	const missing = "durable echo on WECHAT_IN is missing"
	bustest.Eventually(t, "the log says so", func() bool { return book.Count(missing) > 0 })
	apply(t, operator, false, texts)
	publish(t, operator, text, 1, 1)
	k.ackAll(1)

	if err := server.JetStream().DeleteConsumer(within(t), texts.Stream, texts.Name); err != nil {
		t.Fatal(err)
	}
	said := book.Count(missing)
	bustest.Eventually(t, "the log says so again", func() bool { return book.Count(missing) > said })
	apply(t, operator, false, texts)
	publish(t, operator, text, 2, 2)
	for string(k.next().Body) != "2" {
		k.release()
	}
}

func TestFiltersAreThoseOfTheVersionThatStartedLast(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	pulls := subscribe(t, server, pullSubject)
	older := take(t, b, texts, 1)
	publish(t, b, text, 1, 1)
	older.ackAll(1)
	receive(t, "a pull", pulls)
	pull := receive(t, "a pull of the older one", pulls)

	more := texts
	more.Filters = []string{"wechat.in.*.*.text", "wechat.in.*.*.image"}
	newer := take(t, b, more, 1)
	receive(t, "a pull of the newer one", pulls)
	answer(t, server, pull, "503") // has the older one look for its durable again
	receive(t, "another pull of the older one", pulls)
	older.end()
	if got := durable(t, server, texts)().Config.FilterSubjects; !slices.Equal(got, more.Filters) {
		t.Errorf("the filters are %v, want %v", got, more.Filters)
	}
	publish(t, b, "wechat.in.main.7.image", 2, 2)
	newer.ackAll(1)
	if got := newer.bodies; !slices.Equal(got, []string{"2"}) {
		t.Errorf("messages %v were delivered, want 2 alone", got)
	}
}

func TestFiltersAreTheOperatorsWithoutAutoProvision(t *testing.T) {
	server := bustest.Start(t)
	apply(t, server.Bus(), false, texts)
	cfg := server.Config()
	cfg.AutoProvision = false
	b, book := connect(t, cfg)
	other := texts
	other.Filters = []string{"wechat.in.*.*.image"}
	k := take(t, b, other, 1)
	publish(t, b, text, 1, 1)
	k.ackAll(1)
	const says = "durable listens to other subjects than the worker handles"
	if got := book.Count(says); got != 1 {
		t.Errorf("the log says so %d times, want once: %s", got, book.String())
	}
}

func TestNewDurableBeginsWhereItIsMeantTo(t *testing.T) {
	b := bustest.Start(t).Bus()
	publish(t, b, text, 1, 3)
	all, recent := texts, texts
	all.Name, all.All = "all", true
	recent.Name = "recent"
	for _, d := range []bus.Durable{all, recent} { // a minute ago there was nothing yet
		k := take(t, b, d, 4)
		k.ackAll(3)
		k.wantOnce(3)
	}
}
