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

// authorization is a GRANTED authorization of c that is stored nowhere, with changes.
func authorization(t *testing.T, c domain.ConnectionState, region string, changes ...func(*domain.AuthorizationState)) *domain.Authorization {
	t.Helper()
	is := is.New(t)
	a, err := domain.NewAuthorization(c, region, domain.Grant{SellerID: "A1SELLER", VaultPath: "secret/of/" + region}, start)
	is.NoErr(err)
	s := a.State()
	for _, change := range changes {
		change(&s)
	}
	a, err = domain.RestoreAuthorization(s)
	is.NoErr(err)
	return a
}

// insertAuthorization stores an authorization under the lock of its connection.
func (f RepositoryFixture) insertAuthorization(ctx context.Context, a *domain.Authorization) error {
	return f.Repository.Update(ctx, a.State().Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, a.State().Connection); err != nil {
			return err
		}
		return tx.Authorizations.Insert(ctx, a)
	})
}

// authorized stores a new authorization of c and returns it.
func (f RepositoryFixture) authorized(t *testing.T, c domain.ConnectionState, region string, changes ...func(*domain.AuthorizationState)) domain.AuthorizationState {
	t.Helper()
	a := authorization(t, c, region, changes...)
	is.New(t).NoErr(f.insertAuthorization(t.Context(), a))
	return a.State()
}

// changeAuthorization changes a stored authorization under the lock of its connection.
func (f RepositoryFixture) changeAuthorization(ctx context.Context, s domain.AuthorizationState, change func(*domain.Authorization)) error {
	return f.Repository.Update(ctx, s.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, s.Connection); err != nil {
			return err
		}
		all, err := tx.Authorizations.Of(ctx, s.Connection)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.State().ID == s.ID {
				change(a)
				return tx.Authorizations.Save(ctx, a)
			}
		}
		return domain.Errorf(domain.ErrNotFound, "not among those of its connection")
	})
}

// authorizations are those of a connection, as a tenant sees them.
func (f RepositoryFixture) authorizations(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) (all []domain.AuthorizationState) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) error {
		listed, err := tx.Authorizations.Of(ctx, c)
		for _, a := range listed {
			all = append(all, a.State())
		}
		return err
	})
	return all
}

// authorizationRules are about ports.Authorizations.
var authorizationRules = rules[RepositoryFixture]{
	"authorizations come back with every field, ended ones too, by region": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(len(f.authorizations(t, c.Tenant, c.ID)), 0)
		na := f.authorized(t, c, "NA", func(s *domain.AuthorizationState) {
			s.Status, s.LastError, s.WarnedDays = domain.AuthorizationWithdrawn, awkward, 7
			s.GrantedAt, s.ExpiresAt, s.CreatedAt, s.UpdatedAt, s.LookedAt = minute(1), minute(2), minute(3), minute(4), minute(5)
		})
		eu := f.authorized(t, c, "EU")
		odd := f.authorized(t, c, awkward, func(s *domain.AuthorizationState) { s.SellerID, s.VaultPath = awkward, awkward })
		fe := f.authorized(t, c, "FE", func(s *domain.AuthorizationState) {
			s.Status, s.VaultPath, s.GrantedAt, s.ExpiresAt = domain.AuthorizationEnded, "", start.Truncate(0).AddDate(-1, 0, 0), start
		})
		is.Equal(f.authorizations(t, c.Tenant, c.ID), []domain.AuthorizationState{eu, fe, odd, na})
	},
	"an authorization that was saved is stored as it became": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s, other := f.authorized(t, c, "EU"), f.authorized(t, c, "NA")
		var want domain.AuthorizationState
		for _, change := range []func(*domain.Authorization){
			func(a *domain.Authorization) { a.Looked(minute(1)) },
			func(a *domain.Authorization) { is.Equal(a.Warn(s.ExpiresAt.Add(-time.Microsecond)), 7) },
			func(a *domain.Authorization) {
				is.True(a.Withdraw(s.VaultPath, domain.Errorf(domain.ErrRejected, "withdrawn"), minute(1)))
			},
			func(a *domain.Authorization) {
				is.NoErr(a.Grant(domain.Grant{SellerID: s.SellerID, VaultPath: "secret/of/another"}, minute(2)))
			},
			func(a *domain.Authorization) { a.End(minute(3)) },
			func(a *domain.Authorization) { a.ForgetSecrets("secret/of/another", minute(4)) },
			func(a *domain.Authorization) {
				is.NoErr(a.Grant(domain.Grant{SellerID: "another", VaultPath: s.VaultPath}, minute(5)))
			},
		} {
			is.NoErr(f.changeAuthorization(t.Context(), s, func(a *domain.Authorization) {
				change(a)
				want = a.State()
			}))
			is.Equal(f.authorizations(t, c.Tenant, c.ID), []domain.AuthorizationState{want, other})
		}
	},
	"a connection has one authorization a region, an ended one too": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.authorized(t, c, "EU", func(s *domain.AuthorizationState) { s.Status = domain.AuthorizationEnded })
		is.True(errors.Is(f.insertAuthorization(t.Context(), authorization(t, c, "EU")), domain.ErrConflict))
		f.authorized(t, c, "NA")
		f.authorized(t, f.connect(t, c.Tenant, domain.Amazon, func(s *domain.ConnectionState) { s.MarketplaceID = "another" }), "EU")
		f.authorized(t, f.connect(t, tenant(t, "t2"), domain.Amazon), "EU")
		is.Equal(len(f.authorizations(t, c.Tenant, c.ID)), 2)
	},
	"of several who insert an authorization at once one does": func(t *testing.T, f RepositoryFixture) {
		is, inserted := is.New(t), 0
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for _, err := range together(6, func(int) error { return f.insertAuthorization(t.Context(), authorization(t, c, "EU")) }) {
			if err == nil {
				inserted++
			} else {
				is.True(errors.Is(err, domain.ErrConflict))
			}
		}
		is.Equal(inserted, 1)
	},
	"under the lock of their connection none overwrites another's change": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		s := f.authorized(t, f.connect(t, tenant(t, "t1"), domain.Amazon), "EU", func(s *domain.AuthorizationState) { s.WarnedDays = 100 })
		for _, err := range together(8, func(int) error {
			return f.changeAuthorization(t.Context(), s, func(a *domain.Authorization) {
				was := a.State()
				was.WarnedDays--
				changed, err := domain.RestoreAuthorization(was)
				is.NoErr(err)
				*a = *changed
			})
		}) {
			is.NoErr(err)
		}
		is.Equal(f.authorizations(t, s.Tenant, s.Connection)[0].WarnedDays, 92)
	},
	"an authorization that is not there is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Connections.Lock(ctx, c.ID)
			is.NoErr(err)
			return tx.Authorizations.Save(ctx, authorization(t, c, "EU"))
		}), domain.ErrNotFound))
		stranger := connection(t, c.Tenant, domain.Fnac).State()
		is.Equal(len(f.authorizations(t, c.Tenant, stranger.ID)), 0)
		for _, use := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Insert(ctx, authorization(t, stranger, "EU"))
			},
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.SetParticipations(ctx, stranger.ID, "EU", participations)
			},
		} {
			is.True(errors.Is(f.Repository.Update(t.Context(), c.Tenant, use), domain.ErrNotFound))
		}
		is.Equal(len(f.participations(t, c.Tenant, stranger.ID)), 0)
	},
	"a View lists authorizations, and changes none": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		s := f.authorized(t, c, "EU")
		for _, change := range []ports.TxFunc{
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Insert(ctx, authorization(t, c, "NA"))
			},
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Save(ctx, authorization(t, c, "EU", func(changed *domain.AuthorizationState) { changed.ID = s.ID }))
			},
			func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.SetParticipations(ctx, c.ID, "EU", participations)
			},
		} {
			is.True(f.Repository.View(t.Context(), c.Tenant, change) != nil)
		}
		is.Equal(f.authorizations(t, c.Tenant, c.ID), []domain.AuthorizationState{s})
		is.Equal(len(f.participations(t, c.Tenant, c.ID)), 0)
	},
	"authorizations of another tenant are not shown, not changed and not made": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		own := f.connect(t, t2, domain.Amazon)
		s := f.authorized(t, c, "EU")
		f.setParticipations(t, c, "EU", participations)
		is.Equal(len(f.authorizations(t, t2, c.ID)), 0)
		is.Equal(len(f.participations(t, t2, c.ID)), 0)
		for name, use := range map[string]ports.TxFunc{
			"saved": func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Save(ctx, authorization(t, own, "EU", func(changed *domain.AuthorizationState) { changed.ID = s.ID }))
			},
			"theirs": func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Insert(ctx, authorization(t, c, "NA"))
			},
			"on their connection": func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.Insert(ctx, authorization(t, c, "NA", func(s *domain.AuthorizationState) { s.Tenant = t2 }))
			},
			"their participations": func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.SetParticipations(ctx, c.ID, "EU", nil)
			},
		} {
			err := f.Repository.Update(t.Context(), t2, use)
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		is.Equal(f.authorizations(t, c.Tenant, c.ID), []domain.AuthorizationState{s})
		is.Equal(len(f.participations(t, c.Tenant, c.ID)), len(participations))
	},
	"participations come back with every field, by country, and are replaced region by region": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		is.Equal(len(f.participations(t, c.Tenant, c.ID)), 0)
		f.setParticipations(t, c, "EU", participations)
		want := []domain.Participation{participations[2], participations[1], participations[0]}
		is.Equal(f.participations(t, c.Tenant, c.ID), want)
		usa := domain.Participation{Region: "NA", MarketplaceID: "ATVPDKIKX0DER", Country: "US", Name: "Amazon.com", Participating: true}
		named := usa
		named.Region = "elsewhere"
		f.setParticipations(t, c, "NA", []domain.Participation{named})
		is.Equal(f.participations(t, c.Tenant, c.ID), append(want, usa)) // the region is the one that is said
		f.setParticipations(t, c, "EU", participations[:1])
		f.setParticipations(t, c, "EU", participations[:1]) // again is the same
		is.Equal(f.participations(t, c.Tenant, c.ID), []domain.Participation{participations[0], usa})
		f.setParticipations(t, c, "EU", nil)
		is.Equal(f.participations(t, c.Tenant, c.ID), []domain.Participation{usa})
	},
	"of several participations in one marketplace the first stands": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		again := participations[0]
		again.Name = "again"
		f.setParticipations(t, c, "EU", []domain.Participation{participations[0], again})
		is.Equal(f.participations(t, c.Tenant, c.ID), participations[:1])
	},
	"of several who replace participations at once one's stand, whole": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		for _, err := range together(8, func(i int) error {
			return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
				return tx.Authorizations.SetParticipations(ctx, c.ID, "EU", participations[i%2*2:i%2*2+1])
			})
		}) {
			is.NoErr(err)
		}
		is.Equal(len(f.participations(t, c.Tenant, c.ID)), 1)
	},
}

// participations are of one region, by falling country.
var participations = []domain.Participation{
	{Region: "EU", MarketplaceID: "A13V1IB3VIYZZH", Country: "FR", Name: "Amazon.fr", StoreName: "Ma boutique", Language: "fr-FR", Currency: "EUR", Participating: true},
	{Region: "EU", MarketplaceID: awkward, Country: "DE", Name: awkward, StoreName: awkward, Language: awkward, Currency: awkward, Suspended: true},
	{Region: "EU", MarketplaceID: "A1PA6795UKMFR9", Country: "DE", Name: "Amazon.de", Participating: true, Suspended: true},
}

func (f RepositoryFixture) setParticipations(t *testing.T, c domain.ConnectionState, region string, all []domain.Participation) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Authorizations.SetParticipations(ctx, c.ID, region, all)
	})
}

// participations are those of a connection, as a tenant sees them.
func (f RepositoryFixture) participations(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) (all []domain.Participation) {
	t.Helper()
	f.view(t, tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		all, err = tx.Authorizations.Participations(ctx, c)
		return err
	})
	return all
}
