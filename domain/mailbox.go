package domain

import (
	"net"
	"strconv"
	"strings"
	"unicode"
)

// TLSMode says how the line to a mail server is protected.
type TLSMode string

// The ways to protect a line. TLSNone is for development on one machine only.
const (
	TLSImplicit TLSMode = "implicit" // TLS from the first byte, RFC 8314; port 993
	TLSStart    TLSMode = "starttls" // STARTTLS, RFC 3501 §6.2.1; port 143
	TLSNone     TLSMode = "none"     // clear text
)

// Mailbox is where a seller's buyer messages arrive: an account on an IMAP server.
type Mailbox struct {
	Host     string // name or address, without port
	Port     int    // 1 to 65535
	TLS      TLSMode
	User     string
	Password Secret
	Name     string // the folder: INBOX unless the seller chose another
}

// NewMailbox checks what a seller typed. A port of 0 becomes the usual one of the TLS mode, an empty TLS mode implicit,
// an empty folder INBOX. Anything that cannot be a mailbox is ErrInvalid, naming the field. Whether the host may be
// called at all is for the adapter that dials it.
func NewMailbox(m Mailbox) (Mailbox, error) {
	if m.TLS == "" {
		m.TLS = TLSImplicit
	}
	if m.Name == "" {
		m.Name = "INBOX"
	}
	if m.Port == 0 && m.TLS == TLSImplicit {
		m.Port = 993
	} else if m.Port == 0 {
		m.Port = 143
	}
	switch {
	case m.Host == "" || len(m.Host) > 253 || strings.ContainsAny(m.Host, "/@[] ") || hasControl(m.Host):
		return Mailbox{}, Errorf(ErrInvalid, "host: give the IMAP server's name, such as imap.example.com")
	case m.Port < 1 || m.Port > 65535:
		return Mailbox{}, Errorf(ErrInvalid, "port: give a number from 1 to 65535, usually 993")
	case m.TLS != TLSImplicit && m.TLS != TLSStart && m.TLS != TLSNone:
		return Mailbox{}, Errorf(ErrInvalid, "tls: use implicit, starttls or none")
	case m.User == "" || len(m.User) > 320 || hasControl(m.User):
		return Mailbox{}, Errorf(ErrInvalid, "user: give the mailbox's user name, usually its address")
	case m.Password.IsZero() || len(m.Password.Reveal()) > 1024 || hasControl(m.Password.Reveal()):
		return Mailbox{}, Errorf(ErrInvalid, "password: give the mailbox's password, without control characters")
	case len(m.Name) > 255 || hasControl(m.Name):
		return Mailbox{}, Errorf(ErrInvalid, "mailbox: give a folder name such as INBOX")
	}
	return m, nil
}

// Address is host and port as a dialler takes them.
func (m Mailbox) Address() string { return net.JoinHostPort(m.Host, strconv.Itoa(m.Port)) }

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// The fields of a mailbox in the SecretStore. They are stored data and never change.
const (
	fieldHost, fieldPort, fieldTLS             = "imap_host", "imap_port", "imap_tls"
	fieldUser, fieldPassword, fieldMailboxName = "imap_user", "imap_password", "imap_mailbox"
)

// SecretData returns the mailbox as the SecretStore keeps it.
func (m Mailbox) SecretData() SecretData {
	return SecretData{
		fieldHost: NewSecret(m.Host), fieldPort: NewSecret(strconv.Itoa(m.Port)), fieldTLS: NewSecret(string(m.TLS)),
		fieldUser: NewSecret(m.User), fieldPassword: m.Password, fieldMailboxName: NewSecret(m.Name),
	}
}

// MailboxOf reads a mailbox back from the SecretStore. ErrInvalid if it is not one.
func MailboxOf(d SecretData) (Mailbox, error) {
	port, err := strconv.Atoi(d[fieldPort].Reveal())
	if err != nil {
		return Mailbox{}, Errorf(ErrInvalid, "the stored mailbox has no port: set the mailbox again")
	}
	return NewMailbox(Mailbox{
		Host: d[fieldHost].Reveal(), Port: port, TLS: TLSMode(d[fieldTLS].Reveal()), User: d[fieldUser].Reveal(),
		Password: d[fieldPassword], Name: d[fieldMailboxName].Reveal(),
	})
}
