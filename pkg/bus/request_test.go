package bus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// answers has a program answer under a group until the returned func is called.
func answers(t *testing.T, b *bus.Bus, with func(subject string, question []byte) []byte) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := start(func() error { return b.Answer(ctx, "test.*", "group", with) })
	return func() {
		cancel()
		if err := receive(t, "Answer ends", ended); err != nil {
			t.Error(err)
		}
	}
}

func TestQuestionIsAnsweredByOne(t *testing.T) {
	server := bustest.Start(t)
	b, asked := server.Bus(), make(chan string, 10)
	for range 3 {
		defer answers(t, server.Bus(), func(subject string, question []byte) []byte {
			asked <- subject
			return append([]byte("re: "), question...)
		})()
	}
	bustest.Eventually(t, "somebody answers", func() bool {
		_, err := b.Ask(t.Context(), "test.hello", nil)
		return err == nil
	})
	receive(t, "a question", asked)
	answer := must[[]byte](t)(b.Ask(within(t), "test.a", []byte("b")))
	if diff := cmp.Diff("re: b", string(answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("test.a", receive(t, "a question", asked)); diff != "" || len(asked) > 0 {
		t.Errorf("question (-want +got):\n%s, %d more were asked", diff, len(asked))
	}
}

func TestQuestionThatNobodyAnswersEndsAtOnce(t *testing.T) {
	server := bustest.Start(t)
	b := server.Bus()
	if _, err := b.Ask(within(t), "test.a", nil); !errors.Is(err, bus.ErrNobody) {
		t.Errorf("Ask = %v", err)
	}
	server.Down()
	bustest.Eventually(t, "the connection is lost", func() bool { return ready(t, b) != nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Ask(ctx, "test.a", nil); !errors.Is(err, bus.ErrNobody) {
		t.Errorf("Ask while NATS is away = %v", err)
	}
}

func TestQuestionWithoutAnAnswerEndsWithItsContext(t *testing.T) {
	server := bustest.Start(t)
	b, asked := server.Bus(), make(chan string, 10)
	defer answers(t, server.Bus(), func(subject string, _ []byte) []byte { asked <- subject; return nil })()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-asked
		cancel()
	}()
	bustest.Eventually(t, "somebody is asked and says nothing", func() bool {
		_, err := b.Ask(ctx, "test.a", nil)
		return errors.Is(err, context.Canceled)
	})
}
