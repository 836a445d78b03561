package boot

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"

	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// checkOutbound checks the settings of the mail that we send.
func (c Config) checkOutbound() (wrong []error) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	relay, err := c.relay()
	switch {
	case err != nil:
		wrong = append(wrong, err)
	case relay == nil && (c.SubmissionTLS != "" || c.SubmissionUser != "" || !c.SubmissionPassword.IsZero()):
		add("KEYBUZZ_SMTP_SUBMISSION_ADDR is not set: the other settings of the relay are of no use without")
	case relay != nil && c.InboundDomain == "":
		add("KEYBUZZ_INBOUND_DOMAIN is not set: the relay of KEYBUZZ_SMTP_SUBMISSION_ADDR sends from the addresses under it")
	}
	if (c.SubmissionUser == "") != c.SubmissionPassword.IsZero() {
		add("KEYBUZZ_SMTP_SUBMISSION_USER and KEYBUZZ_SMTP_SUBMISSION_PASSWORD: give both, or neither")
	}
	if (c.DKIMSelector == "") != (c.DKIMKey == "") {
		add("KEYBUZZ_DKIM_SELECTOR and KEYBUZZ_DKIM_KEY: give both, or neither")
	} else if _, err := c.dkim(); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

// relay is the server that answers from inbound addresses leave by; nil where there is none.
func (c Config) relay() (*smtp.Relay, error) {
	if c.SubmissionAddr == "" {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(c.SubmissionAddr)
	number, err2 := strconv.ParseUint(port, 10, 16)
	if err != nil || err2 != nil || host == "" || number == 0 {
		return nil, errors.New("KEYBUZZ_SMTP_SUBMISSION_ADDR: give host and port, such as smtp.example.com:587")
	}
	r := &smtp.Relay{
		Host: host, Port: int(number), TLS: c.SubmissionTLS, User: c.SubmissionUser, Password: c.SubmissionPassword,
	}
	switch r.TLS {
	case domain.TLSImplicit, domain.TLSStart, domain.TLSNone:
	case "":
		r.TLS = domain.TLSStart
		if c.AmazonMode == modeStandIn { // whose relay is on this machine
			r.TLS = domain.TLSNone
		} else if number == 465 { // RFC 8314 §7.3
			r.TLS = domain.TLSImplicit
		}
	default:
		return nil, errors.New("KEYBUZZ_SMTP_SUBMISSION_TLS: use implicit, starttls or none")
	}
	if r.TLS == domain.TLSNone && r.User != "" && !loopback(host) {
		return nil, errors.New("KEYBUZZ_SMTP_SUBMISSION_TLS: no password leaves this machine without TLS: use implicit or starttls")
	}
	return r, nil
}

// selector is a name that a DKIM key is published under (RFC 6376 §3.1).
var selector = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$`)

// dkim is the key that answers are signed with; nil where there is none.
func (c Config) dkim() (*smtp.DKIM, error) {
	if c.DKIMKey == "" {
		return nil, nil
	}
	if !selector.MatchString(c.DKIMSelector) {
		return nil, errors.New("KEYBUZZ_DKIM_SELECTOR: give the name that the key is published under, such as s2026")
	}
	wrong := errors.New("KEYBUZZ_DKIM_KEY: give a PEM file with an RSA key of at least 1024 bits, or an Ed25519 key")
	text, err := os.ReadFile(c.DKIMKey)
	if err != nil {
		return nil, wrong
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, wrong
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if err == nil && k.N.BitLen() >= 1024 { // RFC 8301 §3.2
			return c.signer(k), nil
		}
	case ed25519.PrivateKey:
		return c.signer(k), nil
	}
	return nil, wrong
}

func (c Config) signer(key crypto.Signer) *smtp.DKIM {
	return &smtp.DKIM{Domain: c.InboundDomain, Selector: c.DKIMSelector, Key: key}
}
