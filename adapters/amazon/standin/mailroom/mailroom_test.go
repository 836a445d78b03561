package mailroom_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	amazonmail "github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin/mailroom"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// seller is a seller's mail server: it keeps what comes.
type seller struct {
	mu   sync.Mutex
	down bool
	got  []domain.InboundMessage
	to   []string
}

const authServer = "mx.seller.test"

var errDown = errors.New("down")

func (s *seller) deliver(_ context.Context, m mailroom.Mail) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errDown
	}
	s.got = append(s.got, amazonmail.Interpreter{AuthServer: authServer}.Parse(m.Raw, time.Now().Add(time.Hour)))
	s.to = append(s.to, m.To)
	return nil
}

func (s *seller) all() []domain.InboundMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]domain.InboundMessage(nil), s.got...)
}

const sellersAddress = "amazon.demo.fr.abc@inbound.test"

// begin has a buyer write to a seller.
func begin(t *testing.T, r *mailroom.Room, country string, files ...mailroom.File) mailroom.Conversation {
	t.Helper()
	c, err := r.Write(t.Context(), mailroom.Letter{
		Country: country, Buyer: "Zoé B", Seller: sellersAddress, Order: "999-1234567-1234567", Text: "Où est mon colis ?\n\nMerci", Files: files,
	})
	is.New(t).NoErr(err)
	return c
}

// answerTo is an answer of the seller's as it leaves.
func answerTo(c mailroom.Conversation, text string) domain.OutgoingMessage {
	return domain.OutgoingMessage{
		ID: "r1", From: c.Seller, To: c.Relay, Subject: "Re: " + c.Order, Text: text, MessageID: "r1@reply.example",
		InReplyTo: c.Entries[0].MessageID, Date: time.Now(),
	}
}

// raw is a message of one part.
func raw(m domain.OutgoingMessage) []byte {
	return []byte("From: " + m.From + "\r\nTo: " + m.To + "\r\nSubject: " + m.Subject + "\r\nMessage-ID: <" + m.MessageID + ">\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + m.Text)
}

func TestSellerReadsWhatBuyersWrite(t *testing.T) {
	t.Parallel()
	for _, country := range []string{"FR", "DE", "ES", "IT", "GB", "NL"} {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), &seller{}
			r := mailroom.New(mailroom.Options{Deliver: s.deliver, AuthServer: authServer})
			defer r.Close()
			list := mailroom.File{Name: "numéros de série.txt", Type: "text/plain", Content: []byte("N° 1\nN° 2\n")}
			c := begin(t, r, country, list)
			_, err := r.Write(t.Context(), mailroom.Letter{Conversation: c.ID, Text: "Bonjour ?"})
			is.NoErr(err)
			got := s.all()
			is.Equal(len(got), 2)
			is.Equal(got[0].Kind, domain.KindBuyerMessage)
			is.Equal(got[0].Body, "Où est mon colis ?\n\nMerci")
			is.Equal(got[0].BuyerName, "Zoé B")
			is.Equal(got[0].BuyerEmail, c.Relay)
			is.Equal(got[0].OrderID, c.Order)
			is.Equal(got[0].ThreadID, c.ID)
			is.True(got[0].Authentic)
			is.True(got[0].Facts[domain.FactNoResponse] != "")
			is.Equal(len(got[0].Flags), 0) // nothing odd about it
			is.Equal(len(got[0].Files), 1)
			is.Equal(got[0].Files[0].OriginalName, list.Name)
			is.Equal(got[0].Files[0].Size, int64(len(list.Content)))

			is.Equal(got[1].Body, "Bonjour ?")
			is.Equal(got[1].ThreadID, c.ID)
			is.True(got[1].ExternalID != got[0].ExternalID)
		})
	}
}

func TestWhatIsNotDeliveredIsNotWritten(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), &seller{down: true}
	r := mailroom.New(mailroom.Options{Deliver: s.deliver})
	defer r.Close()
	for want, l := range map[error]mailroom.Letter{
		errDown:             {Country: "FR", Seller: sellersAddress, Text: "Bonjour"},
		mailroom.ErrCountry: {Country: "XX", Seller: sellersAddress, Text: "Bonjour"},
		mailroom.ErrEmpty:   {Country: "FR", Seller: "nobody", Text: "Bonjour"},
		mailroom.ErrUnknown: {Conversation: "A1", Text: "Bonjour"},
	} {
		_, err := r.Write(t.Context(), l)
		is.True(errors.Is(err, want))
	}
	is.Equal(len(r.Conversations()), 0)
}

// TestAnswersHaveTheirFate has the seller answer, and looks at what the buyer has and what the seller hears.
func TestAnswersHaveTheirFate(t *testing.T) {
	t.Parallel()
	const text = "Bonjour,\n\nvotre colis est parti."
	for name, c := range map[string]struct {
		change func(r *mailroom.Room, c mailroom.Conversation, m *domain.OutgoingMessage)
		fate   mailroom.Fate
		reads  string               // what the buyer reads; "" when nothing comes
		hears  []domain.MessageKind // what the seller hears, in the order of time
	}{
		"an answer": {nil, mailroom.FateDelivered, text, []domain.MessageKind{domain.KindSellerCopy}},
		"from an address that is not approved": {func(_ *mailroom.Room, _ mailroom.Conversation, m *domain.OutgoingMessage) {
			m.From = "another@inbound.test"
		}, mailroom.FateUnapproved, "", nil},
		"from one whose approval was withdrawn": {func(r *mailroom.Room, c mailroom.Conversation, _ *domain.OutgoingMessage) {
			r.Approve(c.Country, c.Seller, false)
		}, mailroom.FateUnapproved, "", nil},
		"from another country's": {func(r *mailroom.Room, _ mailroom.Conversation, m *domain.OutgoingMessage) {
			r.Approve("DE", "amazon.demo.de.abc@inbound.test", true)
			m.From = "amazon.demo.de.abc@inbound.test"
		}, mailroom.FateUnapproved, "", nil},
		"with an address":                   {says("Écrivez à moi@shop.example"), mailroom.FateFiltered, "", nil},
		"with a link to elsewhere":          {says("Voir https://shop.example/x"), mailroom.FateFiltered, "", nil},
		"with a link to what looks like it": {says("https://amazon.fr.evil.example/x"), mailroom.FateFiltered, "", nil},
		"with a link to Amazon": {
			says("Voir https://www.amazon.co.uk/gp/x"), mailroom.FateDelivered, "Voir https://www.amazon.co.uk/gp/x",
			[]domain.MessageKind{domain.KindSellerCopy},
		},
		"with a word of the filter": {says("Un Code PROMO pour vous"), mailroom.FateFiltered, "", nil},
		"with HTML and emoji": {
			says("<p>Merci🙂</p> & à <b>bientôt</b> ☀️"), mailroom.FateDelivered, "Merci & à bientôt", []domain.MessageKind{domain.KindSellerCopy},
		},
		"where no copies come":  {feels(mailroom.MoodSilent), mailroom.FateDelivered, text, nil},
		"that is delayed":       {feels(mailroom.MoodSlow), mailroom.FateDelivered, text, []domain.MessageKind{domain.KindDeliveryDelay, domain.KindSellerCopy}},
		"that cannot get there": {feels(mailroom.MoodFails), mailroom.FateFailed, "", []domain.MessageKind{domain.KindDeliveryFailure}},
		"to who has opted out":  {feels(mailroom.MoodOptOut), mailroom.FateOptedOut, "", []domain.MessageKind{domain.KindOptOut}},
		"to the same, important": {func(r *mailroom.Room, c mailroom.Conversation, m *domain.OutgoingMessage) {
			r.SetMood(c.ID, mailroom.MoodOptOut)
			m.Subject = "[IMPORTANTE] " + m.Subject
		}, mailroom.FateDelivered, text, []domain.MessageKind{domain.KindSellerCopy}},
		"to nobody": {func(_ *mailroom.Room, _ mailroom.Conversation, m *domain.OutgoingMessage) {
			m.To = "abcdefgh@marketplace.amazon.fr"
		}, mailroom.FateNobody, "", []domain.MessageKind{domain.KindDeliveryFailure}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is, s := is.New(t), &seller{}
				r := mailroom.New(mailroom.Options{Deliver: s.deliver, AuthServer: authServer, Filter: []string{"code promo"}})
				conversation := begin(t, r, "FR")
				m := answerTo(conversation, text)
				if c.change != nil {
					c.change(r, conversation, &m)
				}
				fate, err := r.Take(m.From, m.To, raw(m))
				is.NoErr(err)
				is.Equal(fate, c.fate)
				now, _ := r.Conversation(conversation.ID)
				read := ""
				for _, e := range now.Entries[1:] {
					read += e.Text
				}
				is.Equal(read, c.reads)
				is.Equal(len(s.all()), 1) // nothing is heard at once
				time.Sleep(time.Minute)
				synctest.Wait()
				var hears []domain.MessageKind
				for _, h := range s.all()[1:] {
					hears = append(hears, h.Kind)
					checkHeard(t, h, m, conversation, c.reads)
				}
				is.Equal(hears, c.hears)
				is.Equal(len(r.Answers()), 1)
				is.Equal(r.Answers()[0].MessageID, m.MessageID)
				r.Close()
			})
		})
	}
}

func says(text string) func(*mailroom.Room, mailroom.Conversation, *domain.OutgoingMessage) {
	return func(_ *mailroom.Room, _ mailroom.Conversation, m *domain.OutgoingMessage) { m.Text = text }
}

func feels(mood mailroom.Mood) func(*mailroom.Room, mailroom.Conversation, *domain.OutgoingMessage) {
	return func(r *mailroom.Room, c mailroom.Conversation, _ *domain.OutgoingMessage) { r.SetMood(c.ID, mood) }
}

// checkHeard checks that what the seller hears says what it is about.
func checkHeard(t *testing.T, h domain.InboundMessage, m domain.OutgoingMessage, c mailroom.Conversation, reads string) {
	t.Helper()
	is := is.New(t)
	switch h.Kind {
	case domain.KindSellerCopy:
		is.Equal(h.Body, reads)
		is.Equal(h.ThreadID, c.ID)
		is.Equal(h.OrderID, c.Order)
		is.True(h.Authentic)
	case domain.KindOptOut:
		is.Equal(h.BuyerEmail, c.Relay)
		is.Equal(h.OrderID, c.Order)
	default:
		is.Equal(h.References, []string{m.MessageID})
	}
}

func TestRoomGoesOnWithWhatItKept(t *testing.T) {
	t.Parallel()
	is, s, path := is.New(t), &seller{}, t.TempDir()+"/room.json"
	open := func() *mailroom.Room {
		r := mailroom.New(mailroom.Options{Deliver: s.deliver, CopyAfter: time.Hour})
		is.NoErr(r.Keep(path))
		t.Cleanup(r.Close)
		return r
	}
	r := open()
	c := begin(t, r, "FR", mailroom.File{Name: "a.txt", Type: "text/plain", Content: []byte("\xff\x00")})
	m := answerTo(c, "Bonjour")
	_, err := r.Take(m.From, m.To, raw(m))
	is.NoErr(err)
	r.SetMood(c.ID, mailroom.MoodSilent)
	r.Approve("DE", "Other@inbound.test", false)
	before, _ := r.Conversation(c.ID)

	r = open()
	after, _ := r.Conversation(c.ID)
	is.Equal(after.Mood, mailroom.MoodSilent)
	is.Equal(after.Entries[0].Files, before.Entries[0].Files)
	is.Equal(after.Entries[1].Text, "Bonjour")
	is.Equal(len(r.Answers()), 1)
	is.True(r.Approved("FR", sellersAddress))
	fate, err := r.Take(m.From, m.To, raw(m))
	is.NoErr(err)
	is.Equal(fate, mailroom.FateDelivered) // the buyer is still there

	is.NoErr(os.WriteFile(path, []byte("{"), 0o600))
	is.True(mailroom.New(mailroom.Options{}).Keep(path) != nil)
}

// TestAnswersComeBySMTP has the adapter that sends in earnest log in and send a file over TLS.
func TestAnswersComeBySMTP(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), &seller{}
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	r := mailroom.New(mailroom.Options{
		Deliver: s.deliver, TLS: &tls.Config{Certificates: web.TLS.Certificates}, User: "relay", Password: "secret", MaxFiles: 1000,
		MaxBytes: 100_000,
	})
	defer r.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.ServeSMTP(ctx, l) }()
	relay := &smtp.Relay{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: domain.TLSStart, User: "relay", Password: domain.NewSecret("secret"),
	}
	sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{InboundHost: "inbound.test", Relay: relay, RootCAs: web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
	defer sender.Close()

	c := begin(t, r, "FR")
	m := answerTo(c, "Bonjour,\n\nvoici la facture.")
	m.Connection.Source = domain.SourcePush
	send := func(size int) error {
		content := bytes.Repeat([]byte{1}, size)
		m.Files = []domain.OutgoingFile{{Name: "facture é.pdf", MediaType: "application/pdf", Size: int64(size), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		}}}
		_, err := sender.Send(t.Context(), m, func(context.Context) error { return nil })
		return err
	}
	is.NoErr(send(900))
	now, _ := r.Conversation(c.ID)
	is.Equal(len(now.Entries), 2)
	is.Equal(now.Entries[1].Text, m.Text)
	is.Equal(now.Entries[1].Files[0].Name, "facture é.pdf")
	is.Equal(len(now.Entries[1].Files[0].Content), 900)

	is.NoErr(send(2000)) // 250, and a report later
	is.Equal(r.Answers()[1].Fate, mailroom.FateTooLarge)
	is.Equal(domain.KindOf(send(100_000)), domain.ErrRejected) // more than SIZE
	m.To = "somebody@example.com"
	is.Equal(domain.KindOf(send(1)), domain.ErrRejected) // nothing leaves for the outside world
	relay.Password = domain.NewSecret("another")
	sender.Close()
	other := smtp.NewSender(memory.NewSecretStore(), smtp.Options{InboundHost: "inbound.test", Relay: relay})
	_, err = other.Send(t.Context(), m, func(context.Context) error { return nil })
	is.Equal(domain.KindOf(err), domain.ErrUnavailable) // its certificate, its log-in: nothing that a seller can mend
	is.Equal(len(r.Answers()), 2)
	stop()
	is.NoErr(<-done)
}

func TestPages(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), &seller{}
	r := mailroom.New(mailroom.Options{Deliver: s.deliver})
	defer r.Close()
	web := httptest.NewServer(r)
	defer web.Close()
	b := &browser{t: t, base: web.URL}

	is.True(strings.Contains(b.get("/messages/"), "Write as a buyer"))
	page := b.post("/messages/", map[string]string{
		"country": "DE", "buyer": "Jörg <i>", "seller": sellersAddress, "order": "999-1234567-1234567", "text": "Wo ist <b>es</b>?",
	}, "foto.png")
	is.True(strings.Contains(page, "Jörg &lt;i&gt;"))
	is.True(strings.Contains(page, "Wo ist &lt;b&gt;es&lt;/b&gt;?"))
	is.True(strings.Contains(page, "foto.png"))
	c := r.Conversations()[0]
	is.Equal(b.get("/messages/"+c.ID+"/0/0"), "content of foto.png")

	page = b.post("/messages/"+c.ID, map[string]string{"text": "Hallo?"}, "")
	is.True(strings.Contains(page, "Hallo?"))
	is.Equal(len(s.all()), 2)

	b.form("/messages/"+c.ID+"/mood", "mood=optout")
	b.form("/messages/permissions", "conversation="+c.ID+"&approved=no")
	c, _ = r.Conversation(c.ID)
	is.Equal(c.Mood, mailroom.MoodOptOut)
	is.True(!r.Approved("DE", sellersAddress))

	s.down = true
	page = b.post("/messages/"+c.ID, map[string]string{"text": "Noch da?"}, "")
	is.True(strings.Contains(page, "Nothing was sent: down"))
	is.True(strings.Contains(page, "Noch da?")) // what was written is not lost

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/messages/permissions", strings.NewReader("conversation="+c.ID))
	is.NoErr(err)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := http.DefaultClient.Do(request)
	is.NoErr(err)
	is.NoErr(response.Body.Close())
	is.Equal(response.StatusCode, http.StatusForbidden) // a page elsewhere writes nothing here
}
