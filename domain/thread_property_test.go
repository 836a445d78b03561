package domain_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// told is what people see of a ticket, whatever its ids are.
type told struct {
	Key, Order, Name, Email, Blocked string
	Status                           domain.TicketStatus
	Priority                         domain.Priority
	LastMessageAt                    string
	Messages                         []string // external ids of all that is on it
	Events                           []string
}

// tell returns all tickets by their keys, and what is on none.
func (s *shelf) tell() (tickets []told, lone []string) {
	byID := map[domain.TicketID]*told{}
	for id, ticket := range s.tickets {
		t := ticket.State()
		byID[id] = &told{
			Key: t.ExternalID, Order: t.OrderID, Name: t.CustomerName, Email: t.CustomerEmail, Blocked: t.AutoSendBlockedReason,
			Status: t.Status, Priority: t.Priority, LastMessageAt: t.LastMessageAt.String(),
		}
	}
	for _, m := range s.messages {
		if k := byID[m.Ticket]; k != nil {
			k.Messages = append(k.Messages, m.ExternalID)
		} else {
			lone = append(lone, m.ExternalID+" "+string(m.Quarantine))
		}
	}
	for _, e := range s.events {
		byID[e.Ticket].Events = append(byID[e.Ticket].Events, fmt.Sprint(e.Type, e.Payload))
	}
	for _, k := range byID {
		slices.Sort(k.Messages)
		slices.Sort(k.Events)
		tickets = append(tickets, *k)
	}
	slices.SortFunc(tickets, func(a, b told) int { return strings.Compare(a.Key, b.Key) })
	slices.Sort(lone)
	return tickets, lone
}

// mixed is n messages of all kinds in the order of their time, about a few threads, orders and buyers.
func mixed(random *rand.Rand, n int) (all []domain.InboundMessage) {
	some := func(of string, n int) string {
		if i := random.IntN(2 * n); i < n {
			return fmt.Sprint(of, i)
		}
		return ""
	}
	words := []string{"Hello", "I want a refund", "My lawyer will write", "Thanks"}
	for i := range n {
		m := by(fmt.Sprint("buyer", random.IntN(5)), in(message(i), "", ""))
		m.MailID, m.Body = fmt.Sprint("mail", i), words[random.IntN(len(words))]
		switch random.IntN(8) {
		case 0: // an event names its order and nothing else
			kinds := []domain.MessageKind{
				domain.KindCancelRequest, domain.KindReturnEvent, domain.KindRefundEvent, domain.KindClaimOpened, domain.KindClaimClosed, domain.KindChargeback,
			}
			m = of(in(m, "", fmt.Sprint("order", random.IntN(4))), kinds[random.IntN(len(kinds))])
		case 1:
			// One that waits for both its thread and its order would bring what the book of another page does not know.
			if m = of(in(m, some("thread", 6), ""), domain.KindSellerCopy); m.ThreadID == "" {
				m.OrderID = some("order", 4)
			}
			m.MailID = "" // the buyer has not got the copy, and answers another mail
		case 2:
			m = of(in(m, some("thread", 6), some("order", 4)), []domain.MessageKind{domain.KindDeliveryFailure, domain.KindDeliveryDelay}[random.IntN(2)])
			m.BuyerEmail = ""
		case 3:
			m = of(in(m, some("thread", 6), some("order", 4)), []domain.MessageKind{domain.KindNotice, domain.KindUnknown}[random.IntN(2)])
		default:
			m = in(m, some("thread", 6), some("order", 4))
		}
		if i > 0 && random.IntN(4) == 0 {
			m.References = []string{fmt.Sprint("mail", random.IntN(i))}
		}
		all = append(all, m)
	}
	return all
}

// However messages that come in the order of their time are cut into pages, and whatever the order within a page, the tickets
// are the same, and all that is on them.
func TestThreadDoesNotDependOnHowPagesAreCut(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 4))
		all := mixed(random, 60)
		whole := newShelf(t)
		whole.take(all...)
		want, alone := whole.tell()
		for range 3 {
			cut := newShelf(t)
			for rest := all; len(rest) > 0; {
				page := slices.Clone(rest[:min(len(rest), 1+random.IntN(20))])
				rest = rest[len(page):]
				random.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
				cut.take(page...)
			}
			got, lone := cut.tell()
			is := is.New(t)
			is.Equal(len(got), len(want)) // tickets
			for i := range got {
				is.Equal(got[i], want[i]) // and all that is on each
			}
			is.Equal(lone, alone) // and what is on none
		}
	}
}

// Where every thread is of one order, and that of one buyer, as it should be, the order in which messages come plays no part either: each order is
// one conversation, with its events.
func TestThreadDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 5))
		var all []domain.InboundMessage
		want := map[string]map[string]bool{}
		for i := range 60 {
			thread := random.IntN(12)
			m := by(fmt.Sprintf("buyer%d+%d", thread%4, thread), in(message(i), fmt.Sprint("thread", thread), fmt.Sprint("order", thread%4)))
			if m.OrderID == "order3" {
				m.OrderID = "" // these threads are of no order
			} else if random.IntN(3) == 0 {
				m.ThreadID, m.Kind = "", domain.KindReturnEvent
			}
			key := cmp.Or(m.OrderID, m.ThreadID)
			if want[key] == nil {
				want[key] = map[string]bool{}
			}
			want[key][m.ExternalID] = true
			all = append(all, m)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		s := newShelf(t)
		for page := range slices.Chunk(all, 1+random.IntN(20)) {
			s.take(page...)
		}
		tickets, lone := s.tell()
		is := is.New(t)
		is.Equal(len(lone), 0)
		is.Equal(len(tickets), len(want))
		for _, k := range tickets {
			together := want[cmp.Or(k.Order, k.Key)]
			is.Equal(len(k.Messages), len(together))
			for _, id := range k.Messages {
				is.True(together[id])
			}
		}
	}
}

// Of every intake each message is in one place and is told of at most once by each type, as the stores' constraints ask.
func TestIntakesKeepTheStoresRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 6))
		is, s := is.New(t), newShelf(t)
		for page := range slices.Chunk(mixed(random, 100), 25) {
			before := len(s.messages)
			in := s.take(page...)
			is.Equal(len(in.Messages), len(page))
			is.Equal(len(s.messages), before+len(page))
			touched := map[domain.TicketID]bool{}
			for _, ticket := range slices.Concat(in.Opened, in.Changed) {
				is.True(!touched[ticket.State().ID]) // a ticket is opened or changed, once
				touched[ticket.State().ID] = true
			}
			for _, m := range in.TicketMessages {
				is.True(touched[m.Ticket])
				is.Equal(s.messages[m.ExternalMessage].Ticket, m.Ticket)
			}
			for _, j := range in.Joined {
				is.True(touched[j.Ticket])
			}
		}
		type once struct {
			of  any
			typ domain.EventType
		}
		seen, keys := map[once]bool{}, map[string]bool{}
		for _, e := range s.events {
			of := once{e.Origin, e.Type}
			if e.Origin == (domain.MessageID{}) {
				of.of = e.Message
			}
			is.True(!seen[of])
			seen[of] = true
		}
		for _, ticket := range s.tickets {
			is.True(!keys[ticket.State().ExternalID])
			keys[ticket.State().ExternalID] = true
		}
	}
}
