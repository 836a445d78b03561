package domain

import "time"

// Step is what a seller has to do next.
type Step string

// The steps. What each means in a sentence is said where it is shown.
const (
	StepConnect     Step = "CONNECT"      // there is no connection, or it was disconnected
	StepAuthorize   Step = "AUTHORIZE"    // consent at the marketplace
	StepReauthorize Step = "REAUTHORIZE"  // consent again: the authorization of Region is withdrawn or over
	StepMendMailbox Step = "MEND_MAILBOX" // the mailbox refuses us: give it again
	StepMendSource  Step = "MEND_SOURCE"  // another source refuses us: LastError says why
	StepSendMail    Step = "SEND_MAIL"    // have the marketplace send buyers' messages to Address
	StepSetMailbox  Step = "SET_MAILBOX"  // say where buyers' messages arrive
	StepRenew       Step = "RENEW"        // consent again within Days: the authorization of Region ends then
	StepNothing     Step = "NOTHING"
)

// Steps are all steps.
var Steps = []Step{
	StepConnect, StepAuthorize, StepReauthorize, StepMendMailbox, StepMendSource, StepSendMail, StepSetMailbox, StepRenew, StepNothing,
}

// NextStep is a step and what it is about.
type NextStep struct {
	Step    Step
	Region  string // of the authorization that it is about
	Country string // of Address
	Address string // an inbound address that nothing came by yet
	Days    int    // until the authorization ends
}

// OnboardingState is what decides about a seller's next step.
type OnboardingState struct {
	Connection     ConnectionState // the zero value where there is none
	Authorizations []AuthorizationState
	Addresses      []InboundAddressState
	CanAuthorize   bool // this installation can send sellers to the marketplace
}

// Next returns what the seller has to do next at now: what keeps messages from coming before what keeps orders from being
// shown, and what is broken before what is still to be done.
func (s OnboardingState) Next(now time.Time) NextStep {
	c := s.Connection
	if c.Status == "" || c.Status == ConnectionDisabled {
		return NextStep{Step: StepConnect}
	}
	if c.SourceRefused || c.Status == ConnectionError && !c.Withdrawn {
		if c.Source == SourceIMAP {
			return NextStep{Step: StepMendMailbox}
		}
		return NextStep{Step: StepMendSource}
	}
	for _, a := range s.Authorizations {
		if a.Status == AuthorizationWithdrawn || a.Status == AuthorizationGranted && !now.Before(a.ExpiresAt) {
			return NextStep{Step: StepReauthorize, Region: a.Region}
		}
	}
	if c.Status == ConnectionPending && s.CanAuthorize {
		return NextStep{Step: StepAuthorize}
	}
	if c.Source == "" {
		for _, a := range s.Addresses {
			if a.Status == AddressPending {
				return NextStep{Step: StepSendMail, Country: a.Country, Address: a.Address}
			}
		}
		return NextStep{Step: StepSetMailbox}
	}
	if s.CanAuthorize && !c.Authorized {
		return NextStep{Step: StepAuthorize}
	}
	for _, a := range s.Authorizations {
		if a.Status == AuthorizationGranted && a.DaysLeft(now) < WarnDays[0] {
			return NextStep{Step: StepRenew, Region: a.Region, Days: a.DaysLeft(now)}
		}
	}
	return NextStep{Step: StepNothing}
}
