package domain

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

// ConsentLife is how long a seller may take to consent at the marketplace and come back.
const ConsentLife = 10 * time.Minute

// ConsentState is the data of a Consent.
type ConsentState struct {
	ID          ConsentID
	Tenant      TenantID
	Connection  ConnectionID
	Type        MarketplaceType
	Country     string // the country that the seller asked to connect; "" when the marketplace began it
	Region      string // what the consent covers
	SellerID    string // the account that must come back; "" when none was named before
	ReturnTo    string // where the browser goes in the end, checked against [ReturnTargets]; "" for a page of ours
	User        string // who began it: the token's subject
	StateHash   []byte // SHA-256 of the state, which is kept nowhere
	BrowserHash []byte // SHA-256 of what the browser that began it holds
	ExpiresAt   time.Time
	ConsumedAt  time.Time // when it was answered; zero until then
	CreatedAt   time.Time
}

// Consent is a seller's way to the marketplace and back (OAuth 2.0, RFC 6749 §4.1). Its state goes along as a parameter and
// proves, together with the browser that began it, that the one who comes back is the one who was sent (§10.12).
type Consent struct{ s ConsentState }

// ConsentBegin is what a consent is bound to.
type ConsentBegin struct {
	Country  string
	Region   string
	SellerID string
	ReturnTo string
	User     string
	Browser  Secret // what this browser holds and no other: see [NewNonce]
}

// NewConsent returns a consent to connection c that ends after ConsentLife, and its state: 256 random bits that must be
// stored nowhere. ErrInvalid without a region and a browser.
func NewConsent(c ConnectionState, b ConsentBegin, now time.Time) (*Consent, Secret, error) {
	state := NewNonce()
	if b.Browser.IsZero() {
		return nil, Secret{}, Errorf(ErrInvalid, "a consent needs the browser that begins it")
	}
	consent, err := RestoreConsent(ConsentState{
		ID: NewID[ConsentID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Country: b.Country, Region: b.Region,
		SellerID: b.SellerID, ReturnTo: b.ReturnTo, User: b.User, StateHash: HashNonce(state), BrowserHash: HashNonce(b.Browser),
		ExpiresAt: now.UTC().Add(ConsentLife), CreatedAt: now.UTC(),
	})
	return consent, state, err
}

// NewNonce returns 256 random bits as 43 characters that stand in any URL or cookie.
func NewNonce() Secret {
	var bits [32]byte
	_, _ = rand.Read(bits[:])
	return NewSecret(base64.RawURLEncoding.EncodeToString(bits[:]))
}

// IsNonce reports whether s has the form of what NewNonce returns.
func IsNonce(s string) bool {
	bits, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(bits) == 32 && len(s) == 43
}

// HashNonce is what of a nonce may be stored. It has 256 random bits, so nobody finds it by trying.
func HashNonce(nonce Secret) []byte {
	hash := sha256.Sum256([]byte(nonce.Reveal()))
	return hash[:]
}

// RestoreConsent loads a consent. ErrInvalid if s breaks a rule of consents.
func RestoreConsent(s ConsentState) (*Consent, error) {
	switch {
	case s.ID == ConsentID{}, s.Tenant.IsZero(), s.Connection == ConnectionID{}, s.Type == "", s.Region == "":
		return nil, Errorf(ErrInvalid, "a consent needs an id, a tenant, a connection and a region")
	case len(s.StateHash) != sha256.Size, len(s.BrowserHash) != sha256.Size, s.ExpiresAt.IsZero():
		return nil, Errorf(ErrInvalid, "a consent needs the hashes of its state and of its browser, and an end")
	}
	return &Consent{s}, nil
}

// State returns the data of the consent.
func (c *Consent) State() ConsentState { return c.s }

// Check says whether who comes back with state in this browser at now, for the account sellerID, may be answered. All refusals
// are ErrRejected and fit for users: it is over, was used, or belongs to another browser or another account.
func (c *Consent) Check(state, browser Secret, sellerID string, now time.Time) error {
	same := subtle.ConstantTimeCompare(HashNonce(state), c.s.StateHash) & subtle.ConstantTimeCompare(HashNonce(browser), c.s.BrowserHash)
	switch {
	case same != 1:
		return ErrForeignConsent
	case !c.s.ConsumedAt.IsZero():
		return Errorf(ErrRejected, "this way back was used before: begin again")
	case !now.Before(c.s.ExpiresAt):
		return Errorf(ErrRejected, "it took longer than %d minutes: begin again", int(ConsentLife.Minutes()))
	case sellerID == "":
		return Errorf(ErrRejected, "the marketplace did not say whose account it is: begin again")
	case c.s.SellerID != "" && c.s.SellerID != sellerID:
		return Errorf(ErrRejected, "it was begun for another seller's account: begin again")
	}
	return nil
}

// ErrForeignConsent is the answer to a state that nobody was given, or that another browser was given.
var ErrForeignConsent = Errorf(ErrRejected, "this way back is not known in this browser: begin again where you began, in the same browser")

// Consume notes that the consent was answered. ErrConflict if it was before: of many at once, one is the first.
func (c *Consent) Consume(now time.Time) error {
	if !c.s.ConsumedAt.IsZero() {
		return Errorf(ErrConflict, "this way back was used before: begin again")
	}
	c.s.ConsumedAt = now.UTC()
	return nil
}
