package domain

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// MaxAutoSendDraft is the longest automatic answer, in characters.
const MaxAutoSendDraft = 1200

// AutomationMode says how far machines may go.
type AutomationMode string

// AutomationAuto lets a machine send without a person. Every other mode does not.
const AutomationAuto AutomationMode = "auto"

// TextDoubt says why the text of a message may not be what the buyer wrote, or not all of it. A parser reports it.
type TextDoubt string

// The doubts about a text.
const (
	DoubtMarkersMissing TextDoubt = "markers_missing"      // where the buyer's text begins and ends is a guess
	DoubtMIMEBroken     TextDoubt = "mime_broken"          // the mail is damaged
	DoubtTruncated      TextDoubt = "truncated"            // the text was cut
	DoubtCharset        TextDoubt = "charset_guessed"      // the encoding was not named, or wrong
	DoubtFiles          TextDoubt = "files_unread"         // files came along whose content nobody looked at
	DoubtFileMissing    TextDoubt = "file_not_transmitted" // the text names a file that did not come
	DoubtOnBehalf       TextDoubt = "written_on_behalf"    // the marketplace's customer service wrote for the buyer
	DoubtAutoReply      TextDoubt = "auto_reply"           // a machine wrote
)

// BuyerText is one message of a buyer as the gate judges it.
type BuyerText struct {
	Message  TicketMessageID
	Kind     MessageKind
	Subject  string
	Body     string
	Quoted   string   // earlier mail that the buyer's mail repeats; its words ask for a review at most
	Others   []string // every other word of the buyer: file names, the comment of a return
	Language string   // ISO 639-1; "" when not known
	Parsed   bool     // a parser has looked for doubts; else the text counts as doubtful
	Doubts   []TextDoubt
}

// AutoSendDraft is the answer that a machine would send.
type AutoSendDraft struct {
	Text     string
	Language string // ISO 639-1
}

// OrderFacts are what is known of the order that a ticket is about.
type OrderFacts struct {
	OrderID    string
	Value      int64 // in the smallest unit of the marketplace's currency
	OrderedAt  time.Time
	Contacts   int  // earlier messages of the buyer about it
	OpenClaim  bool // a claim or chargeback is open
	OpenReturn bool
}

// AutoSendLimits bound what may be answered automatically. A limit that is zero allows nothing.
type AutoSendLimits struct {
	MaxValue     int64         // of the order, as OrderFacts.Value
	MaxContacts  int           // OrderFacts.Contacts must stay below
	MaxOrderAge  time.Duration // the order must be younger
	MaxPerTicket int           // automatic answers on one ticket within Cooldown, the next one among them
	Cooldown     time.Duration // how far back MaxPerTicket counts
}

// AutoSendInput is everything that [AutoSend] judges. What is missing counts against sending.
type AutoSendInput struct {
	Texts  []BuyerText     // all that the buyer wrote since the last answer, oldest first
	Newest TicketMessageID // the buyer's newest message, read in the transaction that would send
	Draft  AutoSendDraft
	Order  *OrderFacts // nil when not known

	Enabled bool // automatic answers are enabled in this installation
	Tenant  AutomationMode
	Rule    AutomationMode
	Status  TicketStatus
	Channel Channel
	Limits  AutoSendLimits

	Counted bool        // Sent was looked up
	Sent    []time.Time // automatic answers on the ticket so far
	Now     time.Time
}

// AutoSendDecision says whether an automatic answer may leave, and why. It holds no word of buyer or draft beyond the
// terms of the lists, so it may be stored and shown. The zero value refuses.
type AutoSendDecision struct {
	Allowed     bool
	Reason      string         // the first reason against; "" exactly if Allowed
	Steps       []AutoSendStep // all of them in order, also those after the first that refused
	ListVersion string         // of the safety lists, see safety.ListVersion
	DecidedAt   time.Time
}

// AutoSendStep is one step of a decision. It passes when it has no reasons.
type AutoSendStep struct {
	Name    string
	Reasons []string
	Flags   []PlacedFlag // words that the step found
}

// PlacedFlag is a flag and where its text stands.
type PlacedFlag struct {
	safety.Flag
	Message TicketMessageID // zero for the draft
	Part    TextPart
}

// TextPart is a part of a message. Positions of flags count from its beginning.
type TextPart string

// The parts of messages that are judged.
const (
	PartMessage TextPart = "MESSAGE" // subject, line feed and body
	PartQuoted  TextPart = "QUOTED"
	PartOther   TextPart = "OTHER" // one of BuyerText.Others
	PartDraft   TextPart = "DRAFT"
)

// The steps of a decision, in their order.
const (
	StepKind     = "kind"
	StepTrust    = "trust"
	StepWords    = "words"
	StepDraft    = "draft"
	StepOrder    = "order"
	StepSettings = "settings"
	StepRecheck  = "recheck"
)

// AutoSend decides whether a machine may send an answer to a buyer without a person. Every step is taken, and every step
// must pass:
//
//  1. kind: nothing but messages of a buyer is unanswered
//  2. trust: the texts are what the buyer wrote, all of it, in a language that the lists know
//  3. words: no safety flag in any unanswered text
//  4. draft: the answer promises nothing, admits nothing, leads nowhere and speaks the buyer's language
//  5. order: the order is known and within its limits
//  6. settings: automation is on for installation, tenant and rule; ticket, channel, length and rate allow it
//  7. recheck: no message has come after the newest that was judged
//
// It is pure and quick: run it for each buyer message to learn what it would say, and run it again in the transaction that
// sends.
func AutoSend(in AutoSendInput) AutoSendDecision {
	d := AutoSendDecision{ListVersion: safety.ListVersion(), DecidedAt: in.Now.UTC()}
	d.Steps = []AutoSendStep{
		in.kind(), in.trust(), in.words(), in.draft(), in.order(), in.settings(), in.recheck(),
	}
	for _, s := range d.Steps {
		if len(s.Reasons) > 0 {
			d.Reason = s.Reasons[0]
			return d
		}
	}
	d.Allowed = true
	return d
}

// refuse adds a reason, with a detail unless that is "".
func (s *AutoSendStep) refuse(when bool, reason, detail string) {
	if !when {
		return
	}
	if detail != "" {
		reason += ": " + detail
	}
	if !slices.Contains(s.Reasons, reason) {
		s.Reasons = append(s.Reasons, reason)
	}
}

func (in *AutoSendInput) kind() AutoSendStep {
	s := AutoSendStep{Name: StepKind}
	s.refuse(len(in.Texts) == 0, ReasonNoMessage, "")
	for _, t := range in.Texts {
		s.refuse(t.Kind != KindBuyerMessage, ReasonMessageKind, firstOf(string(t.Kind), "unknown"))
	}
	return s
}

func (in *AutoSendInput) trust() AutoSendStep {
	s := AutoSendStep{Name: StepTrust}
	s.refuse(len(in.Texts) == 0, ReasonNoMessage, "")
	for _, t := range in.Texts {
		s.refuse(!t.Parsed, ReasonTextNotTrusted, "not_parsed")
		for _, d := range t.Doubts {
			s.refuse(true, ReasonTextNotTrusted, string(d))
		}
		latin, letters := countLetters(t.Body)
		s.refuse(letters == 0, ReasonTextNotTrusted, "text_empty")
		s.refuse(2*latin < letters, ReasonTextNotTrusted, "other_script")
		s.refuse(!utf8.ValidString(t.Subject+t.Body), ReasonTextNotTrusted, "invalid_utf8")
		s.refuse(!slices.Contains(safety.Languages(), t.Language), ReasonTextNotTrusted, "other_language")
	}
	return s
}

// countLetters returns how many letters of s are Latin, and how many letters there are.
func countLetters(s string) (latin, letters int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Latin, r) {
				latin++
			}
		}
	}
	return latin, letters
}

func (in *AutoSendInput) words() AutoSendStep {
	s := AutoSendStep{Name: StepWords}
	for _, t := range in.Texts {
		s.place(t.Message, PartMessage, safety.FlagText(t.Subject+"\n"+t.Body))
		quoted := safety.FlagText(t.Quoted)
		for i := range quoted {
			quoted[i].Action = safety.Review
		}
		s.place(t.Message, PartQuoted, quoted)
		for _, other := range t.Others {
			s.place(t.Message, PartOther, safety.FlagText(other))
		}
	}
	if flags := s.flags(); len(flags) > 0 {
		s.refuse(true, BlockedReason(flags), "")
	}
	return s
}

func (s *AutoSendStep) place(m TicketMessageID, part TextPart, flags []safety.Flag) {
	for _, f := range flags {
		s.Flags = append(s.Flags, PlacedFlag{f, m, part})
	}
}

// flags returns the flags of the step without their places.
func (s *AutoSendStep) flags() []safety.Flag {
	flags := make([]safety.Flag, 0, len(s.Flags))
	for _, f := range s.Flags {
		flags = append(flags, f.Flag)
	}
	return flags
}

func (in *AutoSendInput) order() AutoSendStep {
	s := AutoSendStep{Name: StepOrder}
	o, l := in.Order, in.Limits
	if o == nil {
		s.refuse(true, ReasonOrderUnknown, "")
		return s
	}
	s.refuse(o.OrderID == "" || o.Value <= 0 || o.OrderedAt.IsZero() || in.Now.IsZero() || o.OrderedAt.After(in.Now),
		ReasonOrderUnknown, "")
	s.refuse(o.OpenClaim, ReasonClaimOpen, "")
	s.refuse(o.OpenReturn, ReasonReturnOpen, "")
	s.refuse(o.Value > l.MaxValue, ReasonOrderValue, "")
	s.refuse(o.Contacts < 0 || o.Contacts >= l.MaxContacts, ReasonContacts, "")
	s.refuse(in.Now.Sub(o.OrderedAt) >= l.MaxOrderAge, ReasonOrderAge, "")
	return s
}

func (in *AutoSendInput) settings() AutoSendStep {
	s := AutoSendStep{Name: StepSettings}
	s.refuse(!in.Enabled, ReasonFeatureDisabled, "")
	s.refuse(in.Tenant != AutomationAuto, ReasonTenantNotAuto, "")
	s.refuse(in.Rule != AutomationAuto, ReasonRuleNotAuto, "")
	// A resolved or closed ticket is open again as soon as there is something to answer: any other state is a mistake.
	open := []TicketStatus{TicketOpen, TicketPending, TicketWaitingCustomer}
	s.refuse(!slices.Contains(open, in.Status), ReasonTicketStatus, "")
	s.refuse(in.Channel != Amazon.Channel() && in.Channel != ChannelManual, ReasonChannel, "")
	s.refuse(strings.TrimSpace(in.Draft.Text) == "", ReasonDraftEmpty, "")
	s.refuse(utf8.RuneCountInString(in.Draft.Text) > MaxAutoSendDraft, ReasonDraftTooLong, "")
	s.refuse(!in.Counted || in.Now.IsZero() || in.recent() >= in.Limits.MaxPerTicket || in.Limits.Cooldown <= 0,
		ReasonRateLimit, "")
	return s
}

// recent counts the automatic answers that were sent within the cool-down, or are said to be sent later than now.
func (in *AutoSendInput) recent() int {
	n := 0
	for _, at := range in.Sent {
		if in.Now.Sub(at) < in.Limits.Cooldown {
			n++
		}
	}
	return n
}

func (in *AutoSendInput) recheck() AutoSendStep {
	s := AutoSendStep{Name: StepRecheck}
	none := TicketMessageID{}
	s.refuse(in.Newest == none || len(in.Texts) == 0 || in.Texts[len(in.Texts)-1].Message != in.Newest,
		ReasonNewerMessage, "")
	return s
}
