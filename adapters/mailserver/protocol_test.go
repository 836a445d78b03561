package mailserver_test

import (
	"fmt"
	"net/smtp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/ports"
)

// The dialogues that decide what becomes of a mail, before its text comes.
func TestDialogue(t *testing.T) {
	t.Parallel()
	const mail = "> MAIL FROM:<buyer@example.com>\n< 250\n"
	for name, c := range map[string]struct {
		lmtp   bool
		talk   string
		away   bool // the database
		counts map[ports.DeliveryOutcome]int
	}{
		"an address":          {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 250 2.0.0"},
		"in capitals":         {talk: "> EHLO MX\n< 250\n" + mail + "> rcpt to:<LIVE>\n< 250 2.0.0"},
		"with LMTP":           {lmtp: true, talk: "> LHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 250 2.0.0"},
		"of a bounce":         {talk: "> EHLO mx\n< 250\n> MAIL FROM:<>\n< 250\n> RCPT TO:<LIVE>\n< 250"},
		"nobody's":            {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<nobody@in.example.com>\n< 550 5.1.1", counts: map[ports.DeliveryOutcome]int{ports.DeliveryUnknown: 1}},
		"retired":             {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<RETIRED>\n< 550 5.2.1", counts: map[ports.DeliveryOutcome]int{ports.DeliveryRetired: 1}},
		"not to be looked up": {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 451 4.3.0", away: true, counts: map[ports.DeliveryOutcome]int{ports.DeliveryDeferred: 1}},
		"not to be looked up with LMTP": {lmtp: true, talk: "> LHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 451 4.3.0", away: true,
			counts: map[ports.DeliveryOutcome]int{ports.DeliveryDeferred: 1}},
		"in quotes":            {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<\"a b\\\"\"@in.example.com>\n< 550 5.1.1"},
		"by Unicode":           {talk: "> EHLO mx\n< 250\n> MAIL FROM:<a@example.com> SMTPUTF8\n< 504"},
		"by a route":           {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<@a.example,@b.example:LIVE>\n< 250"},
		"without a mail":       {talk: "> EHLO mx\n< 250\n> RCPT TO:<LIVE>\n< 502"},
		"text for nobody":      {talk: "> EHLO mx\n< 250\n" + mail + "> DATA\n< 502"},
		"a mail of a size":     {talk: "> EHLO mx\n< 250\n> MAIL FROM:<a@example.com> SIZE=1000000\n< 250"},
		"a mail too large":     {talk: "> EHLO mx\n< 250\n> MAIL FROM:<a@example.com> SIZE=1000001\n< 552 5.3.4"},
		"a mail of 8 bits":     {talk: "> EHLO mx\n< 250\n> MAIL FROM:<a@example.com> BODY=8BITMIME\n< 250"},
		"who is there":         {talk: "> EHLO mx\n< 250\n> VRFY LIVE\n< 252 2.5.0 Cannot VRFY\n> VRFY nobody@in.example.com\n< 252 2.5.0 Cannot VRFY\n> EXPN LIVE\n< 502"},
		"a log-in":             {talk: "> EHLO mx\n< 250\n> AUTH PLAIN AGEAYg==\n< 5"},
		"TLS that is not":      {talk: "> EHLO mx\n< 250\n> STARTTLS\n< 502"},
		"LMTP to SMTP":         {talk: "> LHLO mx\n< 500 5.5.1"},
		"SMTP to LMTP":         {lmtp: true, talk: "> EHLO mx\n< 500 5.5.1"},
		"no introduction":      {talk: "> MAIL FROM:<a@example.com>\n< 502 5.5.1"},
		"another begins":       {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 250\n> RSET\n< 250\n> DATA\n< 502"},
		"nonsense":             {talk: "> EHLO mx\n< 250\n> GET / HTTP/1.1\n< 50\n> X\n< 50\n> X\n< 50\n> X\n< 50\n< 500 5.5.1 Too many\n<"},
		"a leave":              {talk: "> EHLO mx\n< 250\n> NOOP\n< 250\n> QUIT\n< 221\n<"},
		"a command too long":   {talk: "> EHLO " + strings.Repeat("x", 200_000) + "\n< 5"},
		"a command of 2,000":   {talk: "> EHLO mx\n< 250\n> NOOP " + strings.Repeat("x", 2000-7) + "\n< 250"},
		"a wrong size":         {talk: "> EHLO mx\n< 250\n> MAIL FROM:<a@example.com> SIZE=-1\n< 501"},
		"a CR in an address":   {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<a\rb@in.example.com>\n< 5"},
		"a NUL in an address":  {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<a\x00b@in.example.com>\n< 5"},
		"no mail for a chunk":  {talk: "> EHLO mx\n< 250\n> BDAT 2 LAST\n< 502"},
		"a chunk that is huge": {talk: "> EHLO mx\n< 250\n" + mail + "> RCPT TO:<LIVE>\n< 250\n> BDAT 4294967295 LAST\n< 552 5.3.4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			w := dial(t, s.serve(t, mailserver.Options{LMTP: c.lmtp, MaxSize: 1_000_000}))
			if c.away {
				s.repo.cue(down, down)
			}
			w.want("220")
			w.talk(s.fill(c.talk))
			for outcome, n := range c.counts {
				is.Equal(s.observer.count(outcome), n)
			}
			is.Equal(len(s.read.all()), 0)
		})
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	c := dial(t, s.serve(t, mailserver.Options{Name: "in.example.com"}))
	is.True(strings.HasPrefix(c.want("220"), "220 in.example.com ESMTP"))
	c.send("EHLO mx\r\n")
	offers := c.want("250")
	for _, has := range []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 31457280"} {
		is.True(strings.Contains(offers, has)) // offers
	}
	for _, hasNot := range []string{"AUTH", "SMTPUTF8", "STARTTLS", "VRFY", "DSN", "BINARYMIME"} {
		is.True(!strings.Contains(offers, hasNot)) // offers
	}
}

func TestMailIsStoredAsItCame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, stored string }{
		"a mail":                       {mailOf(1), mailOf(1)},
		"dots":                         {"X: y\r\n\r\n..\r\n...\r\n.. a\r\nb.\r\n", "X: y\r\n\r\n.\r\n..\r\n. a\r\nb.\r\n"},
		"a dot first":                  {"..\r\n", ".\r\n"},
		"no text":                      {"", ""},
		"an empty line":                {"\r\n", "\r\n"},
		"NUL and bytes of no charset":  {"X: \x00\xff\r\n\r\n\x80\x00\r\n", "X: \x00\xff\r\n\r\n\x80\x00\r\n"},
		"a header of 1 MB":             {"X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n"},
		"a text of 1 MB in one line":   {"\r\n" + strings.Repeat("x", 1<<20) + "\r\n", "\r\n" + strings.Repeat("x", 1<<20) + "\r\n"},
		"commands":                     {"\r\nQUIT\r\nMAIL FROM:<a@b>\r\nRSET\r\n", "\r\nQUIT\r\nMAIL FROM:<a@b>\r\nRSET\r\n"},
		"a dot that ends no line":      {"\r\na.\r\n..\r\n", "\r\na.\r\n.\r\n"},
		"a CR LF before the only dots": {"\r\n\r\n..\r\n\r\n", "\r\n\r\n.\r\n\r\n"},
	} {
		for _, lmtp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, LMTP %t", name, lmtp), func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newStage(t)
				w := dial(t, s.serve(t, mailserver.Options{LMTP: lmtp}))
				w.want("220")
				w.talk(s.fill(hello(lmtp) + "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
				w.send(c.sent + ".\r\n")
				w.want("250 2.0.0")
				is.Equal(s.read.all(), []string{c.stored})
				w.talk("> NOOP\n< 250\n> QUIT\n< 221\n<")
			})
		}
	}
}

func hello(lmtp bool) string {
	if lmtp {
		return "> LHLO mx\n< 250\n"
	}
	return "> EHLO mx\n< 250\n"
}

// What clients of others do.
func TestStandardClient(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	address := s.serve(t, mailserver.Options{})
	is.NoErr(smtp.SendMail(address, nil, "a@example.com", []string{s.live.Address, s.other.Address}, []byte(mailOf(1))))
	is.NoErr(smtp.SendMail(address, nil, "a@example.com", []string{s.second.Address}, []byte(mailOf(1))))
	is.Equal(s.read.all(), []string{mailOf(1), mailOf(1), mailOf(1)})
	is.Equal(s.observer.count(ports.DeliveryStored), 2) // each seller's
	is.Equal(s.observer.count(ports.DeliveryDuplicate), 1)
}

// All commands of several mails in one write (RFC 2920).
func TestPipelining(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	c := dial(t, s.serve(t, mailserver.Options{LMTP: true}))
	var all strings.Builder
	all.WriteString("LHLO mx\r\n")
	for i := range 20 {
		all.WriteString(s.fill("MAIL FROM:<a@example.com>\r\nRCPT TO:<LIVE>\r\nRCPT TO:<nobody@in.example.com>\r\nDATA\r\n") + mailOf(i) + ".\r\n")
	}
	c.want("220")
	c.send(all.String() + "QUIT\r\n")
	c.want("250")
	for range 20 {
		for _, answer := range []string{"250", "250", "550 5.1.1", "354", "250 2.0.0"} {
			c.want(answer)
		}
	}
	c.want("221")
	is.Equal(s.observer.count(ports.DeliveryStored), 20)
}

// Texts in chunks (RFC 3030), which the protocol offers.
func TestChunks(t *testing.T) {
	t.Parallel()
	big := "X: y\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 60_000)
	for name, chunks := range map[string][]string{
		"one":             {mailOf(1)},
		"two":             {mailOf(1)[:40], mailOf(1)[40:]},
		"an empty last":   {mailOf(1), ""},
		"an empty first":  {"", mailOf(1)},
		"large":           {big},
		"large ones":      {big[:400_000], big[400_000:800_000], big[800_000:]},
		"a line of 1 MB":  {"X: y\r\n\r\n" + strings.Repeat("x", 1<<20), "\r\n"},
		"a CR and its LF": {"X: y\r", "\n\r\nz\r\n"},
	} {
		for _, lmtp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, LMTP %t", name, lmtp), func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newStage(t)
				w := dial(t, s.serve(t, mailserver.Options{LMTP: lmtp}))
				w.want("220")
				w.talk(s.fill(hello(lmtp) + "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> RCPT TO:<OTHER>\n< 250"))
				for i, chunk := range chunks {
					last := ""
					if i == len(chunks)-1 {
						last = " LAST"
					}
					w.send(fmt.Sprintf("BDAT %d%s\r\n%s", len(chunk), last, chunk))
					w.want("250")
				}
				if lmtp {
					w.want("250") // the other recipient
				}
				whole := strings.Join(chunks, "")
				is.Equal(s.read.all(), []string{whole, whole})
				w.talk("> NOOP\n< 250\n> QUIT\n< 221\n<")
			})
		}
	}
}
