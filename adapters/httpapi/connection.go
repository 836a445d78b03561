package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// statusAnswer is how a connection is. All of its fields are always there.
type statusAnswer struct {
	Connected   bool       `json:"connected"`
	Status      string     `json:"status"`
	DisplayName *string    `json:"displayName"`
	Region      *string    `json:"region"`
	LastSyncAt  *time.Time `json:"lastSyncAt"`
	LastError   *string    `json:"lastError"`
}

func showConnection(c domain.ConnectionState) statusAnswer {
	return statusAnswer{
		Connected:   c.Status == domain.ConnectionConnected,
		Status:      string(c.Status),
		DisplayName: orNull(c.DisplayName),
		Region:      orNull(c.Region),
		LastSyncAt:  timeOrNull(c.LastSyncAt),
		LastError:   orNull(c.LastError),
	}
}

// marketplaceOf reads {marketplace}; an unknown one does not exist.
func marketplaceOf(r *http.Request) (domain.MarketplaceType, error) {
	return domain.ParseMarketplaceType(mux.Vars(r)["marketplace"])
}

func (s *Server) status(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	status, err := s.app.Status.Run(r.Context(), app.StatusQuery{Tenant: tenant, Marketplace: marketplace})
	if err != nil {
		return err
	}
	return writeJSON(w, showStanding(marketplace, status, tongueOf(w, r)))
}

// connectBody says for which country, and where the browser is to go after the consent.
type connectBody struct {
	Country  string `json:"country"`
	ReturnTo string `json:"returnTo"`
}

type connectAnswer struct {
	Message          string         `json:"message"`
	Status           string         `json:"status"` // in lower case
	Instructions     string         `json:"instructions"`
	ConnectionID     string         `json:"connectionId"`
	AuthorizationURL string         `json:"authorizationUrl,omitempty"` // only when a country was named and sellers can authorize us
	InboundAddress   *addressAnswer `json:"inboundAddress,omitempty"`   // only when a country was named and mail is taken here
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	var body connectBody
	if err := optionalBody(w, r, &body); err != nil {
		return err
	}
	browser := browserFor(r)
	c, err := s.app.Connect.Run(r.Context(), app.ConnectCommand{
		Tenant: tenant, Marketplace: marketplace, Country: body.Country, By: exchangeOf(r).subject, ReturnTo: body.ReturnTo, Browser: browser,
	})
	if err != nil {
		return fieldRefusal(err, "country")
	}
	answer := connectAnswer{
		Message:          marketplace.Title() + " connection initiated",
		Status:           strings.ToLower(string(c.Status)),
		Instructions:     instructions(c, tongueOf(w, r)),
		ConnectionID:     c.ID.String(),
		AuthorizationURL: c.AuthorizationURL,
	}
	if c.AuthorizationURL != "" {
		keepBrowser(w, browser)
	}
	if c.Address != nil {
		shown := showAddress(*c.Address)
		answer.InboundAddress = &shown
	}
	return writeJSON(w, answer)
}

func (s *Server) disconnect(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	c, err := s.app.Disconnect.Run(r.Context(), app.DisconnectCommand{Tenant: tenant, Marketplace: marketplace, By: exchangeOf(r).subject})
	if err != nil {
		return err
	}
	return writeJSON(w, showConnection(c))
}

type syncAnswer struct {
	Fetched    int  `json:"fetched"`
	Created    int  `json:"created"`
	Duplicates int  `json:"duplicates"`
	Rejected   int  `json:"rejected"`
	Superseded bool `json:"superseded,omitempty"` // only when another poll was ahead of this one
}

func (s *Server) sync(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	result, err := s.app.Sync.Run(r.Context(), app.SyncCommand{Tenant: tenant, Marketplace: marketplace})
	if err != nil {
		return err
	}
	return writeJSON(w, syncAnswer{
		Fetched: result.Fetched, Created: result.Created, Duplicates: result.Duplicates, Rejected: result.Rejected,
		Superseded: result.Superseded,
	})
}
