package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// consent is a consent to c that is stored nowhere, with changes.
func consent(t *testing.T, c domain.ConnectionState, changes ...func(*domain.ConsentState)) *domain.Consent {
	t.Helper()
	is := is.New(t)
	k, _, err := domain.NewConsent(c, domain.ConsentBegin{Region: "EU", Browser: domain.NewNonce()}, start)
	is.NoErr(err)
	s := k.State()
	for _, change := range changes {
		change(&s)
	}
	k, err = domain.RestoreConsent(s)
	is.NoErr(err)
	return k
}

// insertConsent stores a consent.
func (f RepositoryFixture) insertConsent(ctx context.Context, c *domain.Consent) error {
	return f.Repository.Update(ctx, c.State().Tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Consents.Insert(ctx, c) })
}

// begun stores a new consent to c and returns it.
func (f RepositoryFixture) begun(t *testing.T, c domain.ConnectionState, changes ...func(*domain.ConsentState)) domain.ConsentState {
	t.Helper()
	k := consent(t, c, changes...)
	is.New(t).NoErr(f.insertConsent(t.Context(), k))
	return k.State()
}

// consume has a stored consent answered at a time.
func (f RepositoryFixture) consume(ctx context.Context, s domain.ConsentState, at time.Time) error {
	return f.Repository.Update(ctx, s.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Consents.Lock(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := c.Consume(at); err != nil {
			return err
		}
		return tx.Consents.Save(ctx, c)
	})
}

// consentOf is a consent as its tenant's transactions have it.
func (f RepositoryFixture) consentOf(t *testing.T, s domain.ConsentState) (got domain.ConsentState) {
	t.Helper()
	f.update(t, s.Tenant, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Consents.Lock(ctx, s.ID)
		if err == nil {
			got = c.State()
		}
		return err
	})
	return got
}

// whole has every field set.
func whole(s *domain.ConsentState) {
	s.Country, s.Region, s.SellerID, s.ReturnTo, s.User = awkward, awkward, awkward, awkward, awkward
	s.ExpiresAt, s.ConsumedAt, s.CreatedAt = minute(3), minute(2), minute(1)
}

// consentRules are about ports.Consents.
var consentRules = rules[RepositoryFixture]{
	"every field of a consent comes back": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for _, s := range []domain.ConsentState{f.begun(t, c), f.begun(t, c, whole)} {
			is.Equal(f.consentOf(t, s), s)
		}
	},
	"a consent that was locked and saved is stored as it became": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.begun(t, f.connect(t, tenant(t, "t1"), domain.Amazon))
		is.NoErr(f.consume(t.Context(), s, minute(1)))
		s.ConsumedAt = minute(1)
		is.Equal(f.consentOf(t, s), s)
	},
	"of many who answer a consent at once one does": func(t *testing.T, f RepositoryFixture) {
		is, answered := is.New(t), 0
		s := f.begun(t, f.connect(t, tenant(t, "t1"), domain.Amazon))
		for i, err := range together(16, func(i int) error { return f.consume(t.Context(), s, minute(1+i)) }) {
			if err == nil {
				answered++
				is.Equal(f.consentOf(t, s).ConsumedAt, minute(1+i)) // and stays the one
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(answered, 1)
	},
	"an answer that is undone leaves the consent to be answered": func(t *testing.T, f RepositoryFixture) {
		is, mine := is.New(t), errors.New("mine")
		s := f.begun(t, f.connect(t, tenant(t, "t1"), domain.Amazon))
		is.True(errors.Is(f.Repository.Update(t.Context(), s.Tenant, func(ctx context.Context, tx ports.Tx) error {
			c, err := tx.Consents.Lock(ctx, s.ID)
			is.NoErr(err)
			is.NoErr(c.Consume(minute(1)))
			return errors.Join(tx.Consents.Save(ctx, c), mine)
		}), mine))
		is.NoErr(f.consume(t.Context(), s, minute(2)))
	},
	"a new consent removes those of its connection that ended more than a day before": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, other := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t1"), domain.Fnac)
		ended := func(before time.Duration) func(*domain.ConsentState) {
			return func(s *domain.ConsentState) { s.CreatedAt, s.ExpiresAt = start.Add(-48*time.Hour), start.Add(-before) }
		}
		old, oldOfOther := f.begun(t, c, ended(24*time.Hour+time.Microsecond)), f.begun(t, other, ended(47*time.Hour))
		young, used := f.begun(t, c, ended(24*time.Hour)), f.begun(t, c, whole, func(s *domain.ConsentState) { s.CreatedAt = start })
		f.begun(t, c)
		is.True(errors.Is(f.consume(t.Context(), old, start), domain.ErrNotFound))
		for _, s := range []domain.ConsentState{young, used, oldOfOther} {
			is.Equal(f.consentOf(t, s), s)
		}
	},
	"a state is one consent's, whoever asks for it": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c, theirs := f.connect(t, tenant(t, "t1"), domain.Amazon), f.connect(t, tenant(t, "t2"), domain.Amazon)
		s := f.begun(t, c)
		same := func(other *domain.ConsentState) { other.StateHash = s.StateHash }
		for _, again := range []*domain.Consent{consent(t, c, same), consent(t, theirs, same)} {
			is.True(errors.Is(f.insertConsent(t.Context(), again), domain.ErrConflict))
		}
	},
	"a consent that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.True(errors.Is(f.consume(t.Context(), consent(t, c).State(), start), domain.ErrNotFound))
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return tx.Consents.Save(ctx, consent(t, c))
		}), domain.ErrNotFound))
		stranger := connection(t, c.Tenant, domain.Fnac).State()
		is.True(errors.Is(f.insertConsent(t.Context(), consent(t, stranger)), domain.ErrNotFound))
	},
	"a View neither begins nor locks a consent": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := f.begun(t, c)
		for _, change := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error { _, err := tx.Consents.Lock(ctx, s.ID); return err },
			func(ctx context.Context, tx ports.Tx) error { return tx.Consents.Insert(ctx, consent(t, c)) },
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
	},
	"consents of another tenant are not locked, not saved, not made and not removed": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.connect(t, t2, domain.Amazon)
		s := f.begun(t, c, func(s *domain.ConsentState) { s.ExpiresAt = start.Add(-48 * time.Hour) })
		for name, use := range map[string]ports.TxFunc{
			"locked": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Consents.Lock(ctx, s.ID); return err },
			"saved": func(ctx context.Context, tx ports.Tx) error {
				return tx.Consents.Save(ctx, consent(t, c, func(changed *domain.ConsentState) { changed.ID, changed.Tenant = s.ID, t2 }))
			},
			"theirs": func(ctx context.Context, tx ports.Tx) error { return tx.Consents.Insert(ctx, consent(t, c)) },
			"on their connection": func(ctx context.Context, tx ports.Tx) error {
				return tx.Consents.Insert(ctx, consent(t, c, func(s *domain.ConsentState) { s.Tenant = t2 }))
			},
		} {
			err := f.Repository.Update(t.Context(), t2, use)
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		is.Equal(f.consentOf(t, s), s)
	},
}

// pendingConsentRules are about ports.PendingConsents.
var pendingConsentRules = rules[RepositoryFixture]{
	"a state leads to its consent, whosever it is, over or used as it may be": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		var all []domain.ConsentState
		for _, name := range []string{"t1", "t2"} {
			c := f.connect(t, tenant(t, name), domain.Amazon)
			all = append(all, f.begun(t, c, whole), f.begun(t, c), f.begun(t, c, func(s *domain.ConsentState) {
				s.ExpiresAt = start.Add(-time.Hour)
			}))
		}
		for _, want := range all {
			got, err := f.Consents.FindConsent(t.Context(), want.StateHash)
			is.NoErr(err)
			is.Equal(got, want)
		}
	},
	"what was changed is seen": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.begun(t, f.connect(t, tenant(t, "t1"), domain.Amazon))
		is.NoErr(f.consume(t.Context(), s, minute(1)))
		got, err := f.Consents.FindConsent(t.Context(), s.StateHash)
		is.NoErr(err)
		is.Equal(got.ConsumedAt, minute(1))
	},
	"a state that nobody was given is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, mine := is.New(t), errors.New("mine")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s, undone := f.begun(t, c), consent(t, c)
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Consents.Insert(ctx, undone), mine)
		}), mine))
		for name, hash := range map[string][]byte{
			"none": nil, "empty": {}, "short": s.StateHash[:31], "long": append(append([]byte{}, s.StateHash...), 0),
			"zero": make([]byte, 32), "another": domain.HashNonce(domain.NewNonce()), "the browser's": s.BrowserHash,
			"undone": undone.State().StateHash,
		} {
			got, err := f.Consents.FindConsent(t.Context(), hash)
			if !errors.Is(err, domain.ErrNotFound) || got.ID != (domain.ConsentID{}) {
				t.Errorf("%s: %v", name, err)
			}
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f RepositoryFixture) {
		s := f.begun(t, f.connect(t, tenant(t, "t1"), domain.Amazon))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Consents.FindConsent(ctx, s.StateHash)
		is.New(t).True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrNotFound))
	},
}
