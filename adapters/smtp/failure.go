package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/domain"
)

// stage is how far a dialogue is.
type stage int

// The stages. What is refused before stageMail is us, from then on it is the message.
const (
	stageHello  stage = iota // connection, greeting, TLS
	stageLogin               // AUTH
	stageMail                // MAIL FROM
	stageRcpt                // RCPT TO
	stageData                // DATA
	stageText                // the text, up to its last line
	stageAnswer              // the last line has left
)

// translate makes an error of this module of what went wrong with a server. It quotes nothing that the server said:
// that may hold anything, an address or the password included.
func translate(ctx context.Context, at stage, to server, err error) error {
	var ours *domain.Error
	var file *fileError
	var said *gosmtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &file):
		return file.err
	case errors.As(err, &said) && said.Code/100 == 4: // at any step, after the text as well (RFC 5321 §4.2.1, §6.1)
		why := errors.New(code(said))
		return domain.Wrap(domain.ErrUnavailable, why, "the mail server cannot take the message now (%s)", why)
	case errors.As(err, &said) && said.Code/100 == 5:
		return refused(at, to, said)
	case at == stageAnswer: // before the context: who stopped waiting does not know either
		return domain.Wrap(domain.ErrOutcomeUnknown, cause(err),
			"the message was handed over and the mail server's answer was not heard")
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ours):
		return unlessOurs(to, ours)
	}
	return translateConnection(to, err)
}

// translateConnection is translate for what nobody said.
func translateConnection(to server, err error) error {
	var name *net.DNSError
	switch {
	case errors.Is(err, errForbiddenAddress):
		return domain.Wrap(domain.ErrRejected, err, "the mail server's address is not in a network that may be called from here")
	case errors.Is(err, errNoStartTLS), errors.Is(err, errNoLogin):
		return unlessOurs(to, &domain.Error{Kind: domain.ErrRejected, Msg: err.Error()})
	case errors.As(err, &name):
		return domain.Wrap(domain.ErrUnavailable, cause(err), "the mail server's name cannot be found")
	case errors.Is(err, errLate), errors.Is(err, errTooMuch):
		return domain.Errorf(domain.ErrUnavailable, "%s", err)
	case isCertificate(err):
		return domain.Wrap(domain.ErrUnavailable, err, "the mail server's certificate cannot be trusted")
	}
	return domain.Wrap(domain.ErrUnavailable, cause(err), "the connection to the mail server failed")
}

// unlessOurs makes a refusal that only a person can mend one that passes if the server is our relay: no seller can mend
// that, and no answer should be lost by a wrong setting.
func unlessOurs(to server, refusal *domain.Error) error {
	if !to.relay || !errors.Is(refusal, domain.ErrRejected) {
		return refusal
	}
	return domain.Wrap(domain.ErrUnavailable, refusal.Err, "this installation's mail relay: %s", refusal.Msg)
}

// refused says what a reply of 5yz means. Whoever reads it is the seller, or our operator where the relay refuses us;
// each is told what to do.
func refused(at stage, to server, said *gosmtp.SMTPError) error {
	why := errors.New(code(said))
	switch at {
	case stageHello: // a block list, or a server that is being set up: nothing that this message did
		return domain.Wrap(domain.ErrUnavailable, why, "the mail server does not talk to us (%s)", code(said))
	case stageLogin:
		return unlessOurs(to, &domain.Error{
			Kind: domain.ErrRejected, Msg: "the mail server refuses the user name or the password: set submission again", Err: why,
		})
	case stageMail:
		if to.relay && (said.Code == 530 || said.Code == 535) { // it wants a log-in (RFC 4954 §6)
			return domain.Wrap(domain.ErrUnavailable, why, "this installation's mail relay wants a log-in: its operator must set one")
		}
	}
	return domain.Wrap(domain.ErrRejected, why, "the mail server refuses %s", refusal(at, said))
}

// refusal says for people what was refused and what to do.
func refusal(at stage, said *gosmtp.SMTPError) string {
	switch {
	case said.Code == 552 || said.EnhancedCode[1] == 3 && said.EnhancedCode[2] == 4: // RFC 3463 §3.4
		return fmt.Sprintf("the message for its size (%s): send smaller files, or try again when the mailbox is not full", code(said))
	case at == stageMail:
		return fmt.Sprintf("the sender's address (%s): have it send from that address, or use that address's own account", code(said))
	case at == stageRcpt:
		return fmt.Sprintf("the buyer's address (%s): answer on the marketplace's own pages", code(said))
	}
	return fmt.Sprintf("the message (%s): change the text or the files", code(said))
}

// code is what may be shown of a reply: numbers. It is a reply's code, with the enhanced one (RFC 3463) when there is
// one: 550 5.7.1.
func code(said *gosmtp.SMTPError) string {
	if e := said.EnhancedCode; e[0] > 0 {
		return fmt.Sprintf("%d %d.%d.%d", said.Code, e[0], e[1], e[2])
	}
	return fmt.Sprint(said.Code)
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var name x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &name)
}

// cause keeps the text of err if it is a fault of the network, which is fit for logs, and a plain word otherwise. The
// error itself is not kept: a dial that times out is found to be context.DeadlineExceeded, whoever's time was over.
func cause(err error) error {
	var network net.Error
	switch {
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, errLate), errors.Is(err, errTooMuch), errors.Is(err, context.Canceled):
		return errors.New(err.Error())
	}
	return errors.New("protocol error")
}

// detail keeps what a postmaster needs to find a message again, such as the number in the relay's queue. It makes one
// short line of what a server said when it took a message, without addresses.
func detail(said string) string {
	var words []string
	length := 0
	for word := range strings.FieldsSeq(said) {
		plain := !strings.ContainsFunc(word, func(r rune) bool { return r == '@' || r < ' ' || r > '~' })
		if length += len(word) + 1; plain && length <= domain.MaxReceiptDetail {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
