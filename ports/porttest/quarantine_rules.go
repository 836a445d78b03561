package porttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// quarantineRules are about ports.Quarantine.
var quarantineRules = rules[RepositoryFixture]{
	"what is in quarantine is listed with every field and without bytes, what was stored last first": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.manyQuarantined(t, c)
		got := f.quarantined(t, c.Tenant, everything)
		is.Equal(len(got), len(want))
		for i, q := range got {
			is.True(time.Since(q.StoredAt).Abs() < time.Minute) // as far as clocks agree
			is.Equal(q.StoredAt.Location(), time.UTC)
			is.True(i == 0 || cmp.Or(got[i-1].StoredAt.Compare(q.StoredAt), cmp.Compare(got[i-1].ID.String(), q.ID.String())) > 0)
			is.True(q.Raw.Bytes == nil)
			q.StoredAt, q.Raw = time.Time{}, domain.StoredSource{}
			expected := want[q.ID]
			expected.Raw = domain.StoredSource{}
			is.Equal(q, expected)
		}
	},
	"pages of quarantine give each once, whatever their size": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.manyQuarantined(t, c)
		want := f.quarantined(t, c.Tenant, everything)
		for limit := 1; limit <= len(want)+1; limit++ {
			is.Equal(f.quarantined(t, c.Tenant, limit), want)
		}
		is.True(errors.Is(f.Repository.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.List(ctx, ports.Position{}, 0)
			return err
		}), domain.ErrInvalid))
	},
	"Get gives one with its raw, Lock without the bytes": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		want := f.manyQuarantined(t, c)
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			for _, listed := range f.quarantined(t, c.Tenant, everything) {
				for _, get := range []func(context.Context, domain.QuarantineID) (domain.Quarantined, error){tx.Quarantine.Get, tx.Quarantine.Lock} {
					got, err := get(ctx, listed.ID)
					is.NoErr(err)
					got.Raw, listed.Raw = domain.StoredSource{}, domain.StoredSource{}
					is.Equal(got, listed)
				}
				got, err := tx.Quarantine.Get(ctx, listed.ID)
				is.NoErr(err)
				is.Equal(got.Raw, want[listed.ID].Raw)
				got, err = tx.Quarantine.Lock(ctx, listed.ID)
				is.NoErr(err)
				is.True(got.Raw.Bytes == nil)
			}
			return nil
		})
	},
	"what needs no look is not in quarantine": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		notice := external(c, "m2", func(m *domain.ExternalMessage) { m.Kind = domain.KindNotice })
		r := rejected(c, "1", domain.RejectNUL, []byte{0})
		in := f.ingest(t, c, inbound("m1", "thread", "", start))
		f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{notice}, Rejected: []domain.RejectedMessage{r}})
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error { return tx.DeadLetters.MarkReplayed(ctx, r.ID, minute(1)) })
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 0)
		for _, id := range []domain.QuarantineID{domain.QuarantineID(in.Messages[0].ID), domain.QuarantineID(notice.ID), domain.QuarantineID(r.ID), domain.NewID[domain.QuarantineID]()} {
			f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Quarantine.Get(ctx, id)
				is.True(errors.Is(err, domain.ErrNotFound))
				_, err = tx.Quarantine.Lock(ctx, id)
				is.True(errors.Is(err, domain.ErrNotFound))
				is.True(errors.Is(tx.Quarantine.Dismiss(ctx, domain.MessageID(id)), domain.ErrNotFound))
				is.True(errors.Is(tx.Quarantine.Assign(ctx, domain.MessageID(id), in.Opened[0].State().ID), domain.ErrNotFound))
				return nil
			})
		}
	},
	"Assign puts a message on a ticket as a buyer's, and ends its quarantine": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		k := f.ingest(t, c, inbound("m1", "thread", "", start)).Opened[0].State().ID
		suspect, other := f.suspects(t, c)
		on := domain.TicketMessage{
			ID: domain.NewID[domain.TicketMessageID](), Tenant: c.Tenant, Ticket: k, ExternalMessage: suspect.ID,
			SenderType: domain.SenderCustomer, Body: "Où ?", Source: domain.FromMarketplace, SentAt: minute(1),
		}
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
			return errors.Join(err, tx.Quarantine.Assign(ctx, suspect.ID, k), tx.Pages.Store(ctx, domain.PageWrite{TicketMessages: []domain.TicketMessage{on}}))
		})
		want := suspect
		want.Kind, want.Ticket, want.Quarantine = domain.KindBuyerMessage, k, ""
		is.Equal(f.messages(t, c)[1:], []domain.ExternalMessage{want, other}) // and nothing else of it
		is.Equal(f.holding(t, c.Tenant).Messages[1], on)
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 1)
	},
	"Dismiss ends the quarantine of a message and changes nothing else": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		suspect, other := f.suspects(t, c)
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
			return errors.Join(err, tx.Quarantine.Dismiss(ctx, suspect.ID))
		})
		suspect.Quarantine = ""
		is.Equal(f.messages(t, c), []domain.ExternalMessage{suspect, other})
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 1)
	},
	"a message that joins a ticket out of quarantine keeps its kind": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		k := f.ingest(t, c, inbound("m1", "thread", "", start)).Opened[0].State().ID
		suspect, other := f.suspects(t, c)
		f.underLock(t, c, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
			return errors.Join(err, tx.Pages.Store(ctx, domain.PageWrite{Joined: []domain.Joined{{Message: suspect.ID, Ticket: k}}}))
		})
		suspect.Ticket, suspect.Quarantine = k, ""
		is.Equal(f.messages(t, c)[1:], []domain.ExternalMessage{suspect, other})
	},
	"a rejected message is neither assigned nor dismissed": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		k := f.ingest(t, c, inbound("m1", "thread", "", start)).Opened[0].State().ID
		r := rejected(c, "1", domain.RejectNUL, []byte{0})
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{r}})
		f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(r.ID))
			is.NoErr(err)
			is.True(errors.Is(tx.Quarantine.Assign(ctx, domain.MessageID(r.ID), k), domain.ErrNotFound))
			is.True(errors.Is(tx.Quarantine.Dismiss(ctx, domain.MessageID(r.ID)), domain.ErrNotFound))
			return nil
		})
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 1)
	},
	"a ticket that the tenant does not have is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, theirs := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		k := f.ingest(t, theirs, inbound("m1", "thread", "", start)).Opened[0].State().ID
		suspect, _ := f.suspects(t, c)
		for _, ticket := range []domain.TicketID{k, domain.NewID[domain.TicketID]()} {
			err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
				is.NoErr(err)
				return tx.Quarantine.Assign(ctx, suspect.ID, ticket)
			})
			is.True(errors.Is(err, domain.ErrNotFound))
		}
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 2)
	},
	"of those that take one out of quarantine at once one does": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		k := f.ingest(t, c, inbound("m1", "thread", "", start)).Opened[0].State().ID
		suspect, _ := f.suspects(t, c)
		r := rejected(c, "1", domain.RejectNUL, []byte{0})
		f.store(t, c, domain.PageWrite{Rejected: []domain.RejectedMessage{r}})
		ended := map[domain.QuarantineID]int{}
		ids := []domain.QuarantineID{domain.QuarantineID(suspect.ID), domain.QuarantineID(r.ID)}
		for i, err := range together(12, func(i int) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				q, err := tx.Quarantine.Lock(ctx, ids[i%2])
				switch {
				case err != nil:
					return err
				case q.Rejected:
					return tx.DeadLetters.MarkReplayed(ctx, r.ID, minute(1))
				case i%4 == 0:
					return tx.Quarantine.Dismiss(ctx, suspect.ID)
				}
				return tx.Quarantine.Assign(ctx, suspect.ID, k)
			})
		}) {
			if err == nil {
				ended[ids[i%2]]++
			} else {
				is.True(errors.Is(err, domain.ErrNotFound))
			}
		}
		is.Equal(ended, map[domain.QuarantineID]int{ids[0]: 1, ids[1]: 1})
	},
	"what was taken out by a transaction that is undone is still in quarantine": func(t *testing.T, f RepositoryFixture) {
		is, mine := is.New(t), errors.New("mine")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		suspect, _ := f.suspects(t, c)
		err := f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
			return errors.Join(err, tx.Quarantine.Dismiss(ctx, suspect.ID), mine)
		})
		is.True(errors.Is(err, mine))
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 2)
	},
	"Rewrite puts messages into quarantine and takes them out": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		suspect, other := f.suspects(t, c)
		f.rewrite(t, c, func(m *domain.Stored) { m.Message.Quarantine = "" }, suspect.ID)
		f.rewrite(t, c, func(m *domain.Stored) { m.Message.Quarantine = domain.QuarantineAmbiguous }, other.ID)
		got := f.quarantined(t, c.Tenant, everything)
		is.Equal(len(got), 1)
		is.Equal(got[0].ID, domain.QuarantineID(other.ID))
		is.Equal(got[0].Reason, string(domain.QuarantineAmbiguous))
	},
	"a View lists quarantine, and neither locks nor ends any": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		suspect, _ := f.suspects(t, c)
		for _, change := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Quarantine.Lock(ctx, domain.QuarantineID(suspect.ID))
				return err
			},
			func(ctx context.Context, tx ports.Tx) error { return tx.Quarantine.Dismiss(ctx, suspect.ID) },
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
		is.Equal(len(f.quarantined(t, c.Tenant, everything)), 2)
	},
	"the quarantine of another tenant is not shown and not ended": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.manyQuarantined(t, c)
		before := f.quarantined(t, c.Tenant, everything)
		is.Equal(len(f.quarantined(t, t2, everything)), 0)
		for _, q := range before {
			f.update(t, t2, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Quarantine.Get(ctx, q.ID)
				is.True(errors.Is(err, domain.ErrNotFound))
				_, err = tx.Quarantine.Lock(ctx, q.ID)
				is.True(errors.Is(err, domain.ErrNotFound))
				is.True(errors.Is(tx.Quarantine.Dismiss(ctx, domain.MessageID(q.ID)), domain.ErrNotFound))
				return nil
			})
		}
		is.Equal(f.quarantined(t, c.Tenant, everything), before)
	},
}

// suspects stores two messages in quarantine.
func (f RepositoryFixture) suspects(t *testing.T, c domain.ConnectionState) (a, b domain.ExternalMessage) {
	t.Helper()
	make := func(id string) domain.ExternalMessage {
		return external(c, id, func(m *domain.ExternalMessage) {
			m.Kind, m.Quarantine, m.Evidence = domain.KindSuspect, domain.QuarantineSuspect, "sender"
			m.ThreadID, m.OrderID, m.BuyerName, m.Subject = "thread-"+id, "order", "Zoë", "Où ?"
		})
	}
	a, b = make("s1"), make("s2")
	f.store(t, c, domain.PageWrite{Messages: []domain.ExternalMessage{a, b}})
	return a, b
}

// manyQuarantined stores messages and rejected ones, some at one time, and returns them as they should be shown, without the
// time when they were stored.
func (f RepositoryFixture) manyQuarantined(t *testing.T, c domain.ConnectionState) map[domain.QuarantineID]domain.Quarantined {
	t.Helper()
	key, want := f.newKey(t, c.Tenant), map[domain.QuarantineID]domain.Quarantined{}
	for i := range 3 {
		var in domain.PageWrite
		for j, reason := range []domain.QuarantineReason{domain.QuarantineUnknown, domain.QuarantineNoTicket, awkward} {
			m := external(c, fmt.Sprint("m", i, j), func(m *domain.ExternalMessage) {
				m.Kind, m.Quarantine, m.Source = domain.KindClaimOpened, reason, sealed(mail(fmt.Sprint(i, j)), key)
				if j > 0 {
					m.Evidence, m.OrderID, m.BuyerName, m.BuyerEmail, m.Subject = awkward, "order", "Zoë", "zoe@example.com", "Où ?"
					m.Source = mail(fmt.Sprint(i, j)).Plain()
				}
			})
			in.Messages = append(in.Messages, m)
			want[domain.QuarantineID(m.ID)] = domain.Quarantined{
				ID: domain.QuarantineID(m.ID), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Reason: string(reason), Detail: m.Evidence,
				Kind: m.Kind, ExternalID: m.ExternalID, OrderID: m.OrderID, BuyerName: m.BuyerName, BuyerEmail: m.BuyerEmail,
				Subject: m.Subject, ReceivedAt: m.ReceivedAt, Raw: m.Source,
			}
		}
		for j, raw := range []domain.StoredSource{mail(fmt.Sprint("r", i)).Plain(), sealed(mail(fmt.Sprint("s", i)), key)} {
			r := rejected(c, fmt.Sprint("r", i, j), domain.RejectNUL, nil)
			r.Source = raw
			if j > 0 {
				r.ReceivedAt, r.Detail = minute(i), awkward
			}
			in.Rejected = append(in.Rejected, r)
			want[domain.QuarantineID(r.ID)] = domain.Quarantined{
				ID: domain.QuarantineID(r.ID), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Rejected: true, Reason: string(r.Reason),
				Detail: r.Detail, ExternalID: r.ExternalID, ReceivedAt: r.ReceivedAt, Raw: r.Source,
			}
		}
		f.store(t, c, in)
	}
	return want
}

// quarantined reads the quarantine to its end in pages.
func (f RepositoryFixture) quarantined(t *testing.T, tenant domain.TenantID, limit int) (all []domain.Quarantined) {
	t.Helper()
	var after ports.Position
	for {
		var page []domain.Quarantined
		f.view(t, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.Quarantine.List(ctx, after, limit)
			return err
		})
		if len(page) > limit || len(all) > 1000 {
			t.Fatalf("a page of %d, not %d", len(page), limit)
		}
		if all = append(all, page...); len(page) < limit {
			return slices.Clip(all)
		}
		last := page[len(page)-1]
		after = ports.Position{At: last.StoredAt, ID: last.ID.String()}
	}
}
