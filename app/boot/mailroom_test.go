package boot_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// writeAsBuyer fills in the form of the stand-in's page for buyers, with a file, and returns the page that follows.
func (s *seller) writeAsBuyer(page string, fields map[string]string) string {
	s.t.Helper()
	is := is.New(s.t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		is.NoErr(w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("file", "numéro de série.txt")
	is.NoErr(err)
	_, err = part.Write([]byte("N° 42"))
	is.NoErr(err)
	is.NoErr(w.Close())
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, page, &body)
	is.NoErr(err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	a, err := s.http.Do(r)
	is.NoErr(err)
	defer func() { is.NoErr(a.Body.Close()) }()
	is.Equal(a.StatusCode, http.StatusOK)
	s.last = a.Request.URL
	return s.visit(s.last.String(), nil)
}

// ticketMessages returns the messages of the only ticket.
func (s *seller) ticketMessages() (ticket string, messages []any) {
	s.t.Helper()
	eventually(s.t, "there is a ticket", func() bool {
		_, answer := s.api.call("GET", "/api/v1/tickets", nil)
		items, _ := answer["data"].([]any)
		if len(items) != 1 {
			return false
		}
		ticket, _ = items[0].(map[string]any)["id"].(string)
		return true
	})
	_, answer := s.api.call("GET", "/api/v1/tickets/"+ticket+"/messages", nil)
	messages, _ = answer["data"].([]any)
	return ticket, messages
}

// A buyer writes at the stand-in, with a file; it is on a ticket at once, whose address is validated by it. The seller's
// reply leaves from that address by SMTP and reaches the buyer, and Amazon's copy confirms it. The buyer writes again: the
// same ticket.
func TestBuyersWriteAtTheStandIn(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p, relay := newProduct(t), freeAddress(t)
	p.settings = append(p.settings, "AMAZON_SPAPI_MODE=standin", "KEYBUZZ_SMTP_SUBMISSION_ADDR="+relay,
		"KEYBUZZ_SMTP_SUBMISSION_USER=relay", "KEYBUZZ_SMTP_SUBMISSION_PASSWORD=its-password")
	api, _ := p.serve(t)
	s := newSeller(t, api)
	code, connected := api.call("POST", "/api/v1/marketplaces/amazon/connect", map[string]any{"country": "FR"})
	is.Equal(code, http.StatusOK)
	inbound, _ := connected["inboundAddress"].(map[string]any)
	address, _ := inbound["address"].(string)
	is.True(strings.Contains(address, "@inbound.test"))

	buyers := regexp.MustCompile(`href="(http://[^"]+/messages/)"`).FindStringSubmatch(s.visit(api.base+"/dev", nil))
	is.Equal(len(buyers), 2)
	page := s.writeAsBuyer(buyers[1], map[string]string{
		"country": "FR", "buyer": "Noé", "seller": address, "order": frenchOrder, "text": "Où est mon colis ?",
	})
	is.True(strings.Contains(page, "numéro de série.txt"))
	conversation := s.last.String()
	ticket, messages := s.ticketMessages()
	is.Equal(messages[0].(map[string]any)["body"], "Où est mon colis ?")
	is.Equal(len(messages[0].(map[string]any)["attachments"].([]any)), 1)
	is.Equal(p.one(t, "SELECT status FROM marketplace.inbound_addresses"), "VALIDATED") // its sender was found authentic

	seen, _ := messages[0].(map[string]any)["id"].(string)
	code, reply := api.call("POST", "/api/v1/tickets/"+ticket+"/replies", map[string]any{
		"body": "Bonjour, il arrive demain.", "language": "fr", "seenMessageId": seen, "delaySeconds": 0,
	})
	is.Equal(code, http.StatusAccepted)
	path := "/api/v1/tickets/" + ticket + "/replies/" + reply["id"].(string)
	eventually(t, "the reply is confirmed by Amazon's copy", func() bool {
		_, reply = api.call("GET", path, nil)
		return reply["state"] == "CONFIRMED"
	})
	is.True(strings.Contains(s.visit(conversation, nil), "Bonjour, il arrive demain.")) // the buyer reads it
	_, messages = s.ticketMessages()
	is.Equal(len(messages), 2) // the copy is no second message
	is.Equal(messages[1].(map[string]any)["body"], "Bonjour, il arrive demain.")
	is.Equal(messages[1].(map[string]any)["delivery"], "CONFIRMED")

	// Nobody answers what he has not seen.
	code, problem := api.call("POST", "/api/v1/tickets/"+ticket+"/replies", map[string]any{"body": "Une autre réponse", "seenMessageId": seen})
	is.Equal(code, http.StatusConflict)
	is.Equal(problem["code"], "conversation_moved")

	s.writeAsBuyer(conversation, map[string]string{"text": "Merci, mais quand ?"})
	again, messages := s.ticketMessages()
	is.Equal(again, ticket)
	is.Equal(len(messages), 3)
}
