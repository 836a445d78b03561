package domain_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestSubmissionChecksWhatASellerTyped(t *testing.T) {
	t.Parallel()
	good := domain.Submission{Host: "smtp.example.com", User: "shop@example.com", Password: domain.NewSecret("pw")}
	for name, c := range map[string]struct {
		change func(s *domain.Submission)
		names  string // the field that the error names; "" when it is right
	}{
		"defaults":               {func(*domain.Submission) {}, ""},
		"no host":                {func(s *domain.Submission) { s.Host = "" }, "host"},
		"a URL for a host":       {func(s *domain.Submission) { s.Host = "smtp://x" }, "host"},
		"a line end in the host": {func(s *domain.Submission) { s.Host = "a\r\nb" }, "host"},
		"a port out of range":    {func(s *domain.Submission) { s.Port = 70000 }, "port"},
		"another kind of TLS":    {func(s *domain.Submission) { s.TLS = "ssl" }, "tls"},
		"no user":                {func(s *domain.Submission) { s.User = "" }, "user"},
		"a NUL in the user":      {func(s *domain.Submission) { s.User = "a\x00b" }, "user"},
		"a user that is no address, and no address": {func(s *domain.Submission) { s.User = "shop" }, "from"},
		"two addresses":            {func(s *domain.Submission) { s.From = "a@x, b@x" }, "from"},
		"no password":              {func(s *domain.Submission) { s.Password = domain.Secret{} }, "password"},
		"a line end in a password": {func(s *domain.Submission) { s.Password = domain.NewSecret("a\nb") }, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := good
			c.change(&s)
			got, err := domain.NewSubmission(s)
			if c.names == "" {
				is.NoErr(err)
				is.Equal(got.Port, 465)
				is.Equal(got.TLS, domain.TLSImplicit)
				is.Equal(got.From, s.User)
				return
			}
			is.True(errors.Is(err, domain.ErrInvalid))
			is.True(strings.HasPrefix(domain.Message(err), "submission."+c.names))
		})
	}
}

func TestSubmissionSharesASecretWithItsMailbox(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	box, err := domain.NewMailbox(domain.Mailbox{Host: "imap.example.com", User: "u", Password: domain.NewSecret("one")})
	is.NoErr(err)
	_, err = domain.SubmissionOf(box.SecretData())
	is.True(errors.Is(err, domain.ErrNotFound)) // a mailbox alone sends nothing

	sub, err := domain.NewSubmission(domain.Submission{
		Host: "smtp.example.com", TLS: domain.TLSStart, User: "v", From: "shop@example.com", Password: domain.NewSecret("two"),
	})
	is.NoErr(err)
	is.Equal(sub.Port, 587) // the usual one of STARTTLS
	data := box.SecretData()
	maps.Copy(data, sub.SecretData())
	gotBox, err := domain.MailboxOf(data)
	is.NoErr(err)
	gotSub, err := domain.SubmissionOf(data)
	is.NoErr(err)
	is.Equal(gotBox.Password.Reveal(), "one")
	is.Equal(gotSub.Address(), "smtp.example.com:587")
	is.Equal(gotSub.Password.Reveal(), "two")
	is.Equal(gotSub.From, "shop@example.com")
	is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", gotSub, gotSub, gotSub), "two")) // printing hides it
}
