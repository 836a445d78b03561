package domain_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func address(t testing.TB) *domain.InboundAddress {
	t.Helper()
	a, err := domain.NewInboundAddress(connection(t), "fr", "inbound.example.com", noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestInboundAddressIsMadeOfSafeParts(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := connection(t)
	for name, slug := range map[string]string{"t1": "t1", "Shop_of-Ana": "shop-of-ana", strings.Repeat("x", 64): strings.Repeat("x", 20), "A" + strings.Repeat("_", 60): "a"} {
		tenant, err := domain.ParseTenantID(name)
		is.NoErr(err)
		c.Tenant = tenant
		a, err := domain.NewInboundAddress(c, "gb", "Inbound.Example.com", noon)
		is.NoErr(err)
		s := a.State()
		is.True(regexp.MustCompile(`^amazon\.` + slug + `\.[a-z]{2}\.[a-z2-7]{20}@inbound\.example\.com$`).MatchString(s.Address))
		is.Equal(domain.NormalAddress(s.Address), s.Address)
		is.Equal([]any{s.Tenant, s.Connection, s.Type, s.Status}, []any{tenant, c.ID, domain.Amazon, domain.AddressPending})
		is.Equal(s.CreatedAt, noon)
	}
	one, other := address(t), address(t)
	is.True(one.State().Address != other.State().Address) // nobody guesses another's
	fnac := connection(t)
	fnac.Type = domain.Fnac
	for _, bad := range []func() (*domain.InboundAddress, error){
		func() (*domain.InboundAddress, error) { return domain.NewInboundAddress(fnac, "FR", "x.example", noon) },
		func() (*domain.InboundAddress, error) { return domain.NewInboundAddress(c, "XX", "x.example", noon) },
		func() (*domain.InboundAddress, error) { return domain.NewInboundAddress(c, "FR", "example", noon) },
		func() (*domain.InboundAddress, error) {
			return domain.NewInboundAddress(c, "FR", "x@y.example", noon)
		},
	} {
		_, err := bad()
		is.True(errors.Is(err, domain.ErrInvalid))
	}
}

func TestNormalAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"amazon.t1.fr.abc@in.example":     "amazon.t1.fr.abc@in.example",
		"Amazon.T1.FR.ABC@IN.Example":     "amazon.t1.fr.abc@in.example",
		"":                                "",
		"@in.example":                     "",
		"amazon@":                         "",
		"amazon":                          "",
		"a@b@c":                           "",
		"a'; DROP TABLE x; --@in.example": "",
		"../../etc/passwd@in.example":     "",
		"a b@in.example":                  "",
		"a\r\nBcc:x@in.example":           "",
		"a\x00@in.example":                "",
		"é@in.example":                    "",
		"\u212a@in.example":               "", // a sign that is k in lower case
		"<a@in.example>":                  "",
		"a+b@in.example":                  "",
		strings.Repeat("a", 310) + "@in.examplexyz": "",
	} {
		is.New(t).Equal(domain.NormalAddress(given), want)
	}
}

func TestCheckMailDomain(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a.b", "inbound.example.com", "x-1.Example", strings.Repeat("a", 63) + ".b"} {
		is.New(t).NoErr(domain.CheckMailDomain(good))
	}
	for _, bad := range []string{"", "localhost", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a_b.c", "a b.c", "é.fr", "a.b\x00", strings.Repeat("a", 64) + ".b", strings.Repeat("ab.", 70) + "c"} {
		is.New(t).True(errors.Is(domain.CheckMailDomain(bad), domain.ErrInvalid))
	}
}

func TestRestoreInboundAddressChecks(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*domain.InboundAddressState){
		"no id":          func(s *domain.InboundAddressState) { s.ID = domain.InboundAddressID{} },
		"no tenant":      func(s *domain.InboundAddressState) { s.Tenant = domain.TenantID{} },
		"no connection":  func(s *domain.InboundAddressState) { s.Connection = domain.ConnectionID{} },
		"no marketplace": func(s *domain.InboundAddressState) { s.Type = "" },
		"no country":     func(s *domain.InboundAddressState) { s.Country = "" },
		"no address":     func(s *domain.InboundAddressState) { s.Address = "" },
		"upper case":     func(s *domain.InboundAddressState) { s.Address = strings.ToUpper(s.Address) },
		"unknown status": func(s *domain.InboundAddressState) { s.Status = "pending" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := address(t).State()
			spoil(&s)
			_, err := domain.RestoreInboundAddress(s)
			is.New(t).True(errors.Is(err, domain.ErrInvalid))
		})
	}
}

func TestWhatValidatesAnAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mail func(m *domain.InboundMessage, code string)
		by   string
	}{
		"a buyer's message that is authentic":   {func(m *domain.InboundMessage, _ string) { m.Authentic = true }, domain.ByRelay},
		"one that nobody vouches for":           {func(*domain.InboundMessage, string) {}, ""},
		"an authentic one without a relay":      {func(m *domain.InboundMessage, _ string) { m.Authentic, m.BuyerEmail = true, "" }, ""},
		"an authentic notice":                   {func(m *domain.InboundMessage, _ string) { m.Authentic, m.Kind = true, domain.KindNotice }, ""},
		"an authentic copy":                     {func(m *domain.InboundMessage, _ string) { m.Authentic, m.Kind = true, domain.KindSellerCopy }, ""},
		"a suspect that says it is authentic":   {func(m *domain.InboundMessage, _ string) { m.Authentic, m.Kind = true, domain.KindSuspect }, ""},
		"our validation mail":                   {func(m *domain.InboundMessage, code string) { m.Kind, m.Code = domain.KindValidation, code }, domain.ByCode},
		"a validation mail with another code":   {func(m *domain.InboundMessage, code string) { m.Kind, m.Code = domain.KindValidation, "X"+code[1:] }, ""},
		"a validation mail without a code":      {func(m *domain.InboundMessage, _ string) { m.Kind = domain.KindValidation }, ""},
		"a buyer who writes the code":           {func(m *domain.InboundMessage, code string) { m.Code = code }, ""},
		"a notice that names the code":          {func(m *domain.InboundMessage, code string) { m.Kind, m.Code = domain.KindNotice, code }, ""},
		"a mail in which amazon.com is written": {func(m *domain.InboundMessage, _ string) { m.Body = "amazon.com" }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, a := is.New(t), address(t)
			code, expires, err := a.NewCode(noon)
			is.NoErr(err)
			is.Equal(expires, noon.Add(day))
			m := message(1)
			test.mail(&m, code)
			changed, validated := a.Receive(m, noon.Add(90*time.Second))
			s := a.State()
			is.True(changed) // that a mail came is noted in any case
			is.Equal(s.LastMailAt, noon.Add(time.Minute))
			is.Equal(validated, test.by != "")
			is.Equal(s.ValidatedBy, test.by)
			if !validated {
				is.Equal(s.Status, domain.AddressPending)
				return
			}
			is.Equal(s.Status, domain.AddressValidated)
			is.Equal(s.ValidatedAt, noon.Add(90*time.Second))
			is.Equal(len(s.CodeHash), 0) // it has served
			_, again := a.Receive(m, noon.Add(time.Hour))
			is.True(!again)
			is.Equal(a.State().ValidatedAt, s.ValidatedAt)
		})
	}
}

func TestCodesEnd(t *testing.T) {
	t.Parallel()
	is, a := is.New(t), address(t)
	mail := func(code string) domain.InboundMessage {
		m := of(message(1), domain.KindValidation)
		m.Code = code
		return m
	}
	first, _, err := a.NewCode(noon)
	is.NoErr(err)
	is.True(!strings.Contains(string(a.State().CodeHash), first)) // kept as a hash
	second, _, err := a.NewCode(noon)
	is.NoErr(err)
	is.True(first != second)
	_, validated := a.Receive(mail(first), noon)
	is.True(!validated) // replaced
	_, validated = a.Receive(mail(second), noon.Add(day))
	is.True(!validated) // over
	_, validated = a.Receive(mail(second), noon.Add(day-time.Second))
	is.True(validated)
	_, _, err = a.NewCode(noon)
	is.True(errors.Is(err, domain.ErrConflict)) // there is nothing left to prove
}

func TestRetiredAddressStaysRetired(t *testing.T) {
	t.Parallel()
	is, a := is.New(t), address(t)
	code, _, err := a.NewCode(noon)
	is.NoErr(err)
	is.True(a.Retire(noon))
	was := a.State()
	is.Equal([]any{was.Status, was.RetiredAt, len(was.CodeHash)}, []any{domain.AddressRetired, noon, 0})
	is.True(!a.Retire(later)) // it was before
	m := message(1)
	m.Authentic = true
	changed, validated := a.Receive(m, later)
	is.True(!changed && !validated)
	m.Kind, m.Code = domain.KindValidation, code
	changed, validated = a.Receive(m, noon)
	is.True(!changed && !validated)
	is.Equal(a.State(), was)
	_, _, err = a.NewCode(noon)
	is.True(errors.Is(err, domain.ErrConflict))
}

// A busy address is written once a minute, not once a mail.
func TestLastMailIsKeptToTheMinute(t *testing.T) {
	t.Parallel()
	is, a := is.New(t), address(t)
	writes := 0
	for s := range 180 {
		if changed, _ := a.Receive(message(1), noon.Add(time.Duration(s)*time.Second)); changed {
			writes++
		}
	}
	is.Equal(writes, 3)
	changed, _ := a.Receive(message(1), noon)
	is.True(!changed) // nor does a clock that runs behind take it back
}
