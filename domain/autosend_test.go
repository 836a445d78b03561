package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

var autoSendNow = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// sendable returns an input that the gate lets through.
func sendable() domain.AutoSendInput {
	first, second := domain.NewID[domain.TicketMessageID](), domain.NewID[domain.TicketMessageID]()
	return domain.AutoSendInput{
		Texts: []domain.BuyerText{
			{
				Message: first, Kind: domain.KindBuyerMessage, Subject: "My order", Body: "Where is my parcel?",
				Quoted: "> Thank you for your order.", Others: []string{"photo.jpg"}, Language: "en", Parsed: true,
			},
			{Message: second, Kind: domain.KindBuyerMessage, Body: "Hello?", Language: "en", Parsed: true},
		},
		Newest: second,
		Draft: domain.AutoSendDraft{
			Text:     "Hello, your parcel left us and order 999-1234567-1234567 is with the carrier: https://track.amazon.co.uk/x?id=1",
			Language: "en",
		},
		Order: &domain.OrderFacts{
			OrderID: "999-1234567-1234567", Value: 4999, OrderedAt: autoSendNow.AddDate(0, 0, -5), Contacts: 1,
		},
		Enabled: true, Tenant: domain.AutomationAuto, Rule: domain.AutomationAuto,
		Status: domain.TicketOpen, Channel: domain.Amazon.Channel(),
		Limits: domain.AutoSendLimits{
			MaxValue: 10000, MaxContacts: 3, MaxOrderAge: 30 * 24 * time.Hour, MaxPerTicket: 3, Cooldown: 10 * time.Minute,
		},
		Counted: true,
		Sent:    []time.Time{autoSendNow.Add(-time.Hour), autoSendNow.Add(-time.Minute), autoSendNow.Add(-2 * time.Minute)},
		Now:     autoSendNow,
	}
}

func TestAutoSendAllows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.AutoSendInput){
		"a plain question":              func(*domain.AutoSendInput) {},
		"a ticket opened by hand":       func(in *domain.AutoSendInput) { in.Channel = domain.ChannelManual },
		"a pending ticket":              func(in *domain.AutoSendInput) { in.Status = domain.TicketPending },
		"a draft of the longest size":   func(in *domain.AutoSendInput) { in.Draft.Text = strings.Repeat("é", 1200) },
		"nothing sent yet":              func(in *domain.AutoSendInput) { in.Sent = nil },
		"an order at the limits":        func(in *domain.AutoSendInput) { in.Order.Value, in.Order.Contacts = 10000, 2 },
		"a message without a subject":   func(in *domain.AutoSendInput) { in.Texts[0].Subject = "" },
		"a link to the order on Amazon": func(in *domain.AutoSendInput) { in.Draft.Text = "See www.amazon.de/gp/your-orders." },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, in := is.New(t), sendable()
			change(&in)
			d := domain.AutoSend(in)
			is.Equal(d.Reason, "")
			is.True(d.Allowed)
			is.Equal(len(d.Steps), 7)
			is.Equal(d.ListVersion, safety.ListVersion())
			is.Equal(d.DecidedAt, autoSendNow)
		})
	}
}

func TestAutoSendRefuses(t *testing.T) {
	t.Parallel()
	type in = domain.AutoSendInput
	for reason, changes := range map[string]map[string]func(*in){
		"no_message": {"no text": func(in *in) { in.Texts = nil }},
		"message_kind_blocked: CLAIM_OPENED": {
			"a claim in the middle": func(in *in) { in.Texts[0].Kind = domain.KindClaimOpened },
		},
		"message_kind_blocked: SUSPECT": {"a forged mail": func(in *in) { in.Texts[1].Kind = domain.KindSuspect }},
		"message_kind_blocked: unknown": {"no kind": func(in *in) { in.Texts[1].Kind = "" }},
		"text_not_trusted: not_parsed":  {"nobody looked for doubts": func(in *in) { in.Texts[1].Parsed = false }},
		"text_not_trusted: markers_missing": {
			"the parser doubts an earlier message": func(in *in) { in.Texts[0].Doubts = []domain.TextDoubt{domain.DoubtMarkersMissing} },
		},
		"text_not_trusted: auto_reply": {
			"a machine wrote": func(in *in) { in.Texts[1].Doubts = []domain.TextDoubt{domain.DoubtAutoReply} },
		},
		"text_not_trusted: text_empty": {
			"no text":      func(in *in) { in.Texts[1].Body = "" },
			"no letter":    func(in *in) { in.Texts[1].Body = " \u200b ?!\n 12 " },
			"only subject": func(in *in) { in.Texts[1].Subject, in.Texts[1].Body = "Where is my parcel?", "" },
		},
		"text_not_trusted: other_script": {"Arabic": func(in *in) { in.Texts[1].Body = "أين طلبي Amazon" }},
		"text_not_trusted: invalid_utf8": {"broken bytes": func(in *in) { in.Texts[1].Body = "Hello \xff" }},
		"text_not_trusted: other_language": {
			"not known":      func(in *in) { in.Texts[1].Language = "" },
			"not in a list":  func(in *in) { in.Texts[1].Language = "tr" },
			"an earlier one": func(in *in) { in.Texts[0].Language = "ja" },
		},
		"sensitive_keyword_detected: sue you": {
			"in the second last message": func(in *in) { in.Texts[0].Body = "I will sue you!" },
			"in the subject":             func(in *in) { in.Texts[1].Subject = "I will sue you" },
			"in a return comment":        func(in *in) { in.Texts[1].Others = []string{"", "I will sue you"} },
			"in a file name":             func(in *in) { in.Texts[1].Others = []string{"i_will_sue_you.pdf"} },
			"in a quoted part":           func(in *in) { in.Texts[0].Quoted = "I will sue you" },
			"before a question":          func(in *in) { in.Texts[1].Body = "Where is it? I will sue you. Thanks" },
		},
		"sensitive_keyword_detected: refund": {"a refund demand": func(in *in) { in.Texts[1].Body = "Refund me now" }},
		"sensitive_keyword_detected: scam":   {"a negated one": func(in *in) { in.Texts[1].Body = "This is not a scam, is it?" }},
		"draft_word_detected: refund":        {"a promised refund": func(in *in) { in.Draft.Text = "We will refund you." }},
		"draft_word_detected: replacement": {
			"a promised replacement": func(in *in) { in.Draft.Text = "We will send you a new one." },
		},
		"draft_word_detected: our fault": {"an admission": func(in *in) { in.Draft.Text = "Sorry, it was our mistake." }},
		"draft_word_detected: demain":    {"a date": func(in *in) { in.Draft.Text = "Il arrive demain." }},
		"draft_contact_details": {
			"an address":              func(in *in) { in.Draft.Text = "Write to help@shop.example please." },
			"an address in disguise":  func(in *in) { in.Draft.Text = "Write to help (at) shop.example please." },
			"a telephone number":      func(in *in) { in.Draft.Text = "Call us: +33 1 23 45 67 89" },
			"a user in an Amazon URL": func(in *in) { in.Draft.Text = "https://amazon.de@evil.example/" },
		},
		"draft_link_outside": {
			"a link":                    func(in *in) { in.Draft.Text = "See https://shop.example/help" },
			"a bare host":               func(in *in) { in.Draft.Text = "See shop.example for more." },
			"a host that begins so":     func(in *in) { in.Draft.Text = "See https://amazon.de.evil.example/" },
			"a host that ends so":       func(in *in) { in.Draft.Text = "See https://my-amazon.de/" },
			"another scheme":            func(in *in) { in.Draft.Text = "See ftp://amazon.de/" },
			"a good link and a bad one": func(in *in) { in.Draft.Text = "https://amazon.de/a https://b.example" },
		},
		"draft_price": {
			"a sign before": func(in *in) { in.Draft.Text = "That is €5." },
			"a word after":  func(in *in) { in.Draft.Text = "That is 12,50 EUR." },
		},
		"draft_other_order": {
			"another order":       func(in *in) { in.Draft.Text = "Order 999-7654321-7654321 is on its way." },
			"an order of unknown": func(in *in) { in.Order = nil },
		},
		"draft_language_different": {
			"French for English": func(in *in) { in.Draft.Language = "fr" },
			"not known":          func(in *in) { in.Draft.Language = "" },
		},
		"order_unknown": {
			"no order":             func(in *in) { in.Order, in.Draft.Text = nil, "Hello" },
			"no id":                func(in *in) { in.Order.OrderID, in.Draft.Text = "", "Hello" },
			"no value":             func(in *in) { in.Order.Value = 0 },
			"no date":              func(in *in) { in.Order.OrderedAt = time.Time{} },
			"a date in the future": func(in *in) { in.Order.OrderedAt = in.Now.Add(time.Hour) },
		},
		"claim_open":  {"a claim": func(in *in) { in.Order.OpenClaim = true }},
		"return_open": {"a return": func(in *in) { in.Order.OpenReturn = true }},
		"order_value_exceeded": {
			"above the limit": func(in *in) { in.Order.Value = 10001 },
			"no limit":        func(in *in) { in.Limits.MaxValue = 0 },
		},
		"contacts_exceeded": {
			"at the limit": func(in *in) { in.Order.Contacts = 3 },
			"no limit":     func(in *in) { in.Limits.MaxContacts = 0 },
			"nonsense":     func(in *in) { in.Order.Contacts = -1 },
		},
		"order_too_old": {
			"older":    func(in *in) { in.Order.OrderedAt = in.Now.AddDate(0, 0, -31) },
			"no limit": func(in *in) { in.Limits.MaxOrderAge = 0 },
		},
		"feature_disabled": {"switched off": func(in *in) { in.Enabled = false }},
		"tenant_not_auto": {
			"another mode": func(in *in) { in.Tenant = "suggest" },
			"no mode":      func(in *in) { in.Tenant = "" },
			"in capitals":  func(in *in) { in.Tenant = "AUTO" },
		},
		"rule_not_auto": {"another mode": func(in *in) { in.Rule = "suggest" }, "no mode": func(in *in) { in.Rule = "" }},
		"ticket_status_blocked": {
			"escalated": func(in *in) { in.Status = domain.TicketEscalated },
			"closed":    func(in *in) { in.Status = domain.TicketClosed },
			"resolved":  func(in *in) { in.Status = domain.TicketResolved },
			"not known": func(in *in) { in.Status = "" },
		},
		"channel_not_allowed": {
			"another marketplace": func(in *in) { in.Channel = domain.Fnac.Channel() },
			"not known":           func(in *in) { in.Channel = "" },
		},
		"draft_empty":    {"nothing": func(in *in) { in.Draft.Text = "" }, "blanks": func(in *in) { in.Draft.Text = " \n\u00a0" }},
		"draft_too_long": {"one character more": func(in *in) { in.Draft.Text = strings.Repeat("é", 1201) }},
		"rate_limit_exceeded": {
			"as many as allowed": func(in *in) { in.Sent = slices.Repeat([]time.Time{in.Now.Add(-time.Minute)}, 3) },
			"sent in the future": func(in *in) { in.Sent = slices.Repeat([]time.Time{in.Now.Add(time.Hour)}, 3) },
			"not counted":        func(in *in) { in.Counted = false },
			"no limit":           func(in *in) { in.Limits.MaxPerTicket = 0 },
			"no cool-down":       func(in *in) { in.Limits.Cooldown = 0 },
		},
		"newer_message": {
			"another message came":  func(in *in) { in.Newest = domain.NewID[domain.TicketMessageID]() },
			"an older one was read": func(in *in) { in.Newest = in.Texts[0].Message },
			"not known":             func(in *in) { in.Newest = domain.TicketMessageID{} },
			"neither known": func(in *in) {
				in.Newest, in.Texts[1].Message = domain.TicketMessageID{}, domain.TicketMessageID{}
			},
		},
	} {
		for name, change := range changes {
			t.Run(reason+" "+name, func(t *testing.T) {
				t.Parallel()
				is, in := is.New(t), sendable()
				change(&in)
				d := domain.AutoSend(in)
				is.Equal(d.Reason, reason)
				is.True(!d.Allowed)
			})
		}
	}
}

func TestAutoSendTakesItsStepsInOrder(t *testing.T) {
	t.Parallel()
	is, in := is.New(t), sendable()
	in.Texts[0].Kind = domain.KindClaimOpened
	in.Texts[0].Parsed = false
	in.Texts[1].Body = "I will sue you. Chargeback!"
	in.Texts[1].Quoted = "scam"
	in.Draft = domain.AutoSendDraft{Text: "We will refund 5 € tomorrow, see shop.example or call +44 20 7946 0000", Language: "fr"}
	in.Order.OpenClaim, in.Order.OpenReturn, in.Order.Value, in.Order.Contacts = true, true, 1<<40, 99
	in.Order.OrderedAt = in.Now.AddDate(-1, 0, 0)
	in.Enabled, in.Tenant, in.Rule, in.Status, in.Channel, in.Counted = false, "", "", "", "", false
	in.Newest = domain.NewID[domain.TicketMessageID]()
	d := domain.AutoSend(in)
	is.True(!d.Allowed)
	is.Equal(d.Reason, "message_kind_blocked: CLAIM_OPENED")
	got := map[string][]string{}
	var order []string
	for _, s := range d.Steps {
		order = append(order, s.Name)
		got[s.Name] = s.Reasons
	}
	is.Equal(order, []string{"kind", "trust", "words", "draft", "order", "settings", "recheck"})
	is.Equal(got, map[string][]string{ // a step that fails hides none of the later ones
		"kind":  {"message_kind_blocked: CLAIM_OPENED"},
		"trust": {"text_not_trusted: not_parsed"},
		"words": {"sensitive_keyword_detected: chargeback"},
		"draft": {
			"draft_word_detected: refund", "draft_word_detected: tomorrow", "draft_contact_details", "draft_link_outside",
			"draft_price", "draft_language_different",
		},
		"order": {"claim_open", "return_open", "order_value_exceeded", "contacts_exceeded", "order_too_old"},
		"settings": {
			"feature_disabled", "tenant_not_auto", "rule_not_auto", "ticket_status_blocked", "channel_not_allowed",
			"rate_limit_exceeded",
		},
		"recheck": {"newer_message"},
	})
}

func TestAutoSendTellsWhereTheWordsStand(t *testing.T) {
	t.Parallel()
	is, in := is.New(t), sendable()
	in.Texts[0].Others = []string{"lawyer.pdf"}
	in.Texts[1].Quoted = "It is a scam."
	d := domain.AutoSend(in)
	is.Equal(d.Reason, "sensitive_keyword_detected: lawyer") // a quoted word weighs less
	flags := d.Steps[2].Flags
	is.Equal(len(flags), 2)
	is.Equal(flags[0].Message, in.Texts[0].Message)
	is.Equal(flags[0].Part, domain.PartOther)
	is.Equal(flags[0].Action, safety.Block)
	is.Equal(flags[1].Message, in.Texts[1].Message)
	is.Equal(flags[1].Part, domain.PartQuoted)
	is.Equal(flags[1].Action, safety.Review)
}

func TestAutoSendFailsClosed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	d := domain.AutoSend(domain.AutoSendInput{})
	is.Equal(d.Reason, "no_message")
	is.True(!d.Allowed)
	for _, s := range d.Steps {
		// Words are the one step that nothing can fail; without a message the steps before it have.
		is.True(len(s.Reasons) > 0 || s.Name == domain.StepWords)
	}
	is.True(!domain.AutoSendDecision{}.Allowed)
}

func TestAutoSendRefusesTheThreatInEveryLanguage(t *testing.T) {
	t.Parallel()
	for language, text := range suedAndBurned {
		for place, change := range map[string]func(*domain.AutoSendInput){
			"in the subject":             func(in *domain.AutoSendInput) { in.Texts[1].Subject = text },
			"in the second last message": func(in *domain.AutoSendInput) { in.Texts[0].Body = text },
			"in a return comment":        func(in *domain.AutoSendInput) { in.Texts[1].Others = []string{text} },
			"in the quoted part":         func(in *domain.AutoSendInput) { in.Texts[1].Quoted = text },
		} {
			t.Run(language+" "+place, func(t *testing.T) {
				t.Parallel()
				is, in := is.New(t), sendable()
				change(&in)
				d := domain.AutoSend(in)
				is.True(!d.Allowed)
				is.True(strings.HasPrefix(d.Reason, domain.ReasonSensitiveKeyword+": "))
			})
		}
	}
}

func FuzzAutoSend(f *testing.F) {
	f.Add("Hello?", "Your parcel is on its way.", "en")
	f.Add("Arnaque", "https://amazon.fr", "fr")
	f.Fuzz(func(t *testing.T, text, draft, language string) {
		in := sendable()
		in.Texts[1].Body, in.Draft.Text, in.Texts[1].Language = text, draft, language
		d := domain.AutoSend(in)
		if d.Allowed && (domain.BlockedReason(safety.FlagText("\n"+text)) != "" || domain.BlockedReason(safety.FlagText(draft)) != "") {
			t.Fatalf("sent %q in answer to %q", draft, text)
		}
		if d.Allowed != (d.Reason == "") {
			t.Fatalf("allowed %v, reason %q", d.Allowed, d.Reason)
		}
	})
}

// suedAndBurned is one threat and one injury in every language of the lists.
var suedAndBurned = map[string]string{
	"en": "I will sue you and your charger burned my son.",
	"fr": "Je vais vous poursuivre en justice et votre chargeur a brûlé mon fils.",
	"de": "Ich werde Sie verklagen, und Ihr Ladegerät hat meinen Sohn verbrannt.",
	"es": "Los voy a demandar y su cargador quemó a mi hijo.",
	"it": "Vi farò causa e il vostro caricatore ha bruciato mio figlio.",
	"nl": "Ik sleep u voor de rechter en uw oplader heeft mijn zoon verbrand.",
	"pl": "Pozwę was, a wasza ładowarka poparzyła mojego syna.",
	"sv": "Jag kommer att stämma er, och er laddare brände min son.",
	"pt": "Vou processá-los e o vosso carregador queimou o meu filho.",
}
