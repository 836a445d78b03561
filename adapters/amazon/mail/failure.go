package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/keybuzzio/marketplaces/domain"
)

// refusal is what it means that the server said no to a command.
type refusal string

const (
	refusedTLS      refusal = "the mail server does not offer STARTTLS: use implicit TLS"
	refusedPassword refusal = "the mail server refuses the user name or the password"
	refusedFolder   refusal = "the mail server has no such folder, or does not let us read it"
	refusedIdle     refusal = "the mail server does not tell us when mail comes"
	refusedReading  refusal = ""
)

// translate makes an error of this module of what went wrong with a mail server while working for ctx. It quotes
// nothing that the server said: that may hold anything, a mail or the password included.
func translate(ctx context.Context, err error, meaning refusal) error {
	var ours *domain.Error
	var said *imap.Error
	var name *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errForbiddenAddress):
		return domain.Wrap(domain.ErrRejected, err, "the mail server's address is not in a network that may be called from here")
	case errors.As(err, &said):
		return translateRefusal(said, meaning)
	case errors.As(err, &name):
		return domain.Wrap(domain.ErrUnavailable, err, "the mail server's name cannot be found")
	case errors.Is(err, errLate), errors.Is(err, errTooMuch), errors.Is(err, errTooDeep):
		return domain.Errorf(domain.ErrUnavailable, "%s", err)
	case isCertificate(err):
		return domain.Wrap(domain.ErrUnavailable, err, "the mail server's certificate cannot be trusted")
	}
	return domain.Wrap(domain.ErrUnavailable, networkCause(err), "the connection to the mail server failed")
}

// translateRefusal tells a no that only a person can mend from one that passes.
func translateRefusal(said *imap.Error, meaning refusal) error {
	cause := errors.New(string(said.Type) + " " + code(said))
	passing := passes(said)
	if said.Type == imap.StatusResponseTypeBye || meaning == refusedReading {
		passing = true
	}
	if passing {
		return domain.Wrap(domain.ErrUnavailable, cause, "the mail server does not serve us at the moment")
	}
	return domain.Wrap(domain.ErrRejected, cause, "%s", string(meaning))
}

// passingWords are what servers say of a moment, in lower case, where they have no code for it.
var passingWords = []string{
	"too many", "temporar", "try again", "try later", "unavailable", "system error", "internal error", "server error", "throttl", "over quota",
	"overquota", "quota exceeded", "locked", "not connected", "timeout", "timed out", "backoff", "back off", "busy", "maintenance", "rate limit",
}

// passes reports whether a refusal is one of the moment: by its code (RFC 5530 §3), else by its words. A code that says that only
// a person can mend it wins over words.
func passes(said *imap.Error) bool {
	text := strings.ToLower(string(said.Code) + " " + said.Text)
	if strings.Contains(text, "too many") { // whatever the code: so many log-ins are nobody's wrong password
		return true
	}
	switch said.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug, imap.ResponseCodeOverQuota:
		return true
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired, imap.ResponseCodeNonExistent,
		imap.ResponseCodeNoPerm, imap.ResponseCodePrivacyRequired, imap.ResponseCodeContactAdmin:
		return false
	}
	return slices.ContainsFunc(passingWords, func(word string) bool { return strings.Contains(text, word) })
}

// code returns the code of a refusal if it is one of the standard's, so that no free text gets into an error.
func code(said *imap.Error) string {
	switch said.Code {
	case imap.ResponseCodeAlert, imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed,
		imap.ResponseCodeContactAdmin, imap.ResponseCodeExpired, imap.ResponseCodeInUse, imap.ResponseCodeLimit,
		imap.ResponseCodeNonExistent, imap.ResponseCodeNoPerm, imap.ResponseCodePrivacyRequired,
		imap.ResponseCodeServerBug, imap.ResponseCodeUnavailable:
		return "[" + string(said.Code) + "]"
	}
	return ""
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var name x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &name)
}

// networkCause returns err if it is a fault of the network, whose text is fit for logs, and a plain word otherwise.
func networkCause(err error) error {
	var network net.Error
	switch {
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return err
	}
	return errors.New("protocol error")
}
