package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports"
)

// archiveRules are about reading stored messages again.
var archiveRules = rules[RepositoryFixture]{
	"Messages gives what is stored with its raw and its place on a ticket, by rising id": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		odd := inbound(awkward, "thread", "order", minute(1))
		odd.BuyerName, odd.BuyerEmail, odd.Language, odd.Body, odd.Source.Bytes = "", "", "", awkward, everyByte()
		notice := inbound("notice", "", "", minute(2))
		notice.Kind, notice.Source = domain.KindNotice, domain.Source{MediaType: "text/plain", Bytes: []byte(awkward)}
		bare := inbound("bare", "", "", minute(3))
		bare.Source = domain.Source{}
		f.ingest(t, c, inbound("m1", "thread", "order", minute(0)), odd, notice, bare)
		flagged := f.allStored(t, c.Tenant, everything, 1<<30)
		f.rewrite(t, c, func(m *domain.Stored) { m.OnTicket.SafetyFlags = flags }, flagged[0].Message.ID)

		got := f.allStored(t, c.Tenant, everything, 1<<30)
		is.Equal(len(got), 4)
		is.True(slices.IsSortedFunc(got, byMessageID))
		var messages []domain.ExternalMessage
		var onTickets []domain.TicketMessage
		for _, m := range got {
			messages = append(messages, plainMessage(m.Message))
			if m.OnTicket.ID != (domain.TicketMessageID{}) {
				onTickets = append(onTickets, plainTicketMessage(m.OnTicket))
			}
			is.Equal(m.OnTicket.ID == (domain.TicketMessageID{}), m.Message.Kind == domain.KindNotice)
		}
		slices.SortFunc(messages, func(a, b domain.ExternalMessage) int {
			return bytes.Compare([]byte(a.ExternalID), []byte(b.ExternalID))
		})
		is.Equal(messages, f.messages(t, c))
		bySentAt := func(a, b domain.TicketMessage) int { return a.SentAt.Compare(b.SentAt) }
		want := f.holding(t, c.Tenant).Messages
		slices.SortFunc(onTickets, bySentAt)
		slices.SortFunc(want, bySentAt)
		is.Equal(onTickets, want)
	},
	"pages are bounded by number and by size, and together they are everything": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		page := make([]domain.InboundMessage, 23)
		for i := range page {
			page[i] = inbound(fmt.Sprint("m", i), "", "", minute(i))
			page[i].Source.Bytes = bytes.Repeat([]byte{'x'}, 100)
		}
		page[7].Source.Bytes = bytes.Repeat([]byte{'y', 0}, 50_000) // much larger than any page here
		f.ingest(t, c, page...)
		all := f.allStored(t, c.Tenant, everything, 1<<30)
		is.Equal(len(all), len(page))
		for _, bounds := range [][2]int{{1, 1 << 20}, {5, 1 << 20}, {23, 1 << 20}, {100, 1}, {100, 100}, {100, 101}, {100, 1000}} {
			is.Equal(f.allStored(t, c.Tenant, bounds[0], bounds[1]), all)
		}
		var after domain.MessageID
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			got, err := tx.Archive.Messages(ctx, after, everything, 250)
			is.NoErr(err)
			is.Equal(len(got), 3) // the third reaches the size
			got, err = tx.Archive.Messages(ctx, all[6].Message.ID, everything, 100_000)
			is.NoErr(err)
			is.Equal(len(got), 1) // it does so alone
			n, err := tx.Archive.Count(ctx, after)
			is.NoErr(err)
			is.Equal(n, len(page))
			n, err = tx.Archive.Count(ctx, all[20].Message.ID)
			is.NoErr(err)
			is.Equal(n, 2)
			for _, bounds := range [][2]int{{0, 1}, {1, 0}, {-1, 1}} {
				_, err = tx.Archive.Messages(ctx, after, bounds[0], bounds[1])
				is.True(errors.Is(err, domain.ErrInvalid))
			}
			return nil
		})
	},
	"Message and Present give the same message, Present without the raw": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread", "", minute(0)), inbound("m2", "thread", "", minute(1)), inbound("m3", "", "", minute(2)))
		all := f.allStored(t, c.Tenant, everything, 1<<30)
		unknown := domain.NewID[domain.MessageID]()
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			m, err := tx.Archive.Message(ctx, all[1].Message.ID)
			is.NoErr(err)
			is.Equal(m, all[1])
			_, err = tx.Archive.Message(ctx, unknown)
			is.True(errors.Is(err, domain.ErrNotFound))
			present, err := tx.Archive.Present(ctx, []domain.MessageID{all[2].Message.ID, unknown, all[0].Message.ID})
			is.NoErr(err)
			want := []domain.Stored{all[0], all[2]}
			for i := range want {
				want[i].Message.Source.Bytes = nil
			}
			is.Equal(present, want)
			none, err := tx.Archive.Present(ctx, nil)
			is.NoErr(err)
			is.Equal(len(none), 0)
			return nil
		})
	},
	"Rewrite stores what is derived and nothing else": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		notice := inbound("notice", "", "", minute(1))
		notice.Kind = domain.KindNotice
		in := f.ingest(t, c, inbound("m1", "thread", "order", minute(0)), notice, inbound("m3", "", "", minute(2)))
		before := f.allStored(t, c.Tenant, everything, 1<<30)
		k := in.Opened[0].State().ID
		want := slices.Clone(before)
		for i := range want[:2] { // the third stays
			m, on := &want[i].Message, &want[i].OnTicket
			m.Kind, m.ThreadID, m.OrderID, m.BuyerName, m.BuyerEmail = domain.KindSellerCopy, "T"+awkward, "", awkward, ""
			m.Language, m.ReceivedAt, m.Ticket, m.Quarantine = "de", minute(99), k, awkward
			m.Evidence, m.Parser, m.MailID, m.Subject = awkward, 9, "id@mail", awkward
			m.Facts, m.Flags, m.SafetyFlags = map[string]string{awkward: awkward}, []domain.ParseFlag{awkward, domain.FlagAbsence}, flags
			if on.ID != (domain.TicketMessageID{}) {
				on.SenderName, on.Body, on.SafetyFlags, on.SentAt = "", awkward, flags, minute(98)
				on.Quoted, on.MailID = awkward, "id@mail"
			}
		}
		given := slices.Clone(want[:2])
		for i := range given { // what nobody may change
			m, on := &given[i].Message, &given[i].OnTicket
			m.ExternalID, m.Type, m.Source = "another", domain.Fnac, domain.StoredSource{}
			on.SenderType, on.Source, on.Internal, on.Delivery = domain.SenderAgent, domain.FromEmail, true, domain.DeliveryFailed
		}
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.Archive.Rewrite(ctx, given) })
		is.Equal(f.allStored(t, c.Tenant, everything, 1<<30), want)
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.Archive.Rewrite(ctx, nil) })
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.Archive.Rewrite(ctx, before) })
		is.Equal(f.allStored(t, c.Tenant, everything, 1<<30), before) // and back to what is empty
	},
	"Rewrite of what is not there is ErrNotFound and changes nothing": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread", "", minute(0)))
		before := f.allStored(t, c.Tenant, everything, 1<<30)
		good, lost, astray := before[0], before[0], before[0]
		good.Message.Language = "de"
		lost.Message.ID = domain.NewID[domain.MessageID]()
		astray.OnTicket.ID = domain.NewID[domain.TicketMessageID]()
		for _, bad := range []domain.Stored{lost, astray} {
			err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
					return err
				}
				return tx.Archive.Rewrite(ctx, []domain.Stored{good, bad})
			})
			is.True(errors.Is(err, domain.ErrNotFound))
		}
		is.Equal(f.allStored(t, c.Tenant, everything, 1<<30), before)
	},
	"Conversations are tickets with the flags of their messages and events": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		claim := inbound("claim", "a", "", minute(4))
		claim.Kind = domain.KindClaimOpened
		f.ingest(t, c, inbound("m1", "a", "", minute(0)), inbound("m2", "a", "", minute(1)), inbound("m3", "b", "", minute(2)), inbound("m4", "c", "", minute(3)), claim)
		all := f.allStored(t, c.Tenant, everything, 1<<30)
		f.rewrite(t, c, func(m *domain.Stored) { m.OnTicket.SafetyFlags = flags }, all[0].Message.ID)
		is.True(len(all[4].Message.SafetyFlags) > 0) // the claim's
		a, b := all[0].Message.Ticket, all[2].Message.Ticket
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			for _, read := range []func(context.Context, []domain.TicketID) ([]ports.Conversation, error){tx.Archive.Conversations, tx.Archive.LockConversations} {
				got, err := read(ctx, []domain.TicketID{b, domain.NewID[domain.TicketID](), a})
				is.NoErr(err)
				is.Equal(len(got), 2) // by rising id: a was opened first
				is.Equal([]domain.TicketID{got[0].Ticket.State().ID, got[1].Ticket.State().ID}, []domain.TicketID{a, b})
				is.Equal(got[0].Flags, map[domain.TicketMessageID][]safety.Flag{all[0].OnTicket.ID: flags})
				is.Equal(got[0].Events, map[domain.MessageID][]safety.Flag{all[4].Message.ID: all[4].Message.SafetyFlags})
				is.Equal(len(got[1].Flags)+len(got[1].Events), 0)
				stored, err := tx.Tickets.Get(ctx, a)
				is.NoErr(err)
				is.Equal(plainTicket(got[0].Ticket.State()), plainTicket(stored.State())) // whole
				none, err := read(ctx, nil)
				is.NoErr(err)
				is.Equal(len(none), 0)
			}
			return nil
		})
	},
	"of those that lock a conversation none overwrites another's change": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		id := f.ingest(t, c, inbound("m1", "thread", "", minute(0))).Opened[0].State().ID
		const n = 8
		for _, err := range together(n, func(int) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				got, err := tx.Archive.LockConversations(ctx, []domain.TicketID{id})
				if err != nil {
					return err
				}
				s := got[0].Ticket.State()
				s.Subject += "+"
				changed, err := domain.RestoreTicket(s)
				if err != nil {
					return err
				}
				return tx.Pages.Store(ctx, domain.PageWrite{Changed: []*domain.Ticket{changed}})
			})
		}) {
			is.NoErr(err)
		}
		is.Equal(f.holding(t, c.Tenant).Tickets[0].Subject, inbound("", "", "", start).Subject+"++++++++")
	},
	"messages that are rewritten while others come in are whole": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		messages := backlog(90)
		f.ingest(t, c, messages[:60]...)
		old := f.allStored(t, c.Tenant, everything, 1<<30)
		for _, err := range together(8, func(i int) error {
			if i%2 == 0 {
				return f.tryRewrite(t.Context(), c, old[5*i:5*i+10])
			}
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				s, err := tx.SyncStates.Lock(ctx, c.ID)
				if err != nil {
					return err
				}
				_, err = ingest(ctx, tx, c, s.State().Cursor, "", messages[4*i:4*i+60])
				return err
			})
		}) {
			is.NoErr(err)
		}
		languages := map[string]int{}
		for _, m := range f.allStored(t, c.Tenant, everything, 1<<30) {
			languages[m.Message.Language]++
		}
		is.Equal(languages["rewritten"], 40)
		is.Equal(f.holding(t, c.Tenant).count()[1], len(f.messages(t, c)))
	},
	"a View reads the archive and changes nothing in it": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		id := f.ingest(t, c, inbound("m1", "thread", "", minute(0))).Opened[0].State().ID
		all := f.allStored(t, c.Tenant, everything, 1<<30)
		for _, change := range []func(context.Context, ports.Tx) error{
			func(ctx context.Context, tx ports.Tx) error { return tx.Archive.Rewrite(ctx, all) },
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Archive.LockConversations(ctx, []domain.TicketID{id})
				return err
			},
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Archive.Conversations(ctx, []domain.TicketID{id})
			return err
		})
	},
	"the archive shows and changes nothing of another tenant": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.connect(t, t2, domain.Amazon)
		f.ingest(t, c, inbound("m1", "thread", "", minute(0)))
		theirs := f.allStored(t, c.Tenant, everything, 1<<30)
		f.update(t, t2, func(ctx context.Context, tx ports.Tx) error {
			n, err := tx.Archive.Count(ctx, domain.MessageID{})
			is.NoErr(err)
			is.Equal(n, 0)
			page, err := tx.Archive.Messages(ctx, domain.MessageID{}, everything, 1<<30)
			is.NoErr(err)
			is.Equal(len(page), 0)
			_, err = tx.Archive.Message(ctx, theirs[0].Message.ID)
			is.True(errors.Is(err, domain.ErrNotFound))
			present, err := tx.Archive.Present(ctx, []domain.MessageID{theirs[0].Message.ID})
			is.NoErr(err)
			is.Equal(len(present), 0)
			tickets, err := tx.Archive.LockConversations(ctx, []domain.TicketID{theirs[0].Message.Ticket})
			is.NoErr(err)
			is.Equal(len(tickets), 0)
			return nil
		})
		posing := theirs[0]
		posing.Message.Tenant, posing.OnTicket.Tenant = t2, t2
		for _, m := range []domain.Stored{theirs[0], posing} {
			m.Message.Language = "de"
			err := f.Repository.Update(t.Context(), t2, func(ctx context.Context, tx ports.Tx) error {
				return tx.Archive.Rewrite(ctx, []domain.Stored{m})
			})
			is.True(errors.Is(err, domain.ErrNotFound))
		}
		is.Equal(f.allStored(t, c.Tenant, everything, 1<<30), theirs)
	},
}

func byMessageID(a, b domain.Stored) int {
	return bytes.Compare(a.Message.ID.UUID[:], b.Message.ID.UUID[:])
}

// allStored reads the archive to its end in pages.
func (f RepositoryFixture) allStored(t *testing.T, tenant domain.TenantID, limit, size int) (all []domain.Stored) {
	t.Helper()
	var after domain.MessageID
	for {
		var page []domain.Stored
		f.view(t, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.Archive.Messages(ctx, after, limit, size)
			return err
		})
		if len(page) == 0 {
			return all
		}
		if len(page) > limit {
			t.Fatalf("a page of %d, not %d", len(page), limit)
		}
		after, all = page[len(page)-1].Message.ID, append(all, page...)
	}
}

// underLock runs fn as a replay does, under the lock of c's sync state.
func (f RepositoryFixture) underLock(t *testing.T, c domain.ConnectionState, fn ports.TxFunc) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

// rewrite changes stored messages.
func (f RepositoryFixture) rewrite(t *testing.T, c domain.ConnectionState, change func(*domain.Stored), ids ...domain.MessageID) {
	t.Helper()
	f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error {
		present, err := tx.Archive.Present(ctx, ids)
		if err != nil {
			return err
		}
		for i := range present {
			change(&present[i])
		}
		return tx.Archive.Rewrite(ctx, present)
	})
}

// tryRewrite rewrites messages, and says so in their language.
func (f RepositoryFixture) tryRewrite(ctx context.Context, c domain.ConnectionState, messages []domain.Stored) error {
	return f.Repository.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
			return err
		}
		again := slices.Clone(messages)
		for i := range again {
			again[i].Message.Language = "rewritten"
		}
		return tx.Archive.Rewrite(ctx, again)
	})
}
