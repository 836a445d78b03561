package httpapi

import (
	"time"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// statusDisconnected is the status of a connection that was never made; no stored one has it.
const statusDisconnected = "DISCONNECTED"

// standingAnswer is how a connection is, and what its seller has to do next. All of its fields are always there.
type standingAnswer struct {
	statusAnswer
	NextStep       string                `json:"nextStep"`   // in words
	NextAction     string                `json:"nextAction"` // the same for machines
	Authorizations []authorizationAnswer `json:"authorizations"`
	Marketplaces   []participationAnswer `json:"marketplaces"`
}

type authorizationAnswer struct {
	Region    string     `json:"region"`
	Status    string     `json:"status"`
	SellerID  string     `json:"sellerId"`
	GrantedAt *time.Time `json:"grantedAt"`
	ExpiresAt *time.Time `json:"expiresAt"`
	DaysLeft  *int       `json:"daysLeft"` // null unless it is GRANTED
	LastError *string    `json:"lastError"`
}

type participationAnswer struct {
	Country       string  `json:"country"`
	MarketplaceID string  `json:"marketplaceId"`
	Name          string  `json:"name"`
	StoreName     *string `json:"storeName"`
	Participating bool    `json:"participating"`
	Suspended     bool    `json:"suspended"`
}

func showStanding(m domain.MarketplaceType, s app.StatusResult, t tongue) standingAnswer {
	a := standingAnswer{
		statusAnswer:   statusAnswer{Status: statusDisconnected},
		NextStep:       tellStep(m, s.Next, t),
		NextAction:     string(s.Next.Step),
		Authorizations: make([]authorizationAnswer, len(s.Authorizations)),
		Marketplaces:   make([]participationAnswer, len(s.Participations)),
	}
	if s.Found {
		a.statusAnswer = showConnection(s.Connection)
	}
	for i, granted := range s.Authorizations {
		a.Authorizations[i] = showAuthorization(granted, s.At)
		if a.LastError == nil && granted.Status == domain.AuthorizationWithdrawn {
			a.LastError = orNull(granted.LastError)
		}
	}
	for i, p := range s.Participations {
		a.Marketplaces[i] = participationAnswer{p.Country, p.MarketplaceID, p.Name, orNull(p.StoreName), p.Participating, p.Suspended}
	}
	return a
}

func showAuthorization(a domain.AuthorizationState, now time.Time) authorizationAnswer {
	shown := authorizationAnswer{
		Region:    a.Region,
		Status:    string(a.Status),
		SellerID:  a.SellerID,
		GrantedAt: timeOrNull(a.GrantedAt),
		ExpiresAt: timeOrNull(a.ExpiresAt),
		LastError: orNull(a.LastError),
	}
	if a.Status == domain.AuthorizationGranted {
		days := a.DaysLeft(now)
		shown.DaysLeft = &days
	}
	return shown
}
