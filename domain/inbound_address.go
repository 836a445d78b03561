package domain

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"
)

// AddressStatus is the state of an InboundAddress.
type AddressStatus string

// The states of an InboundAddress.
const (
	AddressPending   AddressStatus = "PENDING"   // takes mail; nobody has proved yet that the marketplace sends there
	AddressValidated AddressStatus = "VALIDATED" // a mail of the marketplace, or our own validation mail, has come by it
	AddressRetired   AddressStatus = "RETIRED"   // refuses mail for good
)

// InboundAddressState is the data of an InboundAddress.
type InboundAddressState struct {
	ID          InboundAddressID
	Tenant      TenantID
	Connection  ConnectionID
	Type        MarketplaceType
	Country     string // ISO 3166-1 alpha-2, upper case
	Address     string // amazon.<slug>.<country>.<token>@<domain>, lower case
	Status      AddressStatus
	ValidatedAt time.Time // zero until it is
	ValidatedBy string    // what proved it: relay or code; "" until it is
	RetiredAt   time.Time // zero until it is
	CodeHash    []byte    // SHA-256 of the code of the validation mail; nil when there is none
	CodeExpires time.Time // when that code ends
	LastMailAt  time.Time // when a mail last came by it; zero when none did. Kept to the minute
	CreatedAt   time.Time
}

// InboundAddress is where the marketplace of one country sends a seller's mail. The address that a mail was sent to, by
// its envelope, is the only thing that says whose it is: the table of addresses is looked up, and the text never read.
type InboundAddress struct{ s InboundAddressState }

// tokenBytes make a token that nobody guesses: 20 letters and digits of base32.
const tokenBytes = 12

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewInboundAddress returns a PENDING address of a connection for a country, under domain, with a token of its own.
// ErrInvalid for a country that the marketplace does not have, or a domain that is none.
func NewInboundAddress(c ConnectionState, country, mailDomain string, now time.Time) (*InboundAddress, error) {
	site, err := SiteOf(c.Type, country)
	if err != nil {
		return nil, err
	}
	if err := CheckMailDomain(mailDomain); err != nil {
		return nil, err
	}
	token := make([]byte, tokenBytes)
	_, _ = rand.Read(token)
	local := strings.Join([]string{c.Type.Slug(), slugOf(c.Tenant), strings.ToLower(site.Country), lowerBase32.EncodeToString(token)}, ".")
	return RestoreInboundAddress(InboundAddressState{
		ID: NewID[InboundAddressID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Country: site.Country,
		Address: local + "@" + strings.ToLower(mailDomain), Status: AddressPending, CreatedAt: now.UTC(),
	})
}

// SiteOf returns the site of a marketplace that can send a country's mail to an address of ours. ErrInvalid where there is none.
func SiteOf(t MarketplaceType, country string) (AmazonSite, error) {
	if t != Amazon {
		return AmazonSite{}, Errorf(ErrInvalid, "%s sends no mail to an address of ours", t.Title())
	}
	return AmazonSiteOf(country)
}

// slugOf is the tenant as an address shows it, for people only: nothing is ever read from it.
func slugOf(t TenantID) string {
	slug := strings.ToLower(strings.ReplaceAll(t.String(), "_", "-"))
	return strings.Trim(slug[:min(len(slug), 20)], "-")
}

// CheckMailDomain holds a domain to the letters, digits, dots and dashes of one (RFC 1035). ErrInvalid otherwise.
func CheckMailDomain(s string) error {
	bad := Errorf(ErrInvalid, "not a mail domain: give a name such as inbound.example.com")
	if len(s) > 200 || !strings.Contains(s, ".") {
		return bad
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return bad
		}
		for _, r := range label {
			if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return bad
			}
		}
	}
	return nil
}

// RestoreInboundAddress loads an address. ErrInvalid if s breaks a rule of addresses.
func RestoreInboundAddress(s InboundAddressState) (*InboundAddress, error) {
	switch {
	case s.ID == InboundAddressID{}, s.Tenant.IsZero(), s.Connection == ConnectionID{}, s.Type == "", s.Country == "":
		return nil, Errorf(ErrInvalid, "an inbound address needs an id, a tenant, a connection and a country")
	case s.Address == "" || s.Address != NormalAddress(s.Address):
		return nil, Errorf(ErrInvalid, "an inbound address must be a mail address in lower case")
	}
	switch s.Status {
	case AddressPending, AddressValidated, AddressRetired:
		return &InboundAddress{s}, nil
	}
	return nil, Errorf(ErrInvalid, "unknown status of an inbound address")
}

// State returns the data of the address.
func (a *InboundAddress) State() InboundAddressState { return a.s }

// NormalAddress is how addresses are compared: in lower case. "" for what cannot be one of ours: longer than 320 bytes, or
// with anything but letters, digits, dots and dashes beside one @. So it is fit for a setting, a log line and a query.
func NormalAddress(s string) string {
	local, host, ok := strings.Cut(s, "@")
	if len(s) > 320 || !ok || local == "" || host == "" {
		return ""
	}
	s = strings.ToLower(s)
	for _, r := range local + host {
		if r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return s
}

// Retire makes the address refuse mail, for good. It reports whether it did not before.
func (a *InboundAddress) Retire(now time.Time) bool {
	if a.s.Status == AddressRetired {
		return false
	}
	a.s.Status, a.s.RetiredAt, a.s.CodeHash = AddressRetired, now.UTC(), nil
	return true
}

// What proves that an address works.
const (
	ByRelay = "relay" // a buyer's message, authentic by the word of the receiver whom we trust
	ByCode  = "code"  // the code of our own validation mail
)

// ValidationSubject is the subject of the mail that carries a code.
func ValidationSubject(code string) string { return ValidationPrefix + code }

// ValidationPrefix begins the subject of a validation mail; the code follows, upper-case letters and digits.
const ValidationPrefix = "KEYBUZZ-VALIDATION-"

// codeLife is how long the code of a validation mail is good.
const codeLife = 24 * time.Hour

// NewCode gives a PENDING address a new code for a validation mail, which replaces the one before, and returns it. It is
// good for a day and kept as a hash. ErrConflict if the address is not PENDING.
func (a *InboundAddress) NewCode(now time.Time) (code string, expires time.Time, err error) {
	if a.s.Status != AddressPending {
		return "", time.Time{}, Errorf(ErrConflict, "the address is %s: only a PENDING one is validated", a.s.Status)
	}
	random := make([]byte, 15)
	_, _ = rand.Read(random)
	code = strings.ToUpper(lowerBase32.EncodeToString(random))
	hash := sha256.Sum256([]byte(code))
	a.s.CodeHash, a.s.CodeExpires = hash[:], now.Add(codeLife).UTC()
	return code, a.s.CodeExpires, nil
}

// Receive takes notice of a mail that came by the address at now and reports what it changed. A PENDING address becomes
// VALIDATED when m is a buyer's message whose sender the receiver found authentic, or holds the address's code; nothing
// else validates it. A RETIRED one is never changed.
func (a *InboundAddress) Receive(m InboundMessage, now time.Time) (changed, validated bool) {
	if a.s.Status == AddressRetired {
		return false, false
	}
	if minute := now.UTC().Truncate(time.Minute); minute.After(a.s.LastMailAt) {
		a.s.LastMailAt, changed = minute, true
	}
	if a.s.Status != AddressPending {
		return changed, false
	}
	switch {
	case m.kind() == KindBuyerMessage && m.Authentic && m.BuyerEmail != "":
		a.s.ValidatedBy = ByRelay
	case m.kind() == KindValidation && a.isCode(m.Code, now):
		a.s.ValidatedBy = ByCode
	default:
		return changed, false
	}
	a.s.Status, a.s.ValidatedAt, a.s.CodeHash = AddressValidated, now.UTC(), nil
	return true, true
}

func (a *InboundAddress) isCode(code string, now time.Time) bool {
	hash := sha256.Sum256([]byte(code))
	return code != "" && len(a.s.CodeHash) > 0 && now.Before(a.s.CodeExpires) && subtle.ConstantTimeCompare(hash[:], a.s.CodeHash) == 1
}
