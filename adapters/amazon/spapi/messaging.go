package spapi

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	getMessagingActions domain.Operation = "messaging/v1/getMessagingActionsForOrder"
	getAttributes       domain.Operation = "messaging/v1/GetAttributes"
)

// MessageType is what kind of message a seller may send to the buyer of an order, unasked.
type MessageType string

// messageTypes are those that there are. Amazon's answers name others too, which are gone.
var messageTypes = []MessageType{
	"confirmOrderDetails", "confirmDeliveryDetails", "confirmServiceDetails", "confirmCustomizationDetails", "unexpectedProblem",
	"digitalAccessKey", "legalDisclosure", "warranty", "invoice",
}

// messagingActions is the answer of getMessagingActionsForOrder.
type messagingActions struct {
	Links struct {
		Actions []messagingLink `json:"actions"`
		Self    messagingLink   `json:"self"`
	} `json:"_links"`
}

func (m messagingActions) complete() bool { return m.Links.Actions != nil }

type messagingLink struct {
	Href string `json:"href"`
	Name string `json:"name,omitempty"`
}

// MessageTypes returns the types of message that may be sent for an order now; often there are none. That Amazon does not let
// us ask for this order is domain.ErrConflict, and says nothing about the account.
func (c *Client) MessageTypes(ctx context.Context, a domain.AuthorizationState, marketplaceID, orderID string) ([]MessageType, error) {
	var got messagingActions
	if err := c.messaging(ctx, a, getMessagingActions, "", marketplaceID, orderID, &got); err != nil {
		return nil, err
	}
	var allowed []MessageType
	for _, link := range got.Links.Actions {
		if t := link.messageType(); t != "" && !slices.Contains(allowed, t) {
			allowed = append(allowed, t)
		}
	}
	return allowed, nil
}

// messageType is the type of message that a link is for, "" if it is for something else.
func (l messagingLink) messageType() MessageType {
	name := l.Name
	if u, err := url.Parse(l.Href); err == nil && u.Path != "" {
		if path.Base(path.Dir(u.Path)) != "messages" {
			return ""
		}
		name = path.Base(u.Path)
	}
	if t := MessageType(name); slices.Contains(messageTypes, t) {
		return t
	}
	return ""
}

// buyerAttributes is the answer of GetAttributes.
type buyerAttributes struct {
	Buyer struct {
		Locale string `json:"locale,omitempty"`
	} `json:"buyer"`
}

// BuyerLanguage returns the BCP 47 tag of the language that the buyer of an order prefers, "" when Amazon does not say.
func (c *Client) BuyerLanguage(ctx context.Context, a domain.AuthorizationState, marketplaceID, orderID string) (string, error) {
	var got buyerAttributes
	if err := c.messaging(ctx, a, getAttributes, "/attributes", marketplaceID, orderID, &got); err != nil {
		return "", err
	}
	return clean(strings.ReplaceAll(got.Buyer.Locale, "_", "-")), nil
}

func (c *Client) messaging(ctx context.Context, a domain.AuthorizationState, op domain.Operation, suffix, marketplaceID, orderID string, v any) error {
	order, err := segment(orderID)
	if err != nil {
		return err
	}
	if marketplaceID == "" {
		return domain.Errorf(domain.ErrInvalid, "messages belong to a marketplace")
	}
	return c.do(ctx, call{
		operation: op, as: sellerOf(a), method: http.MethodGet, path: "/messaging/v1/orders/" + order + suffix,
		query: query{"marketplaceIds": {marketplaceID}},
	}, v)
}
