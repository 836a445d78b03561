package domain_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestNextStep(t *testing.T) {
	t.Parallel()
	eu := authorization(t, "EU").State()
	gone, over := eu, eu
	gone.Status = domain.AuthorizationWithdrawn
	pending := domain.InboundAddressState{Status: domain.AddressPending, Country: "FR", Address: "a@b.example"}
	used := domain.InboundAddressState{Status: domain.AddressValidated, Country: "FR", Address: "a@b.example"}
	state := func(change func(*domain.ConnectionState)) domain.ConnectionState {
		c := connection(t)
		change(&c)
		return c
	}
	connected := state(func(c *domain.ConnectionState) {
		c.Status, c.Source, c.Authorized = domain.ConnectionConnected, domain.SourceIMAP, true
	})
	bare := state(func(c *domain.ConnectionState) { c.Status, c.Authorized = domain.ConnectionConnected, true })
	refused := state(func(c *domain.ConnectionState) {
		c.Status, c.Source, c.SourceRefused, c.Withdrawn = domain.ConnectionError, domain.SourceIMAP, true, true
	})
	withdrawn := state(func(c *domain.ConnectionState) {
		c.Status, c.Source, c.Withdrawn = domain.ConnectionError, domain.SourceIMAP, true
	})
	for name, c := range map[string]struct {
		s    domain.OnboardingState
		now  time.Time
		want domain.NextStep
	}{
		"never connected":              {domain.OnboardingState{CanAuthorize: true}, noon, domain.NextStep{Step: domain.StepConnect}},
		"disconnected":                 {domain.OnboardingState{Connection: state(func(c *domain.ConnectionState) { c.Status = domain.ConnectionDisabled })}, noon, domain.NextStep{Step: domain.StepConnect}},
		"begun":                        {domain.OnboardingState{Connection: connection(t), CanAuthorize: true}, noon, domain.NextStep{Step: domain.StepAuthorize}},
		"begun without OAuth":          {domain.OnboardingState{Connection: connection(t)}, noon, domain.NextStep{Step: domain.StepSetMailbox}},
		"begun with an address":        {domain.OnboardingState{Connection: connection(t), Addresses: []domain.InboundAddressState{pending}}, noon, domain.NextStep{Step: domain.StepSendMail, Country: "FR", Address: "a@b.example"}},
		"authorized, no mail":          {domain.OnboardingState{Connection: bare, CanAuthorize: true, Authorizations: []domain.AuthorizationState{eu}}, noon, domain.NextStep{Step: domain.StepSetMailbox}},
		"authorized, address not used": {domain.OnboardingState{Connection: bare, CanAuthorize: true, Authorizations: []domain.AuthorizationState{eu}, Addresses: []domain.InboundAddressState{used, pending}}, noon, domain.NextStep{Step: domain.StepSendMail, Country: "FR", Address: "a@b.example"}},
		"all well":                     {domain.OnboardingState{Connection: connected, CanAuthorize: true, Authorizations: []domain.AuthorizationState{eu}}, noon, domain.NextStep{Step: domain.StepNothing}},
		"mail without orders": {domain.OnboardingState{CanAuthorize: true, Connection: state(func(c *domain.ConnectionState) {
			c.Status, c.Source = domain.ConnectionConnected, domain.SourceIMAP
		})}, noon, domain.NextStep{Step: domain.StepAuthorize}},
		"withdrawn":           {domain.OnboardingState{Connection: withdrawn, Authorizations: []domain.AuthorizationState{gone}}, noon, domain.NextStep{Step: domain.StepReauthorize, Region: "EU"}},
		"mailbox refused too": {domain.OnboardingState{Connection: refused, Authorizations: []domain.AuthorizationState{gone}}, noon, domain.NextStep{Step: domain.StepMendMailbox}}, // buyers wait
		"invented messages refused": {domain.OnboardingState{Connection: state(func(c *domain.ConnectionState) {
			c.Status, c.Source, c.SourceRefused = domain.ConnectionError, domain.SourceMock, true
		})}, noon, domain.NextStep{Step: domain.StepMendSource}},
		"in error since a version before": {domain.OnboardingState{Connection: state(func(c *domain.ConnectionState) {
			c.Status, c.Source = domain.ConnectionError, domain.SourceIMAP
		})}, noon, domain.NextStep{Step: domain.StepMendMailbox}},
		"ends soon": {domain.OnboardingState{Connection: connected, Authorizations: []domain.AuthorizationState{eu}}, eu.ExpiresAt.Add(-20 * day), domain.NextStep{Step: domain.StepRenew, Region: "EU", Days: 20}},
		"is over":   {domain.OnboardingState{Connection: connected, Authorizations: []domain.AuthorizationState{over}}, eu.ExpiresAt, domain.NextStep{Step: domain.StepReauthorize, Region: "EU"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is.New(t).Equal(c.s.Next(c.now), c.want)
		})
	}
}
