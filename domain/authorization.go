package domain

import (
	"slices"
	"time"
)

// AuthorizationStatus is the state of an Authorization.
type AuthorizationStatus string

// The states of an Authorization.
const (
	AuthorizationGranted   AuthorizationStatus = "GRANTED"   // the marketplace takes our token
	AuthorizationWithdrawn AuthorizationStatus = "WITHDRAWN" // it does not any more: the seller must authorize us again
	AuthorizationEnded     AuthorizationStatus = "ENDED"     // the seller disconnected here; its token is deleted
)

// AuthorizationState is the data of an Authorization.
type AuthorizationState struct {
	ID         AuthorizationID
	Tenant     TenantID
	Connection ConnectionID
	Type       MarketplaceType
	Region     string // what one consent covers: for Amazon NA, EU or FE
	SellerID   string // the marketplace's id of the seller's account: Amazon's selling partner id
	Status     AuthorizationStatus
	VaultPath  string    // where its token is; "" once that is deleted
	GrantedAt  time.Time // when the seller last consented
	ExpiresAt  time.Time // when the marketplace ends it unless the seller consents again
	LookedAt   time.Time // when the marketplace was last asked what the account takes part in; zero when it never was
	WarnedDays int       // the last of WarnDays that was warned of since GrantedAt; 0 when none was
	LastError  string    // why it is WITHDRAWN; "" otherwise. Fit for users
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// AuthorizationLife is how long Amazon's sellers authorize a public application for ("Renew authorizations" of the SP-API
// documentation).
const AuthorizationLife = 365 * 24 * time.Hour

// WarnDays are how many days before the end of an authorization its seller is warned, the first warning first.
var WarnDays = []int{60, 30, 7}

// Authorization is a seller's leave to use the marketplace's API for one region. A connection has at most one a region, which
// keeps its identity when the seller authorizes us again.
type Authorization struct{ s AuthorizationState }

// NewAuthorization returns the authorization that a seller has just given for a region of a connection.
func NewAuthorization(c ConnectionState, region string, g Grant, now time.Time) (*Authorization, error) {
	a := &Authorization{AuthorizationState{
		ID: NewID[AuthorizationID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Region: region,
		SellerID: g.SellerID, Status: AuthorizationEnded, CreatedAt: now.UTC(),
	}}
	return a, a.Grant(g, now)
}

// Grant is what a seller's consent brought, once its token is stored.
type Grant struct {
	SellerID  string
	VaultPath string // where the token is
}

// RestoreAuthorization loads an authorization. ErrInvalid if s breaks a rule of authorizations.
func RestoreAuthorization(s AuthorizationState) (*Authorization, error) {
	switch {
	case s.ID == AuthorizationID{}, s.Tenant.IsZero(), s.Connection == ConnectionID{}, s.Type == "", s.Region == "":
		return nil, Errorf(ErrInvalid, "an authorization needs an id, a tenant, a connection and a region")
	case s.SellerID == "":
		return nil, Errorf(ErrInvalid, "an authorization needs the seller's id")
	case s.Status == AuthorizationGranted && (s.VaultPath == "" || s.GrantedAt.IsZero() || !s.ExpiresAt.After(s.GrantedAt)):
		return nil, Errorf(ErrInvalid, "a granted authorization needs its token's path, its beginning and its end")
	}
	switch s.Status {
	case AuthorizationGranted, AuthorizationWithdrawn, AuthorizationEnded:
		return &Authorization{s}, nil
	}
	return nil, Errorf(ErrInvalid, "unknown status of an authorization")
}

// State returns the data of the authorization.
func (a *Authorization) State() AuthorizationState { return a.s }

// Grant takes in that the seller consented, for the first time or again. ErrConflict if it is another seller's account than
// the one whose authorization this is and that did not end: orders and messages of two accounts must not mix.
func (a *Authorization) Grant(g Grant, now time.Time) error {
	if a.s.Status != AuthorizationEnded && g.SellerID != a.s.SellerID {
		return Errorf(ErrConflict, "another seller's account is connected in this region: disconnect it first, or sign in with that account")
	}
	next := a.s
	next.Status, next.SellerID, next.VaultPath, next.LastError, next.WarnedDays = AuthorizationGranted, g.SellerID, g.VaultPath, "", 0
	next.GrantedAt, next.ExpiresAt, next.UpdatedAt = now.UTC(), now.UTC().Add(AuthorizationLife), now.UTC()
	checked, err := RestoreAuthorization(next)
	if err != nil {
		return err
	}
	*a = *checked
	return nil
}

// Withdraw takes in that the marketplace takes the token at path no more, because of cause. It reports whether that changed
// anything: not when the seller has authorized us anew since, nor when it was known.
func (a *Authorization) Withdraw(path string, cause error, now time.Time) bool {
	if a.s.Status != AuthorizationGranted || a.s.VaultPath != path {
		return false
	}
	a.s.Status, a.s.LastError, a.s.UpdatedAt = AuthorizationWithdrawn, Message(cause), now.UTC()
	return true
}

// End takes in that the seller disconnected. The path stays until the token is deleted: see [Authorization.ForgetSecrets].
// Ending twice is harmless.
func (a *Authorization) End(now time.Time) {
	if a.s.Status != AuthorizationEnded {
		a.s.Status, a.s.LastError, a.s.UpdatedAt = AuthorizationEnded, "", now.UTC()
	}
}

// lookAgain is the time from one look at what an account takes part in to the next: sellers open new marketplaces now and then.
const lookAgain = 7 * 24 * time.Hour

// LookAt is when the marketplace is to be asked what the account takes part in: at once after a consent, then every week. Zero
// for one that is not GRANTED.
func (s AuthorizationState) LookAt() time.Time {
	switch {
	case s.Status != AuthorizationGranted:
		return time.Time{}
	case s.LookedAt.Before(s.GrantedAt):
		return s.GrantedAt
	}
	return s.LookedAt.Add(lookAgain)
}

// Looked notes that the marketplace was asked at now what the account takes part in.
func (a *Authorization) Looked(now time.Time) { a.s.LookedAt, a.s.UpdatedAt = now.UTC(), now.UTC() }

// ForgetSecrets notes that the token at path is deleted. It does nothing if the authorization did not end or its token is
// elsewhere by now.
func (a *Authorization) ForgetSecrets(path string, now time.Time) {
	if a.s.Status == AuthorizationEnded && a.s.VaultPath == path {
		a.s.VaultPath, a.s.UpdatedAt = "", now.UTC()
	}
}

// DaysLeft is how many whole days the authorization has left at now; 0 on its last day and once it is over.
func (s AuthorizationState) DaysLeft(now time.Time) int {
	return int(max(0, s.ExpiresAt.Sub(now)) / (24 * time.Hour))
}

// Warn reports how many days of notice the seller is to be given at now, one of WarnDays, and notes that it was given. 0 when
// none is due: it is not GRANTED, ends later than that, or the seller was warned. Of several that were missed the last counts.
func (a *Authorization) Warn(now time.Time) (days int) {
	if a.s.Status != AuthorizationGranted {
		return 0
	}
	left := a.s.ExpiresAt.Sub(now)
	for _, d := range WarnDays {
		if left <= time.Duration(d)*24*time.Hour && (a.s.WarnedDays == 0 || d < a.s.WarnedDays) {
			days = d
		}
	}
	if days > 0 {
		a.s.WarnedDays, a.s.UpdatedAt = days, now.UTC()
	}
	return days
}

// Participation is a marketplace that a seller's account takes part in, as the marketplace itself says.
type Participation struct {
	Region        string
	MarketplaceID string
	Country       string // ISO 3166-1 alpha-2, upper case
	Name          string // of the marketplace
	StoreName     string // under which the seller sells there; "" when none was said
	Language      string // BCP 47 tag of the marketplace's default language; "" when none was said
	Currency      string // ISO 4217; "" when none was said
	Participating bool
	Suspended     bool // the account is there and its listings are suspended
}

// AuthorizationFor returns the GRANTED authorizations that may know an order, the likeliest first: that of region, then the
// others by region. region may be "".
func AuthorizationFor(all []AuthorizationState, region string) []AuthorizationState {
	var granted []AuthorizationState
	for _, a := range all {
		if a.Status == AuthorizationGranted {
			granted = append(granted, a)
		}
	}
	slices.SortFunc(granted, func(a, b AuthorizationState) int {
		switch {
		case a.Region == b.Region:
			return 0
		case a.Region == region, b.Region != region && a.Region < b.Region:
			return -1
		}
		return 1
	})
	return granted
}
