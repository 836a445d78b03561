package mail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// TestHostileWords holds the time that mails take which are made to take long by what they say. Those that do it by their
// structure and size are mailtest's.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	const (
		mixed    = fromRelay + "Content-Type: multipart/mixed; boundary=b\n\n"
		returned = fromAmz + "X-Space-Notification-Type: RETURN_REQUEST\n"
	)
	many := func(s string) string { return strings.Repeat(s, (1<<19)/len(s)) }
	for name, raw := range map[string]string{
		"multiparts in a row":       mixed + manyBoundaries(2000) + many("x"),
		"one boundary on all":       mixed + many("--b\nContent-Type: multipart/mixed; boundary=b\n\n"),
		"ends of what is open":      mixed + "--b\nContent-Type: multipart/mixed; boundary=c\n\n" + many("--c--\n--c\n\nx\n"),
		"parts without a header":    mixed + many("--b\nx\n"),
		"dashes for a boundary":     fromRelay + "Content-Type: multipart/mixed; boundary=\"---\"\n\n-----\n\n" + many("---- x ----\n"),
		"parameters":                fromRelay + "Content-Type: text/plain; x=" + strings.Repeat("\"\\;=", 1<<15) + "\n\nx",
		"authors":                   "From: " + strings.Repeat("a <b@c>,", 1<<15) + "\n\nx",
		"results":                   "Authentication-Results: mx.inbound.test" + strings.Repeat("; dkim=pass (((", 1<<13) + "\n" + fromRelay + "\nx",
		"references":                fromRelay + "References: " + strings.Repeat("<a@b> ", 1<<14) + "\n\nx",
		"attributions":              fromRelay + "\n" + opened + many("On 2 Mar 2026 at 9:12 x wrote:\n\n\n") + closed,
		"attributions and signs":    fromRelay + "\n" + opened + many("x wrote:\n> a\n\nb\n") + closed,
		"attributions in two lines": fromRelay + "\n" + opened + many("On 2 Mar 2026 at\n") + closed,
		"fields of mails":           fromRelay + "\n" + opened + many("From: x\nTo: y\n\n") + closed,
		"markers in a line":         fromRelay + "\n" + many("----- Message: -----"),
		"labels":                    returned + "\n" + many("Comment: x\n"),
		"a long comment":            returned + "\n" + many("Comment: x\n"+strings.Repeat("y\n", 1000)),
		"rows":                      returned + "\n" + many("Comment\tReason\na\tb\n"),
		"numbers":                   returned + "\n" + many("1.111 "),
		"relays":                    fromAmz + "X-Space-Notification-Type: BUYER_OPTED_OUT_BSM_MESSAGES\n\n" + many("a@marketplace.amazon."),
		"twice encoded":             fromRelay + "Content-Type: text/plain; charset=utf-8\n\n" + opened + many("Ã©") + closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			begin := time.Now()
			m := read(raw)
			is.True(time.Since(begin) < time.Minute) // some 10 ms; the bound is for a loaded machine
			is.Equal(m.Unreadable, "")
			is.True(len(m.Body)+len(m.Quoted) <= 2*len(raw))
			checkStorable(t, m)
		})
	}
}

// checkStorable holds that a message can be stored, unless its text is too long, which is said.
func checkStorable(t *testing.T, m domain.InboundMessage) {
	t.Helper()
	s := domain.Screen(domain.ConnectionState{}, []domain.InboundMessage{m})
	if len(s.Rejected) > 0 {
		is.New(t).Equal(s.Rejected[0].Reason, domain.RejectTooLarge)
		return
	}
	is.New(t).Equal(len(s.Accepted), 1)
}

// manyBoundaries are parts that are multiparts of their own.
func manyBoundaries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "--b\nContent-Type: multipart/mixed; boundary=c%d\n\n", i)
	}
	return b.String()
}
