package memory

import (
	"bytes"
	"context"
	"maps"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

type consents struct{ *transaction }

// consentKept is how long a consent that is over stays.
const consentKept = 24 * time.Hour

func (x consents) Insert(ctx context.Context, c *domain.Consent) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := c.State()
	if _, there := x.rows.connections[s.Connection]; !there || s.Tenant != x.tenant {
		return errNone
	}
	maps.DeleteFunc(x.rows.consents, func(_ domain.ConsentID, other domain.ConsentState) bool {
		return other.Connection == s.Connection && other.ExpiresAt.Before(stored(s.CreatedAt.Add(-consentKept)))
	})
	for _, other := range x.rows.consents {
		if bytes.Equal(other.StateHash, s.StateHash) {
			return x.fail(errThere)
		}
	}
	if _, err := x.store.FindConsent(ctx, s.StateHash); err == nil { // anybody's
		return x.fail(errThere)
	}
	x.locked[consentLock(s.ID)] = true
	return x.fail(add(x.rows.consents, s.ID, copyConsent(s)))
}

func (x consents) Lock(ctx context.Context, id domain.ConsentID) (*domain.Consent, error) {
	if err := x.change(ctx); err != nil {
		return nil, err
	}
	s, there := x.rows.consents[id]
	if !there {
		return nil, errNone
	}
	x.locked[consentLock(id)] = true
	return domain.RestoreConsent(copyConsent(s))
}

func (x consents) Save(ctx context.Context, c *domain.Consent) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	s := c.State()
	if _, there := x.rows.consents[s.ID]; !there {
		return errNone
	}
	if err := x.holds(consentLock(s.ID)); err != nil {
		return err
	}
	x.rows.consents[s.ID] = copyConsent(s)
	return nil
}

// FindConsent implements ports.PendingConsents.
func (s *Store) FindConsent(ctx context.Context, stateHash []byte) (domain.ConsentState, error) {
	if err := ctx.Err(); err != nil {
		return domain.ConsentState{}, err
	}
	for _, r := range s.all() {
		for _, c := range r.consents {
			if bytes.Equal(c.StateHash, stateHash) {
				return copyConsent(c), nil
			}
		}
	}
	return domain.ConsentState{}, errNone
}
