package smtp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// outcome is what an attempt must come to.
type outcome struct {
	kind   error
	handed int // calls of handOver
	taken  int // messages that the server has
}

// dialogueSteps are those that a server can spoil, in their order.
var dialogueSteps = []string{stepGreeting, stepEHLO, stepSTARTTLS, stepTLS, stepAUTH, stepMAIL, stepRCPT, stepDATA, stepDot}

// refusal is the outcome of a reply of 4yz or 5yz at a step.
func refusal(step, reply string, relay bool) outcome {
	handed := map[string]int{stepDATA: 1, stepDot: 1}[step]
	switch {
	case reply[0] == '4':
		return outcome{domain.ErrUnavailable, handed, 0}
	case step == stepGreeting, step == stepEHLO, step == stepSTARTTLS: // nothing that this message did
		return outcome{domain.ErrUnavailable, handed, 0}
	case step == stepAUTH && relay: // nothing that a seller can mend
		return outcome{domain.ErrUnavailable, handed, 0}
	}
	return outcome{domain.ErrRejected, handed, 0}
}

// breakdown is the outcome of a server that stops in the middle of a step.
func breakdown(step, what string) outcome {
	if step != stepDot {
		return outcome{domain.ErrUnavailable, map[string]int{stepDATA: 1}[step], 0}
	}
	return outcome{domain.ErrOutcomeUnknown, 1, map[string]int{lost: 1, mute: 1}[what]}
}

// TestEveryStepOfTheDialogueHasItsOutcome spoils each step in each way, once for a seller's account and once for the
// relay.
func TestEveryStepOfTheDialogueHasItsOutcome(t *testing.T) {
	t.Parallel()
	certified() // outside of the bubbles
	replies := []string{
		"421 4.3.2 closing", "450 4.2.0 later", "451 4.3.0 error", "452 4.3.1 full",
		"550 5.7.1 no", "552 5.2.2 too much", "554 5.7.1 no", "550 no enhanced code",
	}
	for _, relay := range []bool{false, true} {
		for _, step := range dialogueSteps {
			cases := map[string]outcome{}
			for _, what := range []string{cut, silent} {
				cases[what] = breakdown(step, what)
			}
			if step == stepDot {
				cases[lost], cases[mute] = breakdown(step, lost), breakdown(step, mute)
				cases["250 "], cases["251 2.0.0 taken elsewhere"] = outcome{nil, 1, 1}, outcome{nil, 1, 1}
				cases["354 again"], cases["nonsense"] = breakdown(step, cut), breakdown(step, cut)
			}
			if step != stepTLS {
				cases[drip] = breakdown(step, drip)
				for _, reply := range replies {
					cases[reply] = refusal(step, reply, relay)
				}
			}
			for what, want := range cases {
				t.Run(fmt.Sprintf("relay %t/%s/%s", relay, step, what), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { spoil(t, relay, step, what, want) })
				})
			}
		}
	}
}

// spoil makes an attempt at a server that does what at step, and another when it is mended.
func spoil(t *testing.T, relay bool, step, what string, want outcome) {
	is := is.New(t)
	s := newScript(false)
	sender, c := newSender(t, s, relay)
	m := answer()
	m.Connection = c
	s.play(step, what)
	handed, _, err := send(t.Context(), sender, m)
	if want.kind == nil {
		is.NoErr(err)
	} else if !errors.Is(err, want.kind) || domain.KindOf(err) != want.kind {
		t.Errorf("got %v, want %v", err, want.kind)
	}
	is.Equal(handed, want.handed)
	is.Equal(len(s.all()), want.taken)

	s.mend()
	_, _, err = send(t.Context(), sender, m)
	is.NoErr(err)
	is.Equal(len(s.all()), want.taken+1) // the attempt that failed takes no effect later
	sender.Close()
	s.lines.Wait()
}

func TestServerThatIsSlowIsWaitedForAsRFC5321Asks(t *testing.T) {
	t.Parallel()
	certified()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		s := newScript(true)
		sender, c := newSender(t, s, false)
		m := answer()
		m.Connection = c
		s.set(func() {
			s.pause = map[string]time.Duration{stepGreeting: time.Minute, stepMAIL: time.Minute, stepDot: 9 * time.Minute}
		})
		_, _, err := send(t.Context(), sender, m)
		is.NoErr(err)
		is.Equal(len(s.all()), 1)

		s.set(func() { s.pause = map[string]time.Duration{stepGreeting: 3 * time.Minute} })
		handed, _, err := send(t.Context(), sender, m)
		is.True(errors.Is(err, domain.ErrUnavailable))
		is.Equal(handed, 0)
		s.lines.Wait()
	})
}

func TestTextThatIsCutIsNeverTaken(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(13, 2026))
	for range 50 {
		at, implicit := 1+random.IntN(400_000), random.IntN(2) == 0
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := newScript(implicit).listen(t)
			sender, c := newSender(t, s, true)
			m := answer()
			m.Connection = c
			m.Files = []domain.OutgoingFile{file("a.bin", "application/octet-stream", bytes.Repeat([]byte("abc"), 100_000))}
			s.set(func() { s.cutAt = at })
			handed, _, err := send(t.Context(), sender, m)
			is.Equal(handed, 1)
			is.Equal(len(s.all()), 0)
			// Which of the two depends on how much the system has buffered; never a third.
			is.True(errors.Is(err, domain.ErrUnavailable) || errors.Is(err, domain.ErrOutcomeUnknown))
		})
	}
}

// gated yields some bytes, then waits for gate, then yields the rest.
type gated struct {
	some, rest io.Reader
	gate       func()
	passed     bool
}

func (g *gated) Read(b []byte) (int, error) {
	if n, err := g.some.Read(b); err == nil {
		return n, nil
	}
	if !g.passed {
		g.gate()
		g.passed = true
	}
	return g.rest.Read(b)
}

func TestConnectionThatBreaksBeforeTheLastLineIsTriedAgain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	sender, c := newSender(t, s, false)
	m := answer()
	m.Connection = c
	const size = 8 << 20
	s.set(func() { s.cutAt = 1000 })
	m.Files = []domain.OutgoingFile{{
		Name: "a.bin", Size: size,
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(&gated{
				some: bytes.NewReader(make([]byte, size/2)), rest: bytes.NewReader(make([]byte, size/2)), gate: s.awaitEnd,
			}), nil
		},
	}}
	handed, _, err := send(t.Context(), sender, m)
	is.Equal(handed, 1)
	is.True(errors.Is(err, domain.ErrUnavailable)) // the last line has not left: it is certain
	is.Equal(len(s.all()), 0)
}

func TestContextThatEndsWithinTheTextSendsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(true).listen(t)
	sender, c := newSender(t, s, false)
	ctx, cancel := context.WithCancel(t.Context())
	m := answer()
	m.Connection = c
	m.Files = []domain.OutgoingFile{{
		Name: "a.bin", Size: 2000,
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(&gated{
				some: bytes.NewReader(make([]byte, 1000)), rest: bytes.NewReader(make([]byte, 1000)),
				gate: func() { cancel(); s.awaitEnd() },
			}), nil
		},
	}}
	_, _, err := send(ctx, sender, m)
	is.True(errors.Is(err, context.Canceled))
	is.True(!errors.Is(err, domain.ErrOutcomeUnknown))
	is.Equal(len(s.all()), 0)
}

func TestContextThatEndsInHandOverSendsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newScript(false).listen(t)
	sender, c := newSender(t, s, true)
	m := answer()
	m.Connection = c
	ctx, cancel := context.WithCancel(t.Context())
	_, err := sender.Send(ctx, m, func(context.Context) error { cancel(); return nil })
	is.True(errors.Is(err, context.Canceled))
	is.Equal(len(s.all()), 0)
}
