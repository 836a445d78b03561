package boot

import (
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// openSender returns what sends mail. Until s is closed it keeps connections to the relay: that of the settings, or
// the one of the stand-in for Amazon.
func (s *service) openSender(c Config, secrets ports.SecretStore) (*smtp.Sender, error) {
	relay, err := c.relay()
	if err != nil {
		return nil, err
	}
	if s.mailroom != nil && s.mailroom.relay != nil {
		relay = s.mailroom.relay
	}
	key, err := c.dkim()
	if err != nil {
		return nil, err
	}
	sender := smtp.NewSender(secrets, smtp.Options{
		InboundHost: c.InboundDomain, Relay: relay, DKIM: key, Name: c.InboundDomain,
		Policy: domain.NetworkPolicy{Networks: c.MailboxNetworks, Loopback: c.Dev},
	})
	s.close = append(s.close, sender.Close)
	return sender, nil
}
