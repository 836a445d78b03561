package app_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

// towns are two sellers who take mail, with real mails and their real reader.
type towns struct {
	*app.App
	addresses map[string]domain.InboundAddressState // two live ones of each seller, and one that was retired: "acme.0", "acme.1", "acme.retired"
}

func newTowns(t testing.TB) *towns {
	t.Helper()
	store := memory.NewStore()
	a, err := app.New(app.Deps{
		Repository: store, Directory: store, PollLedger: store, Secrets: memory.NewSecretStore(), Sources: memory.NewSourceVault(), Routes: store,
		Mailboxes: new(portmock.MockMailboxChecker), InboundHost: "in.example.com",
		Clients:      map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: new(portmock.MockMarketplaceClient)},
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: mail.Interpreter{AuthServer: mailtest.AuthServer}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &deliverStage{App: a}
	w := &towns{App: a, addresses: map[string]domain.InboundAddressState{}}
	for _, seller := range []string{"acme", "globex"} {
		w.addresses[seller+".0"], w.addresses[seller+".1"] = s.newAddress(t, seller, "FR"), s.newAddress(t, seller, "DE")
		w.addresses[seller+".retired"] = s.newAddress(t, seller, "IT")
		if _, err := a.RetireAddress.Run(t.Context(), app.RetireAddressCommand{
			Tenant: w.addresses[seller+".0"].Tenant, Address: w.addresses[seller+".retired"].ID, By: "test",
		}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// customers returns how many messages of buyers' each of the seller's tickets has.
func (w *towns) customers(t testing.TB, tenant domain.TenantID) (all []int) {
	t.Helper()
	tickets, _, err := w.ListTickets.Run(t.Context(), app.ListTicketsQuery{Tenant: tenant, TicketFilter: ports.TicketFilter{Limit: app.MaxList}})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range tickets {
		messages, _, err := w.ListMessages.Run(t.Context(), app.ConversationQuery{TicketQuery: app.TicketQuery{Tenant: tenant, Ticket: k.ID}, Limit: app.MaxList})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, len(slices.DeleteFunc(messages, func(m domain.TicketMessage) bool { return m.SenderType != domain.SenderCustomer })))
	}
	return all
}

// FuzzDeliveries holds that deliveries of a message, in any order, by any way, to whichever of a seller's addresses and at
// once, are one message, and that two messages never become one; that each buyer's message is on a ticket and no other mail opens one;
// and that nothing comes to a seller that was not sent to him.
func FuzzDeliveries(f *testing.F) {
	for i := range uint64(12) {
		f.Add(i, i*13, i)
	}
	ways := mailtest.Transports()
	names := []string{"as sent", "by a forwarder", "with Return-Path", "with bare LF", "with mixed ends"}
	f.Fuzz(func(t *testing.T, seed, from, order uint64) {
		const window = 14
		mails, rnd, w := mailtest.Mails(seed, 160), rand.New(rand.NewPCG(order, from)), newTowns(t)
		mails = mails[from%uint64(len(mails)-window):][:window]
		type delivery struct {
			mail mailtest.Mail
			to   domain.InboundAddressState
			raw  []byte
		}
		var all []delivery
		want, buyers := map[domain.TenantID]map[string]bool{}, map[domain.TenantID]map[string]bool{}
		for _, m := range mails {
			for range 1 + rnd.IntN(4) {
				to := w.addresses[[]string{"acme.0", "acme.1", "globex.0", "globex.1"}[rnd.IntN(4)]]
				all = append(all, delivery{m, to, ways[names[rnd.IntN(len(names))]](m.Raw)})
				if want[to.Tenant] == nil {
					want[to.Tenant], buyers[to.Tenant] = map[string]bool{}, map[string]bool{}
				}
				want[to.Tenant][m.Key] = true
				if m.Want.Kind == domain.KindBuyerMessage {
					buyers[to.Tenant][m.Key] = true
				}
			}
		}
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })

		var mu sync.Mutex
		stored := map[domain.TenantID]map[string]int{}
		var senders sync.WaitGroup
		for s := range 4 {
			senders.Go(func() {
				for i := s; i < len(all); i += 4 {
					d := all[i]
					outcome, err := w.Deliver.Run(t.Context(), app.DeliverCommand{
						Address: d.to, Via: ports.ViaLMTP, Source: domain.Source{MediaType: mail.MediaType, Bytes: d.raw}, Arrived: d.mail.Arrived,
					})
					mu.Lock()
					if stored[d.to.Tenant] == nil {
						stored[d.to.Tenant] = map[string]int{}
					}
					switch {
					case err != nil || outcome != ports.DeliveryStored && outcome != ports.DeliveryDuplicate:
						t.Errorf("%s: %s, %v", d.mail.Shape, outcome, err)
					case outcome == ports.DeliveryStored:
						stored[d.to.Tenant][d.mail.Key]++
					}
					mu.Unlock()
				}
			})
		}
		senders.Wait()
		for tenant, keys := range want {
			for key := range keys {
				if n := stored[tenant][key]; n != 1 {
					t.Errorf("%s: message %s is stored %d times", tenant, key, n)
				}
			}
			said := 0
			for _, n := range w.customers(t, tenant) {
				if said += n; n == 0 {
					t.Errorf("%s: a ticket without a buyer's word", tenant)
				}
			}
			if said != len(buyers[tenant]) {
				t.Errorf("%s: %d messages of buyers are on tickets, of %d", tenant, said, len(buyers[tenant]))
			}
		}
	})
}

// FuzzRecipient holds that a mail comes to the seller whose address its recipient is, letter by letter, and to nobody else,
// whatever else the recipient looks like. ACME, GLOBEX and RETIRED stand for addresses.
func FuzzRecipient(f *testing.F) {
	for _, recipient := range []string{
		"ACME", "GLOBEX", "RETIRED", "acme", "ACMEGLOBEX", "ACME,GLOBEX", "<ACME>", "ACME\x00", "ACME\r\nGLOBEX", " ACME", "ACME.", "xACME", "@ACME",
		"amazon.acme.fr.' OR 1=1 --@in.example.com", "amazon.acme.fr.../../etc/passwd@in.example.com", `"ACME"`, "amazon.acme.fr.%@in.example.com",
		"amazon.acme.fr._____________________@in.example.com", "amazon.acme.fr.@in.example.com", "ACME@in.example.com", "aCME", "é@in.example.com",
	} {
		f.Add(recipient)
	}
	w := newTowns(f)
	f.Fuzz(func(t *testing.T, recipient string) {
		acme, globex, retired := w.addresses["acme.0"], w.addresses["globex.0"], w.addresses["acme.retired"]
		recipient = strings.NewReplacer("ACME", acme.Address, "GLOBEX", globex.Address, "RETIRED", retired.Address).Replace(recipient)
		a, err := w.Deliver.Route(t.Context(), recipient)
		switch name := strings.ToLower(recipient); {
		case name == acme.Address && len(recipient) == len(name):
			if err != nil || a.ID != acme.ID || a.Tenant != acme.Tenant {
				t.Fatalf("%q is acme's, and leads to %v, %v", recipient, a, err)
			}
		case name == globex.Address && len(recipient) == len(name):
			if err != nil || a.ID != globex.ID || a.Tenant != globex.Tenant {
				t.Fatalf("%q is globex's, and leads to %v, %v", recipient, a, err)
			}
		case name == retired.Address && len(recipient) == len(name):
			if domain.KindOf(err) != domain.ErrForbidden {
				t.Fatalf("%q is retired, and leads to %v, %v", recipient, a, err)
			}
		default:
			if domain.KindOf(err) != domain.ErrNotFound || a.Address != "" {
				t.Fatalf("%q is nobody's, and leads to %v, %v", recipient, a, err)
			}
		}
	})
}
