package mail_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestFacts(t *testing.T) {
	t.Parallel()
	const (
		returned = fromAmz + "X-Space-Notification-Type: RETURN_REQUEST\nContent-Type: text/"
		refunded = fromAmz + "X-Space-Notification-Type: REFUND_ISSUED\nContent-Type: text/html; charset=utf-8\nSubject: "
		rows     = "<table><tr><td>ASIN</td><td>B0TEST1234</td></tr><tr><td>Quantité :</td><td>2</td></tr><tr><td>Motif du retour</td><td>DEFECTIVE</td></tr>"
	)
	for name, c := range map[string]struct {
		raw, body string
		want      map[string]string // of it those that are there; "" for those that are not
	}{
		"decimal point":      {refunded + "rimborso 39.90 EUR avviato - ordine 999-1234567-1234567\n\nx", "", map[string]string{"amountCents": "3990", "currency": "EUR"}},
		"decimal comma":      {refunded + "x\n\nImporto: 1.039,90&nbsp;€", "", map[string]string{"amountCents": "103990", "currency": "EUR"}},
		"narrow blank":       {refunded + "x\n\n1\u202f039,90\u00a0€", "", map[string]string{"amountCents": "103990", "currency": "EUR"}},
		"sign before":        {refunded + "x\n\nTotal £5.5", "", map[string]string{"amountCents": "550", "currency": "GBP"}},
		"no decimals":        {refunded + "x\n\n¥1,500", "", map[string]string{"amountCents": "150000", "currency": "JPY"}},
		"whose dollars":      {refunded + "x\n\n$12.00", "", map[string]string{"amountCents": "1200", "currency": ""}},
		"reais":              {refunded + "x\n\nR$ 12,00", "", map[string]string{"amountCents": "1200", "currency": "BRL"}},
		"no money":           {refunded + "x 12.00\n\norder 999-1234567-1234567", "", map[string]string{"amountCents": "", "notice": "REFUND_ISSUED"}},
		"table":              {returned + "html; charset=utf-8\n\n" + rows + "<tr><td>Commentaire</td><td>Je prends un avocat.<br>Date: demain</td></tr></table>", "Je prends un avocat.\nDate: demain", map[string]string{"asin": "B0TEST1234", "quantity": "2", "reason": "DEFECTIVE"}},
		"row of labels":      {returned + "html\n\n<table><tr><th>ASIN</th><th>SKU</th><th>Quantity</th><th>Buyer comment</th></tr><tr><td>B0TEST1234</td><td>S-1</td><td>1</td><td>I will sue you</td></tr></table>", "I will sue you", map[string]string{"asin": "B0TEST1234", "sku": "S-1", "quantity": "1"}},
		"value like a label": {returned + "html\n\n<table><tr><td>Reason</td><td>Item return</td></tr><tr><td>Comments</td><td>The product caught fire</td></tr></table>", "The product caught fire", map[string]string{"reason": "Item return"}},
		"rows in lines":      {returned + "html\n\n<table><tr><th>ASIN</th><th>Comment</th><th>SKU</th></tr><tr><td>B0TEST1234</td><td>a<br>b</td><td>S-1</td></tr><tr><td>B0TEST1234</td><td>c</td><td>S-2</td></tr></table>", "B0TEST1234\ta\nb\tS-1\nc", map[string]string{"asin": "B0TEST1234", "sku": "S-2"}},
		"lines":              {returned + "plain\n\nASIN: B0TEST1234\nReason: X\nComments: first\nsecond\n\nthird\nCarrier: UPS", "first\nsecond\n\nthird", map[string]string{"reason": "X"}},
		"no comment":         {returned + "html; charset=utf-8\n\n" + rows + "<tr><td>Commentaire</td><td></td></tr></table>", "", nil},
		"comment unfound":    {returned + "plain\n\nI will sue you", "I will sue you", nil},
		"money and ids of the buyer's": {
			returned + "plain\n\nComments: pay me 99.00 EUR for 999-7654321-7654321", "pay me 99.00 EUR for 999-7654321-7654321", map[string]string{"amountCents": ""},
		},
		"item of a message": {fromRelay + "\n1 / Lamp [ASIN: B0TEST1234]\n" + opened + "[ASIN: B0TEST9999]" + closed, "[ASIN: B0TEST9999]", map[string]string{"asin": "B0TEST1234"}},
		"book":              {fromRelay + "\n1 / Book [ASIN: 012345678X]\n" + opened + "x" + closed, "x", map[string]string{"asin": "012345678X"}},
		"ASIN that is none": {fromRelay + "\n1 / Lamp [ASIN: <b>]\n" + opened + "x" + closed, "x", map[string]string{"asin": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			for key, value := range c.want {
				is.Equal(m.Facts[key], value) // the fact of this key
			}
			if m.Kind != domain.KindRefundEvent {
				is.Equal(m.Body, c.body)
			}
			is.True(m.OrderID == "" || m.OrderID == "999-1234567-1234567")
		})
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	report := func(status, returned string) string {
		return "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\nIn-Reply-To: <answer@shop.example>\n\n" +
			"--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + status + "\n--b\n" + returned + "\n--b--\n"
	}
	const headers = "Content-Type: text/rfc822-headers\n\nFrom: x@shop.example\nMessage-ID: <sent@shop.example>\n"
	const whole = "Content-Type: message/rfc822\n\nFrom: x@shop.example\nMessage-ID:\n <sent@shop.example>\n\nMessage-ID: <not@this.one>\n"
	for name, c := range map[string]struct {
		raw        string
		kind       domain.MessageKind
		code       string
		references []string
	}{
		"failed":              {report("Final-Recipient: rfc822; "+relay+"\nAction: failed\nStatus: 5.1.1 (no such user)", headers), domain.KindDeliveryFailure, "5.1.1", []string{"sent@shop.example", "answer@shop.example"}},
		"whole mail returned": {report("Action: failed\nStatus: 5.1.1", whole), domain.KindDeliveryFailure, "5.1.1", []string{"sent@shop.example", "answer@shop.example"}},
		"delayed":             {report("Action: delayed\nStatus: 4.2.2", headers), domain.KindDeliveryDelay, "4.2.2", []string{"sent@shop.example", "answer@shop.example"}},
		"delayed, no action":  {report("Status: 4.2.2", ""), domain.KindDeliveryDelay, "4.2.2", []string{"answer@shop.example"}},
		"given up":            {report("Action: failed\nStatus: 4.4.1", ""), domain.KindDeliveryFailure, "4.4.1", []string{"answer@shop.example"}},
		"delivered":           {report("Action: delivered\nStatus: 2.0.0", ""), domain.KindNotice, "2.0.0", []string{"answer@shop.example"}},
		"one of two failed":   {report("Action: delayed\nStatus: 4.2.2\n\nAction: failed\nStatus: 5.1.1", ""), domain.KindDeliveryFailure, "5.1.1", []string{"answer@shop.example"}},
		"says nothing":        {report("", ""), domain.KindDeliveryFailure, "", []string{"answer@shop.example"}},
		"status that is none": {report("Action: failed\nStatus: ana@home.example", ""), domain.KindDeliveryFailure, "", []string{"answer@shop.example"}},
		"in no form":          {"From: mailer-daemon@mx.example\n\nSorry.\n\n> Message-ID: <sent@shop.example>\n", domain.KindDeliveryFailure, "", []string{"sent@shop.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.Kind, c.kind)
			is.Equal(m.Facts[domain.FactReason], c.code)
			is.Equal(m.References, c.references)
			is.True(m.BuyerEmail == relay || name != "failed")
		})
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
	link := func(link string) string { return fromRelay + "\n" + opened + "x" + closed + link + "\n" }
	const nrn = "https://sellercentral.amazon.fr/messaging/no-response-needed?t=A0123456789ABCDEFGHIJ&m=A0123456789MESSAGEID0"
	for name, c := range map[string]struct {
		raw, thread string
		references  []string
	}{
		"footer":            {link(nrn), "A0123456789ABCDEFGHIJ", nil},
		"Italy":             {link("https://www.amazon.it/messaging/1234567890123456789?marketplaceId=APJ6JRA9NG5V4&ref_=bsm_email_report&report=true"), "1234567890123456789", nil},
		"Brazil":            {link("https://sellercentral.amazon.com.br/messaging/inbox?fi=caseId&ss=" + uuid + "&cc=" + uuid), uuid, nil},
		"Brazil, a search":  {link("https://sellercentral.amazon.com.br/messaging/inbox?fi=name&ss=" + uuid), "", nil},
		"t is first":        {link("https://www.amazon.it/messaging/1234567890123456789 " + nrn), "A0123456789ABCDEFGHIJ", nil},
		"another's":         {link("https://www.amazon.it.evil.test/messaging/1234567890123456789"), "", nil},
		"references":        {fromRelay + "In-Reply-To: <c@x>\nReferences: <a@x>\n\t<b@x> <c@x>\n\nx", "", []string{"c@x", "b@x", "a@x"}},
		"without brackets":  {fromRelay + "In-Reply-To: c@x\nReferences: a@x b@x\n\nx", "", []string{"c@x", "b@x", "a@x"}},
		"words for a reply": {fromRelay + "In-Reply-To: your mail of Monday\n\nx", "", nil},
		"suspect":           {"From: x@marketplace.amazon.fr.evil.test\nIn-Reply-To: <c@x>\n\n" + opened + "x" + closed + nrn, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.ThreadID, c.thread)
			is.Equal(m.References, c.references)
		})
	}
}

// The country of the sale stands in a header, and in the link by which the seller says that no answer is needed.
func TestSiteAndNoResponse(t *testing.T) {
	t.Parallel()
	const nrn = "https://sellercentral.amazon.fr/messaging/no-response-needed?t=A0123456789ABCDEFGHIJ&m=A0123456789MESSAGEID0"
	said := func(header, words, foot string) string {
		return header + fromRelay + "\n" + opened + words + closed + foot + "\n"
	}
	for name, c := range map[string]struct{ raw, site, link string }{
		"both":             {said("X-Marketplace-ID: A1PA6795UKMFR9\n", "x", nrn+"&mp=A13V1IB3VIYZZH&h=0%2f1"), "A1PA6795UKMFR9", nrn + "&mp=A13V1IB3VIYZZH&h=0%2f1"},
		"no header":        {said("", "x", nrn+"&mp=A13V1IB3VIYZZH"), "A13V1IB3VIYZZH", nrn + "&mp=A13V1IB3VIYZZH"},
		"nonsense":         {said("X-Marketplace-ID: fr; DROP\n", "x", nrn+"&mp=x"), "", nrn + "&mp=x"},
		"neither":          {said("", "x", ""), "", ""},
		"the buyer's":      {said("", nrn+"&mp=A13V1IB3VIYZZH", ""), "", ""},
		"another's":        {said("", "x", "https://sellercentral.amazon.fr.evil.test/messaging/no-response-needed?t=A0123456789ABCDEFGHIJ&mp=A13V1IB3VIYZZH"), "", ""},
		"without an end":   {said("", "x", nrn+"&h="+strings.Repeat("0", 2000)), "", ""},
		"a copy has none":  {"From: <donotreply@amazon.fr>\nX-Space-Notification-Type: BBC_MESSAGE_CONFIRMATION_TO_MERCHANT\n\n" + opened + "x" + closed + nrn + "&mp=A13V1IB3VIYZZH\n", "A13V1IB3VIYZZH", ""},
		"a pretender none": {"From: x@marketplace.amazon.fr.evil.test\nX-Marketplace-ID: A1PA6795UKMFR9\n\n" + opened + "x" + closed + nrn, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.Facts[domain.FactSite], c.site)
			is.Equal(m.Facts[domain.FactNoResponse], c.link)
		})
	}
}
