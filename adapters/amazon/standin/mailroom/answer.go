package mailroom

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // answers come in other charsets too
	"github.com/emersion/go-message/mail"
)

// arrived is an answer as it came. Its text is what the buyer would read, so what is copied to the seller is that as
// well.
type arrived struct {
	Answer
	subject string
	files   []File
}

// Take decides what becomes of an answer, as if the relay had taken it. from and to are the envelope's. The error is
// for a message that is none.
func (r *Room) Take(from, to string, raw []byte) (Fate, error) {
	a, err := readAnswer(from, to, raw)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.save()
	a.At = r.options.Now()
	i := slices.IndexFunc(r.conversations, func(c *Conversation) bool { return strings.EqualFold(c.Relay, to) })
	if i < 0 {
		a.Fate = FateNobody
		r.answers = append(r.answers, a.Answer)
		return a.Fate, r.send(a, Conversation{})
	}
	c := r.conversations[i]
	a.Fate = r.judge(a, c)
	r.answers = append(r.answers, a.Answer)
	if a.Fate == FateDelivered {
		c.Entries = append(c.Entries, Entry{At: a.At, MessageID: a.MessageID, Text: a.Text, Files: a.files})
	}
	return a.Fate, r.send(a, c.copy())
}

// judge says what becomes of an answer. The caller holds the lock.
//
//   - The sender comes first: of what is not from an approved address nothing else is looked at.
//   - Approval is for one country: the address of another country's conversations is as good as a stranger's.
//   - Files and faults are reported. What breaks a rule on what may be said is not transmitted, and nobody is told.
//   - The mark of important messages is looked for in the subject alone.
func (r *Room) judge(a arrived, c *Conversation) Fate {
	var bytes int64
	for _, f := range a.files {
		bytes += int64(len(f.Content))
	}
	switch {
	case !r.approved[permission{c.Country, strings.ToLower(a.From)}]:
		return FateUnapproved
	case bytes > r.options.MaxFiles:
		return FateTooLarge
	case c.Mood == MoodFails:
		return FateFailed
	case r.filtered(a.Text):
		return FateFiltered
	case c.Mood == MoodOptOut && !important.MatchString(a.subject):
		return FateOptedOut
	}
	return FateDelivered
}

// important is the mark of messages that reach buyers who have opted out, in any language that is known.
var important = regexp.MustCompile(`(?i)\[importante?\]`)

// What a text may not hold. Amazon's own links are allowed, on any of its sites; a host that only looks like Amazon's
// is not.
var (
	addressIn = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)
	linkIn    = regexp.MustCompile(`(?i)(?:https?://|www\.)([\w.-]+)`)
	amazonIn  = regexp.MustCompile(`(?i)(?:^|\.)amazon\.[a-z.]{2,6}$`)
)

// filtered reports whether a text may not be said: an address, a link to elsewhere, a word of the filter.
func (r *Room) filtered(text string) bool {
	if addressIn.MatchString(text) {
		return true
	}
	for _, link := range linkIn.FindAllStringSubmatch(text, -1) {
		if !amazonIn.MatchString(link[1]) {
			return true
		}
	}
	lower := strings.ToLower(text)
	return slices.ContainsFunc(r.options.Filter, func(word string) bool { return strings.Contains(lower, strings.ToLower(word)) })
}

// send posts what the seller hears of an answer. Amazon writes to the address that buyers' messages go to, a mail
// server on the way to the sender of the envelope: those differ when an answer leaves from an address that no
// conversation came to.
func (r *Room) send(a arrived, c Conversation) error {
	toSeller := func(raw []byte, err error) error {
		if err == nil {
			r.post(r.options.CopyAfter, Mail{From: bounceAddress, To: c.Seller, Raw: raw})
		}
		return err
	}
	toSender := func(raw []byte, err error) error {
		if err == nil && a.From != "" { // what came without a sender is answered to nobody (RFC 5321 §4.5.5)
			r.post(r.options.CopyAfter, Mail{To: a.From, Raw: raw})
		}
		return err
	}
	switch a.Fate {
	case FateNobody:
		return toSender(r.report(a.Answer, "failed", "5.1.1"))
	case FateTooLarge:
		return toSender(r.report(a.Answer, "failed", "5.3.4"))
	case FateFailed:
		return toSender(r.report(a.Answer, "failed", "5.0.0"))
	case FateOptedOut:
		return toSeller(r.optOutNotice(c))
	case FateDelivered:
		if c.Mood == MoodSilent {
			return nil
		}
		raw, err := r.sellersCopy(c, a.Text)
		if err != nil || c.Mood != MoodSlow {
			return toSeller(raw, err)
		}
		r.post(r.options.DelayAfter, Mail{From: bounceAddress, To: c.Seller, Raw: raw})
		return toSender(r.report(a.Answer, "delayed", "4.2.2"))
	}
	return nil
}

// readAnswer reads a message of a seller's: the first part that is no file is the text. Unlike a buyer's mail client
// it does not prefer HTML, which Amazon takes out anyway.
func readAnswer(from, to string, raw []byte) (arrived, error) {
	m, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return arrived{}, errors.New("this is no mail")
	}
	a := arrived{Answer: Answer{From: from, To: to}}
	a.MessageID, _ = m.Header.MessageID()
	a.subject, _ = m.Header.Subject()
	for {
		p, err := m.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return a, nil
		case err != nil && !message.IsUnknownCharset(err):
			return arrived{}, errors.New("the mail's parts cannot be read")
		}
		content, err := io.ReadAll(p.Body)
		if err != nil {
			return arrived{}, errors.New("the mail's parts cannot be read")
		}
		if h, ok := p.Header.(*mail.AttachmentHeader); ok {
			name, _ := h.Filename()
			t, _, _ := h.ContentType()
			a.files = append(a.files, File{name, t, content})
		} else if a.Text == "" {
			a.Text = rendered(string(content))
		}
	}
}

var tag = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)

// rendered is a text as a buyer sees it: without tags, emoji or blank lines at its ends.
func rendered(text string) string {
	text = tag.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0x1f000 || r == 0xfe0f || r == 0x200d {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
