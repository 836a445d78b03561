package boot

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// checkInbound checks the settings of the mail that is sent to us.
func (c Config) checkInbound() (wrong []error) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.InboundDomain != "" {
		if err := domain.CheckMailDomain(c.InboundDomain); err != nil {
			add("KEYBUZZ_INBOUND_DOMAIN: %s", domain.Message(err))
		}
	}
	for name, address := range map[string]string{"KEYBUZZ_LMTP_ADDR": c.LMTPAddr, "KEYBUZZ_SMTP_ADDR": c.SMTPAddr} {
		if address == "" {
			continue
		}
		if err := checkListen(name, address); err != nil {
			wrong = append(wrong, err)
		}
		if c.InboundDomain == "" {
			add("KEYBUZZ_INBOUND_DOMAIN is not set: %s takes mail for the addresses under it", name)
		}
	}
	if (c.InboundCert == "") != (c.InboundKey == "") {
		add("KEYBUZZ_INBOUND_TLS_CERT and KEYBUZZ_INBOUND_TLS_KEY: give both, or neither")
	} else if c.InboundCert != "" {
		if _, err := tls.LoadX509KeyPair(c.InboundCert, c.InboundKey); err != nil {
			add("KEYBUZZ_INBOUND_TLS_CERT and KEYBUZZ_INBOUND_TLS_KEY: give PEM files of a certificate and its key: %w", err)
		}
	}
	if strings.ContainsAny(c.InboundAuth, " \t;,") {
		add("KEYBUZZ_INBOUND_AUTHSERV_ID: give one name, such as mx.example.com")
	}
	if _, err := httpapi.ParseWebhookKeys(c.WebhookKey); err != nil {
		wrong = append(wrong, err)
	}
	if !c.WebhookKey.IsZero() && c.InboundDomain == "" {
		add("KEYBUZZ_INBOUND_DOMAIN is not set: INBOUND_WEBHOOK_KEY takes mail for the addresses under it")
	}
	return wrong
}

// webhookKeys are the keys that sign pushed mails: none, one, or two while they are exchanged. Load has looked at them.
func (c Config) webhookKeys() []domain.Secret {
	keys, _ := httpapi.ParseWebhookKeys(c.WebhookKey)
	return keys
}

// checkObjects checks the settings of the object store.
func (c Config) checkObjects() (wrong []error) {
	given := map[string]bool{
		"KEYBUZZ_RAW_S3_ENDPOINT": c.S3Endpoint != "", "KEYBUZZ_RAW_S3_BUCKET": c.S3Bucket != "",
		"KEYBUZZ_RAW_S3_ACCESS_KEY_ID": c.S3AccessKeyID != "", "KEYBUZZ_RAW_S3_SECRET_ACCESS_KEY": !c.S3SecretAccessKey.IsZero(),
	}
	var missing []string
	for _, name := range []string{"KEYBUZZ_RAW_S3_ENDPOINT", "KEYBUZZ_RAW_S3_BUCKET", "KEYBUZZ_RAW_S3_ACCESS_KEY_ID", "KEYBUZZ_RAW_S3_SECRET_ACCESS_KEY"} {
		if !given[name] {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == len(given) && c.S3Prefix == "" && c.S3Region == "":
		return nil
	case len(missing) > 0:
		return []error{fmt.Errorf("%s: not set: the object store needs all of KEYBUZZ_RAW_S3_ENDPOINT, _BUCKET, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY", strings.Join(missing, ", "))}
	}
	if _, err := openObjects(c); err != nil {
		return []error{fmt.Errorf("KEYBUZZ_RAW_S3_ENDPOINT: %s", domain.Message(err))}
	}
	return nil
}
