package mail_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	relay     = "a1b2c3d4e5f6g7h@marketplace.amazon.fr"
	fromRelay = "From: Ana <" + relay + ">\n"
	fromAmz   = "From: Amazon <donotreply@amazon.fr>\n"
	code      = "ABCDEFGHIJKLMNOPQRSTUV23"
)

// read reads a mail that arrived after its Date.
func read(raw string) domain.InboundMessage { return reader.Parse([]byte(raw), fuzzArrival) }

func TestKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw      string
		kind     domain.MessageKind
		evidence string
	}{
		"relay": {fromRelay + "\nx", domain.KindBuyerMessage, "sender:relay"},
		"relay, says Amazon too": {
			fromRelay + "X-Space-Notification-Type: BBC_MESSAGE_SENT_TO_MERCHANT\n\nx", domain.KindBuyerMessage, "header:BBC_MESSAGE_SENT_TO_MERCHANT",
		},
		"relay over another type":   {fromRelay + "X-Space-Notification-Type: REFUND_ISSUED\n\nx", domain.KindBuyerMessage, "sender:relay"},
		"relay over a link":         {fromRelay + "\nhttps://www.amazon.fr/n?nt=REFUND_ISSUED", domain.KindBuyerMessage, "sender:relay"},
		"relay over a code":         {fromRelay + "Subject: KEYBUZZ-VALIDATION-" + code + "\n\nx", domain.KindBuyerMessage, "sender:relay"},
		"relay over an auto-answer": {fromRelay + "Auto-Submitted: auto-replied\n\nx", domain.KindBuyerMessage, "sender:relay"},
		"relay, forged":             {"Authentication-Results: mx; dmarc=fail\n" + fromRelay + "\nx", domain.KindSuspect, "receiver:forged"},
		"Amazon, forged":            {"Authentication-Results: mx; dmarc=fail\n" + fromAmz + "\nx", domain.KindSuspect, "receiver:forged"},
		"forwarder vouches":         {"Authentication-Results: mx; dmarc=fail; arc=pass\n" + fromRelay + "\nx", domain.KindBuyerMessage, "sender:relay"},
		"type in the header":        {fromAmz + "X-Space-Notification-Type: RETURN_REQUEST\n\nx", domain.KindReturnEvent, "header:RETURN_REQUEST"},
		"header over link": {
			fromAmz + "X-Space-Notification-Type: RETURN_REQUEST\n\nhttps://www.amazon.fr/n?nt=REFUND_ISSUED", domain.KindReturnEvent, "header:RETURN_REQUEST",
		},
		"type in nt":                   {fromAmz + "\nhttps://www.amazon.fr/nms/sellermobile/redirect?nt=REFUND_ISSUED", domain.KindRefundEvent, "link:REFUND_ISSUED"},
		"type in communicationName":    {fromAmz + "\nhttps://sellercentral.amazon.fr/notifications/feedback?communicationName=BRC_SELLER_NOTIFICATION", domain.KindCancelRequest, "link:BRC_SELLER_NOTIFICATION"},
		"type behind another's link":   {fromAmz + "\nhttps://evil.test/n?nt=REFUND_ISSUED", domain.KindNotice, "sender:notice"},
		"link over sender":             {"From: cb-seller-notification@amazon.com\n\nhttps://www.amazon.fr/n?nt=REFUND_ISSUED", domain.KindRefundEvent, "link:REFUND_ISSUED"},
		"type that nobody knows":       {fromAmz + "X-Space-Notification-Type: NEVER_SEEN\n\nx", domain.KindUnknown, "header:NEVER_SEEN"},
		"type that is a text":          {fromAmz + "X-Space-Notification-Type: call me at ana@home.example\n\nx", domain.KindUnknown, "header:unreadable"},
		"type that is long":            {fromAmz + "X-Space-Notification-Type: " + strings.Repeat("A", 65) + "\n\nx", domain.KindUnknown, "header:unreadable"},
		"type of a rating":             {fromAmz + "X-Space-Notification-Type: SELLER_FEEDBACK_RECEIVED\n\nx", domain.KindFeedback, "header:SELLER_FEEDBACK_RECEIVED"},
		"opted out":                    {fromAmz + "X-Space-Notification-Type: BUYER_OPTED_OUT_BSM_MESSAGES\n\nx", domain.KindOptOut, "header:BUYER_OPTED_OUT_BSM_MESSAGES"},
		"chargeback":                   {"From: cb-seller-notification@amazon.com\n\nx", domain.KindChargeback, "sender:chargeback"},
		"claim by its sender":          {"From: atoz-guarantee-no-reply@amazon.de\n\nx", domain.KindClaimOpened, "sender:claim_opened"},
		"claim in Italy":               {fromAmz + "Subject: Richiesta di rimborso ricevuta per l'ordine 999-1234567-1234567\n\nx", domain.KindClaimOpened, "subject:claim_opened"},
		"refund in Italy":              {fromAmz + "Subject: rimborso 5,00 EUR avviato - ordine 999-1234567-1234567\n\nx", domain.KindRefundEvent, "subject:refund_event"},
		"claim decided in France":      {fromAmz + "Subject: =?utf-8?q?D=C3=A9cision_concernant_la_r=C3=A9clamation?=\n\nx", domain.KindClaimClosed, "subject:claim_closed"},
		"claim in Spain":               {fromAmz + "Subject: Su reclamación bajo la Garantía de la A a la Z\n\nx", domain.KindClaimOpened, "subject:claim_opened"},
		"cancellation in English":      {fromAmz + "Subject: Order cancellation request from Amazon customer\n\nx", domain.KindCancelRequest, "subject:cancel_request"},
		"return in English":            {fromAmz + "Subject: Return authorization request for order # 1\n\nx", domain.KindReturnEvent, "subject:return_event"},
		"chargeback by its subject":    {fromAmz + "Subject: Charge Dispute Inquiry\n\nx", domain.KindChargeback, "subject:chargeback"},
		"not delivered in Italy":       {fromAmz + "Subject: Il tuo messaggio all'acquirente non è stato consegnato.\n\nx", domain.KindDeliveryFailure, "subject:delivery_failure"},
		"copy in Brazil":               {fromAmz + "Subject: Seu e-mail para Ana\n\nx", domain.KindSellerCopy, "subject:seller_copy"},
		"rating":                       {fromAmz + "Subject: Nouvelle évaluation reçue\n\nx", domain.KindFeedback, "subject:feedback"},
		"notice by its sender":         {"From: order-update@amazon.fr\n\nx", domain.KindNotice, "sender:notice"},
		"notice by its name":           {"From: Amazon Business <x@amazon.fr>\n\nx", domain.KindNotice, "sender:notice"},
		"Amazon, nobody knows who":     {"From: x@amazon.fr\n\nx", domain.KindUnknown, "sender:amazon"},
		"for a buyer":                  {"From: x@amazon.fr\n\nOrder # 1\nItem: x\nReason: y\nDetails: z", domain.KindBuyerMessage, "shape:on-behalf"},
		"subject of a stranger":        {"From: x@home.example\nSubject: Charge Dispute Inquiry\n\nx", domain.KindUnknown, "sender:unknown"},
		"type of a stranger":           {"From: x@home.example\nX-Space-Notification-Type: REFUND_ISSUED\n\nx", domain.KindSuspect, "header:not-by-amazon"},
		"two From":                     {fromRelay + "From: x@home.example\n\nx", domain.KindSuspect, "shape:several-authors"},
		"two authors":                  {"From: x@home.example, " + relay + "\n\nx", domain.KindSuspect, "sender:looks-like-relay"},
		"relay as a name":              {"From: \"" + relay + "\" <x@home.example>\n\nx", domain.KindSuspect, "sender:looks-like-relay"},
		"relay behind another domain":  {"From: x@marketplace.amazon.fr.evil.test\n\nx", domain.KindSuspect, "sender:looks-like-relay"},
		"domain that ends in a relay":  {"From: x@xmarketplace.amazon.fr\n\nx", domain.KindUnknown, "sender:amazon"},
		"answers to a relay":           {"From: x@home.example\nReply-To: x@marketplace.amazon.fr.evil.test\n\nx", domain.KindSuspect, "shape:answers-to-relay"},
		"code in the subject":          {"From: x@keybuzz.test\nSubject: Test KEYBUZZ-VALIDATION-" + code + "\n\nx", domain.KindValidation, "shape:validation-code"},
		"code in the header":           {"From: x@keybuzz.test\nX-KeyBuzz-Validation: " + code + "\n\nx", domain.KindValidation, "shape:validation-code"},
		"code in lower case":           {"From: x@home.example\nSubject: KEYBUZZ-VALIDATION-" + strings.ToLower(code) + "\n\nx", domain.KindUnknown, "sender:unknown"},
		"code that is too long":        {"From: x@home.example\nSubject: KEYBUZZ-VALIDATION-" + code + "A\n\nx", domain.KindUnknown, "sender:unknown"},
		"auto-answer":                  {"From: x@home.example\nAuto-Submitted: Auto-Replied (vacation)\n\nx", domain.KindAutoReply, "header:auto-replied"},
		"auto-answer by precedence":    {"From: x@home.example\nPrecedence: bulk\n\nx", domain.KindAutoReply, "header:precedence"},
		"newsletter":                   {"From: x@home.example\nPrecedence: bulk\nList-Unsubscribe: <mailto:x@y.example>\n\nx", domain.KindUnknown, "sender:unknown"},
		"report in no form":            {"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nx", domain.KindDeliveryFailure, "sender:mailer-daemon"},
		"report in no form, of a wait": {"From: postmaster@mx.example\nSubject: Delayed Mail (still being retried)\n\nx", domain.KindDeliveryDelay, "sender:mailer-daemon"},
		"private mail":                 {"From: x@home.example\n\nx", domain.KindUnknown, "sender:unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.Kind, c.kind)
			is.Equal(m.Evidence, c.evidence)
			is.Equal(m.Code != "", c.kind == domain.KindValidation || name == "relay over a code")
		})
	}
}

func TestAuthentic(t *testing.T) {
	t.Parallel()
	const ours = "Authentication-Results: mx.inbound.test"
	for name, c := range map[string]struct {
		headers string
		want    bool
	}{
		"DMARC":                           {ours + "; dmarc=pass header.from=marketplace.amazon.fr\n", true},
		"DMARC, in capitals":              {strings.ToUpper(ours) + "; DMARC=PASS\n", true},
		"DMARC, with all that may be":     {ours + " 1;\n\tdmarc/1=pass (p=none; dis=none) reason=\"a;b\" header.from=amazon.fr\n", true},
		"DKIM":                            {ours + "; dkim=pass header.d=amazon.fr\n", true},
		"DKIM by identity":                {ours + "; dkim=pass header.i=@bounces.amazon.fr\n", true},
		"DKIM of the carrier":             {ours + "; dkim=pass header.d=amazonses.com\n", false},
		"DKIM of another country":         {ours + "; dkim=pass header.d=amazon.de\n", false},
		"DKIM of a look-alike":            {ours + "; dkim=pass header.d=notamazon.fr\n", false},
		"DKIM without a domain":           {ours + "; dkim=pass\n", false},
		"SPF alone":                       {ours + "; spf=pass smtp.mailfrom=amazon.fr\n", false},
		"DMARC of another":                {ours + "; dmarc=pass header.from=evil.test\n", false},
		"nothing":                         {"", false},
		"none":                            {ours + "; none\n", false},
		"failed":                          {ours + "; dmarc=none\n", false},
		"in a comment":                    {ours + "; spf=fail (dmarc=pass; dkim=pass header.d=amazon.fr)\n", false},
		"in a quote":                      {ours + "; spf=fail reason=\"; dmarc=pass ;\"\n", false},
		"of a stranger":                   {"Authentication-Results: mx.evil.test; dmarc=pass\n", false},
		"of a stranger above ours":        {"Authentication-Results: mx.evil.test; dmarc=none\n" + ours + "; dmarc=pass\n", true},
		"the second of ours is not ours":  {ours + "; dmarc=none\n" + ours + "; dmarc=pass\n", false},
		"a name that begins as ours does": {ours + ".evil.test; dmarc=pass\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			raw := []byte(c.headers + fromRelay + "\nx")
			is.Equal(reader.Parse(raw, fuzzArrival).Authentic, c.want)
			is.True(!nobodyTrusted.Parse(raw, fuzzArrival).Authentic)
		})
	}
}

// A receiver may write a field for each check. That one of them says forged counts wherever it stands; who vouches below is
// anybody.
func TestForgedBelowAnotherField(t *testing.T) {
	t.Parallel()
	const ours = "Authentication-Results: mx.inbound.test"
	for headers, want := range map[string]domain.MessageKind{
		ours + "; spf=pass smtp.mailfrom=evil.test\n" + ours + "; dmarc=fail\n": domain.KindSuspect,
		ours + "; dmarc=fail\n" + ours + "; arc=pass\n":                         domain.KindSuspect,
		ours + "; arc=pass\n" + ours + "; dmarc=fail\n":                         domain.KindBuyerMessage,
		ours + "; spf=pass\nAuthentication-Results: other; dmarc=fail\n":        domain.KindBuyerMessage,
	} {
		is := is.New(t)
		is.Equal(reader.Parse([]byte(headers+fromRelay+"\nx"), fuzzArrival).Kind, want)
	}
}
