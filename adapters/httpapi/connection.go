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

// statusDisconnected is the status of a connection that was never made; no stored one has it.
const statusDisconnected = "DISCONNECTED"

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
	c, found, err := s.app.Status.Run(r.Context(), app.StatusQuery{Tenant: tenant, Marketplace: marketplace})
	if err != nil {
		return err
	}
	if !found {
		return writeJSON(w, statusAnswer{Status: statusDisconnected})
	}
	return writeJSON(w, showConnection(c))
}

type connectAnswer struct {
	Message      string `json:"message"`
	Status       string `json:"status"` // in lower case
	Instructions string `json:"instructions"`
	ConnectionID string `json:"connectionId"`
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	c, err := s.app.Connect.Run(r.Context(), app.ConnectCommand{Tenant: tenant, Marketplace: marketplace})
	if err != nil {
		return err
	}
	return writeJSON(w, connectAnswer{
		Message:      marketplace.Title() + " connection initiated",
		Status:       strings.ToLower(string(c.Status)),
		Instructions: instructions(c),
		ConnectionID: c.ID.String(),
	})
}

// instructions tells a seller what to do next.
func instructions(c domain.ConnectionState) string {
	const setMailbox = "1. Give us a mailbox that we may read: PUT " + apiBase + "/marketplaces/amazon/mailbox. " +
		"2. In Seller Central, open Settings > Notification Preferences > Messaging > Buyer Messages and have them sent to that mailbox's address."
	switch {
	case c.Status == domain.ConnectionConnected:
		return "Nothing to do: " + c.Type.Title() + " is connected, and new messages become tickets by themselves."
	case c.Type == domain.Amazon:
		return setMailbox
	}
	return "Nothing to do yet: " + c.Type.Title() + " has no source of messages on this server."
}

func (s *Server) disconnect(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	marketplace, err := marketplaceOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	c, err := s.app.Disconnect.Run(r.Context(), app.DisconnectCommand{Tenant: tenant, Marketplace: marketplace})
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
	return writeJSON(w, syncAnswer(result))
}
