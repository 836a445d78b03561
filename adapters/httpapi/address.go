package httpapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

type addressAnswer struct {
	ID          uuid.UUID  `json:"id"`
	Country     string     `json:"country"`
	Address     string     `json:"address"`
	Status      string     `json:"status"`
	ValidatedAt *time.Time `json:"validatedAt"`
	ValidatedBy *string    `json:"validatedBy"`
	RetiredAt   *time.Time `json:"retiredAt"`
	LastMailAt  *time.Time `json:"lastMailAt"`
	CreatedAt   time.Time  `json:"createdAt"`
}

func showAddress(a domain.InboundAddressState) addressAnswer {
	return addressAnswer{
		ID:          a.ID.UUID,
		Country:     a.Country,
		Address:     a.Address,
		Status:      string(a.Status),
		ValidatedAt: timeOrNull(a.ValidatedAt),
		ValidatedBy: orNull(a.ValidatedBy),
		RetiredAt:   timeOrNull(a.RetiredAt),
		LastMailAt:  timeOrNull(a.LastMailAt),
		CreatedAt:   a.CreatedAt.UTC(),
	}
}

// addressOf reads {id}. What cannot be an id names nothing that exists.
func addressOf(r *http.Request) (domain.InboundAddressID, error) {
	id, err := domain.ParseID[domain.InboundAddressID](mux.Vars(r)["id"])
	if err != nil {
		return id, domain.Errorf(domain.ErrNotFound, "there is no such address")
	}
	return id, nil
}

type addressList struct {
	Data []addressAnswer `json:"data"`
}

func (s *Server) listAddresses(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	addresses, err := s.app.ListAddresses.Run(r.Context(), app.ListAddressesQuery{Tenant: tenant, Marketplace: domain.Amazon})
	if err != nil {
		return err
	}
	return writeJSON(w, addressList{pageAt(addresses, nil, showAddress).Data})
}

// countryBody names a country.
type countryBody struct {
	Country string `json:"country"`
}

// fieldRefusal says which field is at fault: returnTo, or else the only other one that can be.
func fieldRefusal(err error, other string) error {
	switch {
	case errors.Is(err, domain.ErrReturnTarget):
		return wrongField(http.StatusBadRequest, "returnTo", domain.Message(err))
	case domain.KindOf(err) == domain.ErrInvalid:
		return wrongField(http.StatusBadRequest, other, domain.Message(err))
	}
	return err
}

func (s *Server) createAddress(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	var body countryBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	a, created, err := s.app.CreateAddress.Run(r.Context(), app.CreateAddressCommand{
		Tenant: tenant, Marketplace: domain.Amazon, Country: body.Country, By: exchangeOf(r).subject,
	})
	if err != nil {
		return fieldRefusal(err, "country")
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return writeJSONStatus(w, status, showAddress(a))
}

func (s *Server) retireAddress(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	id, err := addressOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	a, err := s.app.RetireAddress.Run(r.Context(), app.RetireAddressCommand{Tenant: tenant, Address: id, By: exchangeOf(r).subject})
	if err != nil {
		return err
	}
	return writeJSON(w, showAddress(a))
}

type validationAnswer struct {
	Code         string    `json:"code"`
	Subject      string    `json:"subject"`
	Address      string    `json:"address"`
	ExpiresAt    time.Time `json:"expiresAt"`
	Instructions string    `json:"instructions"`
}

func (s *Server) validateAddress(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	id, err := addressOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	a, code, err := s.app.ValidateAddress.Run(r.Context(), app.ValidateAddressCommand{Tenant: tenant, Address: id})
	if err != nil {
		return err
	}
	subject := domain.ValidationSubject(code)
	return writeJSON(w, validationAnswer{
		Code: code, Subject: subject, Address: a.Address, ExpiresAt: a.CodeExpires.UTC(),
		Instructions: "Send a mail with the subject " + subject + " to " + a.Address + ", from anywhere, within a day. " +
			"That proves that mail reaches us; a buyer's message proves it too, and that Seller Central is set.",
	})
}
