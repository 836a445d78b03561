package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// The headers of a mail that is pushed here.
const (
	headerFrom      = "X-Envelope-From"
	headerTo        = "X-Envelope-To"
	headerTimestamp = "X-KeyBuzz-Timestamp"
	headerSignature = "X-KeyBuzz-Signature"
)

// signatureVersion names how a signature is made. Another way takes another name.
const signatureVersion = "v1"

// signatureWindow is how far the time of a signature may be from ours, on either side.
const signatureWindow = 5 * time.Minute

// maxSignatures is how many signatures a request may have: one for each key while keys are rotated, and some to spare.
const maxSignatures = 4

// ParseWebhookKeys reads the setting INBOUND_WEBHOOK_KEY: one key, or two with a comma between them while keys are rotated.
// None when it is empty. domain.ErrInvalid, with the name of the setting, if there are more or one is shorter than MinSecret.
func ParseWebhookKeys(setting domain.Secret) ([]domain.Secret, error) {
	if setting.IsZero() {
		return nil, nil
	}
	parts := strings.Split(setting.Reveal(), ",")
	keys := make([]domain.Secret, len(parts))
	for i, part := range parts {
		if len(part) < MinSecret {
			return nil, domain.Errorf(domain.ErrInvalid, "INBOUND_WEBHOOK_KEY: give keys of at least %d bytes each", MinSecret)
		}
		keys[i] = domain.NewSecret(part)
	}
	if len(keys) > 2 {
		return nil, domain.Errorf(domain.ErrInvalid, "INBOUND_WEBHOOK_KEY: give one key, or two with a comma between them")
	}
	return keys, nil
}

// SignMail returns the header X-KeyBuzz-Signature of a mail that is pushed to /api/v1/webhooks/inbound-email at a time, with
// the envelope's sender and recipient: what a sender does.
func SignMail(key domain.Secret, at time.Time, from, to string, mail []byte) string {
	digest := sha256.Sum256(mail)
	return signatureVersion + "=" + hex.EncodeToString(signature(key, strconv.FormatInt(at.Unix(), 10), from, to, digest))
}

// signature is the HMAC-SHA256 over version, timestamp, sender, recipient and the digest of the body in hex, a line each, the
// last without its end. No header can hold the end of a line, so nothing can be moved from one to the next.
func signature(key domain.Secret, timestamp, from, to string, body [sha256.Size]byte) []byte {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	_, _ = mac.Write([]byte(strings.Join([]string{signatureVersion, timestamp, from, to, hex.EncodeToString(body[:])}, "\n")))
	return mac.Sum(nil)
}

// claim is what the headers of a pushed mail say, before anybody has checked the signature.
type claim struct {
	timestamp, from, to string
	signatures          [][]byte
}

// errBadSignature says no more than that: what is wrong with a signature is for its maker to find out.
var errBadSignature = unauthorized(`KeyBuzz-Signature realm="inbound-email"`,
	"a good signature is needed: see /docs#receiveMail for how it is made")

// claimOf reads the headers. Whatever cannot be signed well is refused before the body is read.
func claimOf(r *http.Request, now time.Time) (c claim, err error) {
	var given string
	for name, field := range map[string]*string{headerFrom: &c.from, headerTo: &c.to, headerTimestamp: &c.timestamp, headerSignature: &given} {
		values := r.Header.Values(name)
		if len(values) > 1 || len(values) == 0 && name != headerFrom {
			return c, errBadSignature
		}
		*field = r.Header.Get(name)
	}
	seconds, err := strconv.ParseInt(c.timestamp, 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(now).Abs() > signatureWindow {
		return c, errBadSignature
	}
	for i, part := range strings.Split(given, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(part), signatureVersion+"=")
		if !ok {
			continue
		}
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != sha256.Size || i >= maxSignatures {
			return c, errBadSignature
		}
		c.signatures = append(c.signatures, sum)
	}
	if len(c.signatures) == 0 {
		return c, errBadSignature
	}
	return c, nil
}

// signed reports whether one of the signatures is made with one of the keys. How long it takes says nothing about either.
func (c claim) signed(keys []domain.Secret, body [sha256.Size]byte) bool {
	good := false
	for _, key := range keys {
		want := signature(key, c.timestamp, c.from, c.to, body)
		for _, sum := range c.signatures {
			good = hmac.Equal(want, sum) || good
		}
	}
	return good
}
