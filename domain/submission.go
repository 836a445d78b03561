package domain

import (
	"net"
	"strconv"
	"strings"
)

// Submission is the account by which a seller's answers leave: an SMTP submission server (RFC 6409).
type Submission struct {
	Host     string // name or address, without port
	Port     int    // 1 to 65535
	TLS      TLSMode
	User     string
	Password Secret
	From     string // the mailbox's own address: what is sent by the account is from there
}

// NewSubmission checks what a seller typed.
//
//   - Defaults: TLS is implicit; the port is the usual one of the TLS mode; From is User where that is an address.
//   - Errors: ErrInvalid names the field and says what to give.
//   - Not checked here: whether the host may be called at all. The adapter that dials decides.
func NewSubmission(s Submission) (Submission, error) {
	if s.TLS == "" {
		s.TLS = TLSImplicit
	}
	if s.Port == 0 && s.TLS == TLSImplicit {
		s.Port = 465 // RFC 8314 §7.3
	} else if s.Port == 0 {
		s.Port = 587 // RFC 6409 §3.1
	}
	if s.From == "" && strings.Contains(s.User, "@") {
		s.From = s.User
	}
	switch {
	case s.Host == "" || len(s.Host) > 253 || strings.ContainsAny(s.Host, "/@[] ") || hasControl(s.Host):
		return Submission{}, Errorf(ErrInvalid, "submission.host: give the SMTP server's name, such as smtp.example.com")
	case s.Port < 1 || s.Port > 65535:
		return Submission{}, Errorf(ErrInvalid, "submission.port: give a number from 1 to 65535, usually 465 or 587")
	case s.TLS != TLSImplicit && s.TLS != TLSStart && s.TLS != TLSNone:
		return Submission{}, Errorf(ErrInvalid, "submission.tls: use implicit, starttls or none")
	case s.User == "" || len(s.User) > 320 || hasControl(s.User):
		return Submission{}, Errorf(ErrInvalid, "submission.user: give the account's user name, usually its address")
	case s.Password.IsZero() || len(s.Password.Reveal()) > 1024 || hasControl(s.Password.Reveal()):
		return Submission{}, Errorf(ErrInvalid, "submission.password: give the account's password, without control characters")
	case !strings.Contains(s.From, "@") || len(s.From) > 254 || strings.ContainsAny(s.From, " <>,;\"") || hasControl(s.From):
		return Submission{}, Errorf(ErrInvalid, "submission.from: give the mailbox's address, such as support@example.com")
	}
	return s, nil
}

// Address is host and port as a dialler takes them.
func (s Submission) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// The fields of a submission account in the SecretStore, beside those of its mailbox. They are stored data and never
// change.
const (
	fieldSMTPHost, fieldSMTPPort, fieldSMTPTLS = "smtp_host", "smtp_port", "smtp_tls"
	fieldSMTPUser, fieldSMTPPassword           = "smtp_user", "smtp_password"
	fieldSMTPFrom                              = "smtp_from"
)

// SecretData returns the account as the SecretStore keeps it. Its fields share a secret with those of
// Mailbox.SecretData.
func (s Submission) SecretData() SecretData {
	return SecretData{
		fieldSMTPHost: NewSecret(s.Host), fieldSMTPPort: NewSecret(strconv.Itoa(s.Port)), fieldSMTPTLS: NewSecret(string(s.TLS)),
		fieldSMTPUser: NewSecret(s.User), fieldSMTPPassword: s.Password,
		fieldSMTPFrom: NewSecret(s.From),
	}
}

// SubmissionOf reads an account back from the SecretStore. ErrNotFound if the secret holds none, ErrInvalid if it
// holds a damaged one.
func SubmissionOf(d SecretData) (Submission, error) {
	if _, ok := d[fieldSMTPHost]; !ok {
		return Submission{}, Errorf(ErrNotFound, "the mailbox has no SMTP account to send by: set submission")
	}
	port, err := strconv.Atoi(d[fieldSMTPPort].Reveal())
	if err != nil {
		return Submission{}, Errorf(ErrInvalid, "the stored SMTP account has no port: set submission again")
	}
	return NewSubmission(Submission{
		Host: d[fieldSMTPHost].Reveal(), Port: port, TLS: TLSMode(d[fieldSMTPTLS].Reveal()),
		User: d[fieldSMTPUser].Reveal(), Password: d[fieldSMTPPassword], From: d[fieldSMTPFrom].Reveal(),
	})
}
