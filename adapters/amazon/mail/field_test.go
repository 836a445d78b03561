package mail_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestParseFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  string
		want domain.InboundMessage // fields that are set
	}{
		"suffix of the French marketplace": {
			"From: Zo=?UTF-8?Q?=C3=A9?= - Marketplace d’Amazon.fr <" + relay + ">\n\nBonjour",
			domain.InboundMessage{BuyerName: "Zoé", BuyerEmail: relay, Body: "Bonjour"},
		},
		"suffix of the Italian marketplace": {
			"From: \"Tea - Marketplace Amazon\" <" + relay + ">\n\nCiao", domain.InboundMessage{BuyerName: "Tea", BuyerEmail: relay},
		},
		"name with a bare comma": {
			"From: Petit, Ana <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "Petit, Ana", BuyerEmail: relay},
		},
		"name that is another address": {
			"From: ana@home.example <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "ana@home.example", BuyerEmail: relay},
		},
		"name in raw bytes": {
			"From: Zo\xe9 <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "Zoé", BuyerEmail: relay},
		},
		"name that is the address": {
			"From: \"" + relay + "\" <" + relay + ">\n\nBonjour", domain.InboundMessage{Kind: domain.KindBuyerMessage, BuyerName: "none"},
		},
		"relay without a name, in capitals": {
			"From: A1B2C3D4E5F6@MARKETPLACE.AMAZON.FR\n\nBonjour",
			domain.InboundMessage{Kind: domain.KindBuyerMessage, BuyerEmail: "A1B2C3D4E5F6@marketplace.amazon.fr"},
		},
		"robot in the relay's domain": {
			"From: no-reply@marketplace.amazon.fr\n\nx", domain.InboundMessage{Kind: domain.KindNotice},
		},
		"digital order, and a card number before it": {
			"From: " + relay + "\nSubject: 4999-1234567-1234567 D01-1234567-7654321\n\nx", domain.InboundMessage{OrderID: "D01-1234567-7654321"},
		},
		"order in the buyer's words only": {
			"From: " + relay + "\nSubject: x\n\n------- Message: -------\n999-1234567-1234567\n------- Fin du message -------",
			domain.InboundMessage{Kind: domain.KindBuyerMessage, Body: "999-1234567-1234567", OrderID: "none"},
		},
		"dashes and quotes of the buyer stay": {
			"From: " + relay + "\n\n------- Message: -------\n---\n> a\n------ b ------\n-- \nc\n------- Fin du message -------\nx",
			domain.InboundMessage{Body: "---\n> a\n------ b ------\n--\nc"},
		},
		"dashes of the buyer's where the closing marker is missing": {
			"From: " + relay + "\n\n------- Message: -------\na\n------ PS ------\nb\nRésoudre le cas https://sellercentral.amazon.fr/messaging/inbox",
			domain.InboundMessage{Body: "a\n------ PS ------\nb"},
		},
		"a line of dashes in the footer": {
			"From: " + relay + "\n\na\n------- Fin du message -------\n------ x ------\n", domain.InboundMessage{Body: "a"},
		},
		"empty between the markers": {
			"From: " + relay + "\n\n------- Message: -------\n\n------- Fin du message -------\nx", domain.InboundMessage{Kind: domain.KindBuyerMessage, Body: "none"},
		},
		"markers after a wrong charset": {
			"From: " + relay + "\n\n------- D?but du message -------\noui ?\n------- Fin du message -------\nx", domain.InboundMessage{Body: "oui ?"},
		},
		"link of the footer on a foreign host": {
			"From: " + relay + "\n\n------- Message: -------\nx\n------- Fin du message -------\nhttps://sellercentral.amazon.fr.evil.example/messaging/no-response-needed?t=A0123456789ABCDEFGHIJ",
			domain.InboundMessage{Body: "x", ThreadID: "none"},
		},
		"thread of 2016, which is none": {
			"From: " + relay + "\n\n-------- Begin message --------\nx\n-------- End message --------\nhttps://www.amazon.com/gp/communication-manager/no-response-needed.html?t=" + strings.Repeat("a", 40),
			domain.InboundMessage{Body: "x", ThreadID: "none"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := read(c.raw)
			for _, f := range []struct{ got, want string }{
				{string(got.Kind), string(c.want.Kind)}, {got.BuyerName, c.want.BuyerName}, {got.BuyerEmail, c.want.BuyerEmail},
				{got.OrderID, c.want.OrderID}, {got.Body, c.want.Body}, {got.ThreadID, c.want.ThreadID},
			} {
				if f.want == "none" {
					is.Equal(f.got, "")
				} else if f.want != "" {
					is.Equal(f.got, f.want)
				}
			}
		})
	}
}

func TestParseUnreadable(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing": "", "no header": "\r\n\r\nhello", "no mail": "hello world", "bytes": "\x00\x01\x02\xff", "fields of no mail": "a: b\n\nc",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(raw)
			is.True(m.Unreadable != "")
			is.Equal(string(m.Source.Bytes), raw)
		})
	}
}

// TestIdentity holds by what messages are told apart that hold no id of Amazon's.
func TestIdentity(t *testing.T) {
	t.Parallel()
	const (
		date  = "Date: Mon, 02 Mar 2026 09:00:00 +0000\n"
		merci = "\n" + opened + "Merci" + closed
	)
	first := read(fromRelay + date + "Message-ID: <a@x>\n" + merci).ExternalID
	for name, c := range map[string]struct {
		raw  string
		same bool
	}{
		"the same":                   {fromRelay + date + "Message-ID: <a@x>\n" + merci, true},
		"another Message-ID":         {fromRelay + date + "Message-ID: <b@x>\n" + merci, true},
		"no Message-ID":              {fromRelay + date + merci, true},
		"empty Message-ID":           {fromRelay + date + "Message-ID: <>\n" + merci, true},
		"in another zone":            {fromRelay + "Date: Mon, 02 Mar 2026 10:00:00 +0100\n" + merci, true},
		"in HTML":                    {fromRelay + date + "Content-Type: text/html\n\n<pre>" + opened + "<b> Merci </b><br>" + closed + "</pre>", true},
		"in HTML, half run together": {fromRelay + date + "Content-Type: text/html\n\n<p>" + opened + "Merci<br>" + closed, true},
		"a second later":             {fromRelay + "Date: Mon, 02 Mar 2026 09:00:01 +0000\nMessage-ID: <a@x>\n" + merci, false},
		"other words":                {fromRelay + date + "Message-ID: <a@x>\n\n" + opened + "Merci !" + closed, false},
		"another buyer":              {"From: x@marketplace.amazon.fr\n" + date + "Message-ID: <a@x>\n" + merci, false},
		"with an id of Amazon's":     {fromRelay + date + merci + "https://sellercentral.amazon.fr/messaging/no-response-needed?m=A0123456789ABCDEFGHIJ", false},
		"a notice":                   {fromAmz + date + "Message-ID: <a@x>\n" + merci, false},
		"no words":                   {fromRelay + date + "Message-ID: <a@x>\n\n" + opened + closed, false},
		"neither date nor id":        {fromRelay + merci, false},
		"a date that is none":        {fromRelay + "Date: soon\n" + merci, false},
		"Message-ID of 900 letters":  {fromAmz + "Message-ID: <" + strings.Repeat("x", 900) + "@x>\n" + merci, false},
		"a Message-ID with blanks":   {fromAmz + "Message-ID: <a b@x>\n" + merci, false},
		"a notice without its parts": {fromAmz + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			id := read(c.raw).ExternalID
			is.Equal(id == first, c.same)
			is.Equal(read(strings.ReplaceAll(c.raw, "\n", "\r\n")+"\r\n").ExternalID, id) // whatever the line ends
			is.True(id != "" && len(id) <= 300)
		})
	}
}
