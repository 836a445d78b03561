package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestParseTenantID(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"t", "ecomlg-001", "A_b-9", strings.Repeat("x", 64)} {
		id, err := domain.ParseTenantID(good)
		is.New(t).NoErr(err)
		is.New(t).Equal(id.String(), good)
	}
	for _, bad := range []string{"", "-a", "_a", "../x", "a/b", "a%2e", "a.b", "a b", "a\x00", "é", strings.Repeat("x", 65)} {
		_, err := domain.ParseTenantID(bad)
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q was taken for a tenant", bad)
		}
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	id := domain.NewID[domain.TicketID]()
	same, err := domain.ParseID[domain.TicketID](id.String())
	is.NoErr(err)
	is.Equal(same, id)
	is.Equal(int(id.Version()), 7)
	for _, bad := range []string{"", "1", "00000000-0000-0000-0000-000000000000", "{" + id.String() + "}", "urn:uuid:" + id.String()} {
		_, err := domain.ParseID[domain.TicketID](bad)
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}

func TestSecretIsNeverSeen(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	const text = "hunter2-and-more"
	type holder struct{ Password domain.Secret }
	s := domain.NewSecret(text)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "holder", holder{s}, "map", domain.SecretData{"a": s})
	marshalled, err := json.Marshal(holder{s})
	is.NoErr(err)
	for _, seen := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v", holder{s}, holder{s}, &holder{s}),
		fmt.Sprintf("%#v", domain.SecretData{"a": s}), string(marshalled), log.String(),
	} {
		is.True(!strings.Contains(seen, text))                    // as it is
		is.True(!strings.Contains(seen, fmt.Sprintf("%x", text))) // nor in hexadecimal
	}
	is.Equal(s.Reveal(), text)
	var read domain.Secret
	is.NoErr(read.UnmarshalText([]byte(text)))
	is.Equal(read.Reveal(), text)
	is.True(domain.NewSecret("").IsZero())
}

func TestErrorTellsPeopleAndLogsApart(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	cause := errors.New("dial tcp 10.0.0.1: refused")
	err := fmt.Errorf("poll: %w", domain.Wrap(domain.ErrUnavailable, cause, "the mailbox does not answer"))
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.True(errors.Is(err, cause))
	is.Equal(domain.KindOf(err), domain.ErrUnavailable)
	refused := domain.Errorf(domain.ErrRejected, "wrong password")
	is.Equal(domain.KindOf(domain.Wrap(domain.ErrUnavailable, refused, "no answer")), domain.ErrUnavailable) // not its cause's
	is.Equal(domain.KindOf(cause), nil)
	is.Equal(domain.Message(err), "the mailbox does not answer") // people
	is.True(strings.Contains(err.Error(), "10.0.0.1"))           // logs
	is.Equal(domain.Message(cause), "internal error")            // no kind, no word
}

func TestAmazonSites(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	sites := slices.Collect(domain.AmazonSites())
	is.Equal(len(sites), 23)
	countries, ids, relays := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range sites {
		countries[s.Country], ids[s.MarketplaceID] = true, true
		if s.RelayDomain != "" {
			is.True(!relays[s.RelayDomain]) // each relay domain once
			relays[s.RelayDomain] = true
		}
		is.True(slices.Contains([]string{"NA", "EU", "FE"}, s.Region))
		same, err := domain.AmazonSiteByID(s.MarketplaceID)
		is.NoErr(err)
		is.Equal(same, s)
	}
	is.Equal(len(countries), len(sites))
	is.Equal(len(ids), len(sites))
	uk, err := domain.AmazonSiteOf("uk")
	is.NoErr(err)
	is.Equal(uk.Country, "GB") // Amazon's pages say UK
	for _, unknown := range []string{"", "XX", "CN"} {
		_, err := domain.AmazonSiteOf(unknown)
		is.True(errors.Is(err, domain.ErrInvalid)) // no default country
	}
}

func TestMarketplaceNames(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, slug := range []string{"amazon", "fnac", "cdiscount"} {
		m, err := domain.ParseMarketplaceType(slug)
		is.NoErr(err)
		is.Equal(m.Slug(), slug)
	}
	is.Equal(domain.Cdiscount.Title(), "Cdiscount")
	for _, unknown := range []string{"", "AMAZON", "ebay", "other", "manual"} {
		_, err := domain.ParseMarketplaceType(unknown)
		is.True(errors.Is(err, domain.ErrNotFound))
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	sound := domain.Mailbox{Host: "imap.example.com", User: "u@example.com", Password: domain.NewSecret("p")}
	t.Run("fills in the usual", func(t *testing.T) {
		is := is.New(t)
		m, err := domain.NewMailbox(sound)
		is.NoErr(err)
		is.Equal(m.Address(), "imap.example.com:993")
		is.Equal(m.Name, "INBOX")
		same, err := domain.MailboxOf(m.SecretData())
		is.NoErr(err)
		is.Equal(same.Password.Reveal(), "p")
		same.Password = m.Password
		is.Equal(same, m) // nothing is lost in the store
	})
	for name, spoil := range map[string]func(*domain.Mailbox){
		"no host":              func(m *domain.Mailbox) { m.Host = "" },
		"a URL":                func(m *domain.Mailbox) { m.Host = "imaps://imap.example.com" },
		"a user in the host":   func(m *domain.Mailbox) { m.Host = "u@imap.example.com" },
		"a line in the host":   func(m *domain.Mailbox) { m.Host = "imap\r\nx" },
		"no such port":         func(m *domain.Mailbox) { m.Port = 70000 },
		"negative port":        func(m *domain.Mailbox) { m.Port = -1 },
		"unknown TLS":          func(m *domain.Mailbox) { m.TLS = "ssl" },
		"no user":              func(m *domain.Mailbox) { m.User = "" },
		"a line in the user":   func(m *domain.Mailbox) { m.User = "u\r\nA1 LOGOUT" },
		"no password":          func(m *domain.Mailbox) { m.Password = domain.Secret{} },
		"a line in the folder": func(m *domain.Mailbox) { m.Name = "INBOX\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sound
			spoil(&m)
			_, err := domain.NewMailbox(m)
			is.New(t).True(errors.Is(err, domain.ErrInvalid))
		})
	}
}

func TestSecretPathStaysInItsFolder(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := connection(t)
	path := domain.NewSecretPath(c)
	is.True(strings.HasPrefix(path.String(), "secret/keybuzz/tenants/t1/amazon/"+c.ID.String()+"/"))
	is.True(path != domain.NewSecretPath(c)) // never used before
	same, err := domain.ParseSecretPath(path.String())
	is.NoErr(err)
	is.Equal(same, path)
	for _, bad := range []string{
		"", "secret/keybuzz/tenants/", "secret/keybuzz/tenants/../amazon/" + c.ID.String() + "/" + c.ID.String(), "secret/keybuzz/tenants/t1/amazon/" + c.ID.String(), "secret/keybuzz/tenants/t1/amazon/../../t2",
		strings.Replace(path.String(), "/t1/", "/../t1/", 1), strings.Replace(path.String(), "/t1/", "/t1/../t2/", 1),
		strings.Replace(path.String(), "/t1/", "/%2e%2e/", 1), strings.Replace(path.String(), "/t1/", "/t1%2f..%2ft2/", 1),
		strings.Replace(path.String(), "/t1/", "/t1\x00/", 1), strings.Replace(path.String(), "/t1/", "/t1\x00/../t2/", 1),
		strings.Replace(path.String(), "/t1/", "//", 1), strings.Replace(path.String(), "/t1/", "/./", 1), strings.Replace(path.String(), "/t1/", "/t1?x=/", 1),
		strings.Replace(path.String(), "/amazon/", "/%2e%2e/", 1), strings.Replace(path.String(), "/amazon/", "/../", 1),
		path.String() + "/..", path.String() + "\x00", path.String() + "?version=1", path.String() + "#", path.String() + "%2f..", "../" + path.String(),
		domain.MasterKeyPath.String(), domain.AppSecretPath.String(), // operators' own
		"secret/keybuzz/tenants/t1/amazon/" + c.ID.String() + "/x", "secret/other/t1/amazon/" + c.ID.String() + "/" + c.ID.String(), "/" + path.String(),
	} {
		_, err := domain.ParseSecretPath(bad)
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, tenant := range []string{"..", ".", "../t2", "t1/../t2", "%2e%2e", "t1%2f..", "t1\x00", "\x00", "t1/", "t1?", "t1#", "t 1", "t1\n", "ｔ1", "é"} {
		_, err := domain.ParseTenantID(tenant)
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%q: %v", tenant, err)
		}
	}
}

// Where operators keep what is nobody's lies outside of the tenants' folder.
func TestPathsOfOperators(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(domain.MasterKeyPath.String(), "secret/keybuzz/raw/master")
	is.Equal(domain.AppSecretPath.String(), "secret/keybuzz/amazon_spapi/app")
}
