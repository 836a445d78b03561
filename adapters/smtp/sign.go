package smtp

import (
	"context"
	"crypto"
	"errors"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/keybuzzio/marketplaces/domain"
)

// DKIM is the key that answers are signed with (RFC 6376).
type DKIM struct {
	Domain   string // what the key vouches for; an answer from another domain is not signed
	Selector string
	Key      crypto.Signer // RSA or Ed25519 (RFC 8463)
}

// signedFields are those that RFC 6376 §5.4.1 recommends and that we write. The first three are named once more than
// they occur, so that nobody can add another (§8.15).
var signedFields = []string{
	"From", "To", "Subject",
	"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "Content-Language",
}

// sign puts a signature on top of a letter. It is relaxed in both canonicalizations (RFC 6376 §3.4), since relays
// fold headers and trim blanks.
//
// It signs a letter from the key's domain, for which it reads the files once. It leaves others as they are, and all
// if d is nil.
func (d *DKIM) sign(ctx context.Context, l *letter) error {
	if d == nil || !strings.EqualFold(l.from[strings.LastIndex(l.from, "@")+1:], d.Domain) {
		return nil
	}
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: d.Domain, Selector: d.Selector, Signer: d.Key, HeaderKeys: signedFields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return domain.Wrap(domain.ErrUnavailable, err, "the DKIM key cannot sign: the operator must look at KEYBUZZ_DKIM_KEY")
	}
	err = l.write(signer, from(ctx))
	closed := signer.Close() // ends the signer's goroutine, whatever happened
	if file := (*fileError)(nil); errors.As(err, &file) {
		return err
	}
	if err := errors.Join(err, closed); err != nil {
		return domain.Wrap(domain.ErrUnavailable, err, "the DKIM key cannot sign: the operator must look at KEYBUZZ_DKIM_KEY")
	}
	l.signature = signer.Signature()
	l.bytes += int64(len(l.signature))
	return nil
}
