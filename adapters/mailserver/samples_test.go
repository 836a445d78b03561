package mailserver_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Every variant of every shape in every language comes by many connections to whom its envelope names, some of them twice:
// each message is stored once for its seller, what nobody has is refused for good, and buyers' words are on tickets.
func TestSamplesArrive(t *testing.T) {
	t.Parallel()
	const lines = 16
	is, s := is.New(t), newPostgresStage(t, pgtest.Database(t))
	s.read.forget = true
	address := s.serve(t, mailserver.Options{LMTP: true})
	recipients := map[mailtest.Route]domain.InboundAddressState{
		mailtest.RouteLive: s.live, mailtest.RouteSecond: s.second, mailtest.RouteRetired: s.retired, mailtest.RouteOther: s.other,
	}
	type message struct {
		tenant domain.TenantID
		key    string
	}
	var mails []mailtest.Mail
	want, buyers := map[message]bool{}, map[domain.TenantID]map[string]bool{s.live.Tenant: {}, s.other.Tenant: {}}
	refused, rejected, taken := 0, 0, 0
	for _, shape := range mailtest.Shapes() {
		for i, m := range mailtest.Shape(shape, 7) {
			if m.History && i%20 > 0 { // there are 500 of them
				continue
			}
			times := 1
			if i%5 == 0 && len(m.Raw) < 1<<20 {
				times = 2
			}
			mails = append(mails, slices.Repeat([]mailtest.Mail{m}, times)...)
			to := message{recipients[m.Route].Tenant, m.Key}
			switch {
			case m.Route == mailtest.RouteNone || m.Route == mailtest.RouteRetired:
				refused += times
				continue
			case m.Reject != "":
				rejected += times
			case m.Want.Kind == domain.KindBuyerMessage:
				buyers[to.tenant][m.Key] = true
				want[to] = true
			default:
				want[to] = true
			}
			taken += times
		}
	}
	is.True(len(want) > 1500)

	var all sync.WaitGroup
	for line := range lines {
		w := dial(t, address)
		w.want("220")
		w.talk(hello(true))
		_ = w.SetDeadline(time.Now().Add(10 * time.Minute))
		all.Go(func() {
			for i := line; i < len(mails); i += lines {
				m := mails[i]
				to := m.Recipient
				if a := recipients[m.Route]; a.Address != "" {
					to = a.Address
				}
				envelope := "MAIL FROM:<bounce@example.com>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n"
				w.send(envelope)
				answers := []string{w.reply(), w.reply(), w.reply()}
				if nobody := m.Route == mailtest.RouteNone || m.Route == mailtest.RouteRetired; nobody {
					w.send("RSET\r\n")
					if !strings.HasPrefix(answers[1], "5") || !strings.HasPrefix(answers[2], "5") || !strings.HasPrefix(w.reply(), "250") {
						t.Errorf("%s: to nobody, and answered %q", m.Shape, answers)
					}
					continue
				}
				w.send(stuffed(string(m.Raw)))
				answer := w.reply()
				for strings.HasPrefix(answer, "452") { // large mails take turns with memory
					w.send(envelope)
					answers = []string{w.reply(), w.reply(), w.reply()}
					w.send(stuffed(string(m.Raw)))
					answer = w.reply()
				}
				if !strings.HasPrefix(answer, "250") {
					t.Errorf("%s: answered %q, and %q", m.Shape, answers, answer)
				}
			}
		})
	}
	all.Wait()
	is.Equal(s.observer.count(ports.DeliveryStored), len(want))
	is.Equal(s.observer.count(ports.DeliveryRejected), rejected) // and kept
	is.Equal(s.observer.count(ports.DeliveryDuplicate), taken-len(want)-rejected)
	is.True(s.observer.count(ports.DeliveryRetired) >= 12)      // of S02
	is.True(s.observer.count(ports.DeliveryUnknown) <= refused) // the others are no addresses
	for tenant, keys := range buyers {
		is.Equal(s.customers(t, tenant), len(keys)) // on tickets
	}
}
