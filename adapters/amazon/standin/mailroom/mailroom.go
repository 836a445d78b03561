// Package mailroom is the mail side of the stand-in for Amazon: buyers who write to sellers, and what becomes of the
// answers. It is for tests and for development; nothing in it is real. Start at [New].
//
// What it does is what Amazon documents and what has been seen of it:
//
//   - A buyer's message goes to the seller's address, from a relay address that hides the buyer ([Room.Write]).
//   - Answers come by SMTP ([Room.ServeSMTP]) and are taken with 250, whatever becomes of them.
//   - An answer from an address that is not approved for the country is dropped without a word, as is one that breaks a rule
//     on what may be said.
//   - What the buyer gets is copied to the seller's address after a while. HTML and emoji are taken out.
//   - A buyer who takes no messages gets those marked [Important] only; the seller is told so.
//   - What cannot be delivered comes back as a report (RFC 3464), to the sender of the envelope.
//
// [Room] is an http.Handler as well: pages where a person writes as a buyer and reads what came.
package mailroom

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a Room works.
type Options struct {
	// Deliver hands a message to a seller's mail server. It is called without locks held and may block.
	Deliver func(ctx context.Context, m Mail) error
	// AuthServer vouches for what leaves, as the seller's mail server would after its own look (RFC 8601); "" for
	// nobody.
	AuthServer string
	Now        func() time.Time // the clock; defaults to time.Now
	Log        *slog.Logger     // defaults to slog.DiscardHandler

	CopyAfter  time.Duration // from an answer to its copy; 2 s if 0
	DelayAfter time.Duration // from a report of a delay to the copy; 20 s if 0
	MaxFiles   int64         // bytes of files that an answer may have; 10 MB if 0
	MaxBytes   int64         // of a whole message, as SIZE says; 20 MB if 0
	Filter     []string      // words that an answer may not hold, beside addresses and links to elsewhere; in any case

	TLS            *tls.Config // offers STARTTLS; nil: clear text only
	User, Password string      // what a log-in must give; none is asked for without
}

// Mail is a message on its way to a seller.
type Mail struct {
	From string // of the envelope; "" for reports
	To   string
	Raw  []byte
}

// Mood is what a buyer's conversation does with the next answers.
type Mood string

// The moods.
const (
	MoodGood   Mood = ""       // delivers and copies
	MoodSilent Mood = "silent" // delivers, and no copy comes
	MoodSlow   Mood = "slow"   // reports a delay, then delivers and copies
	MoodFails  Mood = "fails"  // reports that it cannot be delivered
	MoodOptOut Mood = "optout" // the buyer takes no messages but important ones
)

// Moods are all moods, with their names for people.
var Moods = []struct {
	Mood Mood
	Name string
}{
	{MoodGood, "delivered, and a copy comes"}, {MoodSilent, "delivered, but no copy comes"}, {MoodSlow, "delayed first"},
	{MoodFails, "not delivered, with a report"}, {MoodOptOut, "the buyer has opted out"},
}

// Fate is what became of an answer.
type Fate string

// The fates. Of FateUnapproved and FateFiltered nobody is told.
const (
	FateDelivered  Fate = "delivered"
	FateUnapproved Fate = "from an address that is not approved"
	FateFiltered   Fate = "breaks a rule on what may be said"
	FateOptedOut   Fate = "the buyer has opted out"
	FateTooLarge   Fate = "files are too large"
	FateFailed     Fate = "not delivered"
	FateNobody     Fate = "there is no such buyer"
)

// Answer is a message that the relay took.
type Answer struct {
	MessageID string // without brackets
	From, To  string // of the envelope
	At        time.Time
	Text      string
	Fate      Fate
}

// Conversation is a buyer's with a seller.
type Conversation struct {
	ID      string // Amazon's id of the thread
	Country string // where the sale was
	Buyer   string
	Relay   string // the address that hides the buyer
	Seller  string // the address that the buyer's messages go to
	Order   string // "" for a question before the sale
	Mood    Mood
	Entries []Entry
}

// Entry is one message of a conversation, as the buyer has it.
type Entry struct {
	At        time.Time
	Buyer     bool // the buyer wrote it
	MessageID string
	Text      string
	Files     []File
}

// File came with a message.
type File struct {
	Name, Type string
	Content    []byte
}

// Room is Amazon's messaging. Safe for concurrent use. Close it to let go of what is still to be sent.
type Room struct {
	options Options
	pages   *pages

	base   context.Context
	stop   context.CancelFunc
	posted sync.WaitGroup

	mu            sync.Mutex // guards what follows
	conversations []*Conversation
	approved      map[permission]bool
	answers       []Answer
	path          string // of the file that it is kept in; "" for none
}

// permission is a country and an address from which a seller may write to its buyers.
type permission struct{ country, address string }

// New returns a Room. It starts nothing.
func New(o Options) *Room {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.CopyAfter, 2 * time.Second}, {&o.DelayAfter, 20 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = 10_000_000
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 20_000_000
	}
	r := &Room{options: o, approved: map[permission]bool{}}
	r.base, r.stop = context.WithCancel(context.Background())
	r.pages = newPages(r)
	return r
}

// Close drops what is still to be sent and returns when nothing is under way.
func (r *Room) Close() {
	r.stop()
	r.posted.Wait()
}

// Errors of Write.
var (
	ErrCountry = errors.New("there is no Amazon here: give one of FR, DE, ES, IT, GB, NL")
	ErrUnknown = errors.New("there is no such conversation")
	ErrEmpty   = errors.New("a message needs a text and a seller's address")
)

// Letter is what a buyer writes.
type Letter struct {
	Conversation string // to go on with; "" begins one, by the four fields below
	Country      string
	Buyer        string
	Seller       string // the address of the seller's; it becomes approved for the country
	Order        string

	Text  string
	Files []File
}

// Write sends a buyer's message to the seller and returns the conversation. The error is Deliver's when the seller's
// mail server did not take it: then nothing was written.
func (r *Room) Write(ctx context.Context, l Letter) (Conversation, error) {
	c, err := r.begin(l)
	if err != nil {
		return Conversation{}, err
	}
	e := Entry{At: r.options.Now(), Buyer: true, MessageID: mailID(), Text: l.Text, Files: l.Files}
	raw, err := r.buyersMessage(c, e)
	if err != nil {
		return Conversation{}, err
	}
	if err := r.options.Deliver(ctx, Mail{From: bounceAddress, To: c.Seller, Raw: raw}); err != nil {
		return Conversation{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.find(c.ID)
	if kept == nil {
		kept = &c
		r.conversations = append(r.conversations, kept)
		if p := (permission{c.Country, strings.ToLower(c.Seller)}); !r.known(p) {
			r.approved[p] = true // the address that is registered for buyers' messages
		}
	}
	kept.Entries = append(kept.Entries, e)
	r.save()
	return kept.copy(), nil
}

// begin returns the conversation that l goes on with, or a new one.
func (r *Room) begin(l Letter) (Conversation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.Conversation != "" {
		if c := r.find(l.Conversation); c != nil && l.Text != "" {
			return c.copy(), nil
		}
		return Conversation{}, ErrUnknown
	}
	site, ok := siteOf(l.Country)
	switch {
	case !ok:
		return Conversation{}, ErrCountry
	case l.Text == "" || !strings.Contains(l.Seller, "@"):
		return Conversation{}, ErrEmpty
	}
	return Conversation{
		ID: "A" + rand.Text()[:20], Country: site.country, Buyer: l.Buyer, Seller: l.Seller, Order: l.Order,
		Relay: strings.ToLower(rand.Text()[:15]) + "@" + site.relayHost(),
	}, nil
}

// find returns a conversation; nil if there is none. The caller holds the lock.
func (r *Room) find(id string) *Conversation {
	i := slices.IndexFunc(r.conversations, func(c *Conversation) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return r.conversations[i]
}

// known reports whether somebody has decided on p. The caller holds the lock.
func (r *Room) known(p permission) bool {
	_, ok := r.approved[p]
	return ok
}

func (c *Conversation) copy() Conversation {
	out := *c
	out.Entries = slices.Clone(c.Entries)
	return out
}

// Conversations returns all of them, the latest first.
func (r *Room) Conversations() []Conversation {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Conversation
	for _, c := range slices.Backward(r.conversations) {
		all = append(all, c.copy())
	}
	return all
}

// Conversation returns one of them.
func (r *Room) Conversation(id string) (Conversation, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.find(id)
	if c == nil {
		return Conversation{}, false
	}
	return c.copy(), true
}

// SetMood decides on the next answers of a conversation. It does nothing without one.
func (r *Room) SetMood(id string, m Mood) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.find(id); c != nil {
		c.Mood = m
		r.save()
	}
}

// Approve decides whether a seller may write to the buyers of a country from an address.
func (r *Room) Approve(country, address string, yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.approved[permission{country, strings.ToLower(address)}] = yes
	r.save()
}

// Approved reports what Approve decided.
func (r *Room) Approved(country, address string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.approved[permission{country, strings.ToLower(address)}]
}

// Answers returns what the relay has taken, the oldest first.
func (r *Room) Answers() []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.answers)
}

// post delivers a message after a while, unless the room is closed before. A server that does not take it is asked
// again.
func (r *Room) post(after time.Duration, m Mail) {
	r.posted.Go(func() {
		for _, pause := range []time.Duration{after, 2 * time.Second, 10 * time.Second, time.Minute} {
			select {
			case <-r.base.Done():
				return
			case <-time.After(pause):
			}
			err := r.options.Deliver(r.base, m)
			if err == nil {
				return
			}
			r.options.Log.WarnContext(r.base, "a seller's mail server did not take the stand-in's message", "error", err)
		}
	})
}
