package spapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	getDestinations    domain.Operation = "notifications/v1/getDestinations"
	createDestination  domain.Operation = "notifications/v1/createDestination"
	getSubscription    domain.Operation = "notifications/v1/getSubscription"
	createSubscription domain.Operation = "notifications/v1/createSubscription"
	deleteSubscription domain.Operation = "notifications/v1/deleteSubscriptionById"
)

const (
	destinationsPath   = "/notifications/v1/destinations"
	orderChangesPath   = "/notifications/v1/subscriptions/ORDER_CHANGE"
	notificationsScope = "sellingpartnerapi::notifications"
)

// Destination is a queue that Amazon sends our notifications of a region to.
type Destination struct {
	ID   string
	Name string
	ARN  string // of the SQS queue; "" when it is something else
}

// Subscription is a seller's notifications of one type going to a destination.
type Subscription struct {
	ID          string
	Destination string // its id
}

type destinationWire struct {
	ID       string       `json:"destinationId"`
	Name     string       `json:"name"`
	Resource resourceWire `json:"resource"`
}

type resourceWire struct {
	SQS *sqsWire `json:"sqs,omitempty"`
}

type sqsWire struct {
	ARN string `json:"arn"`
}

func (d destinationWire) destination() Destination {
	out := Destination{ID: clean(d.ID), Name: clean(d.Name)}
	if d.Resource.SQS != nil {
		out.ARN = clean(d.Resource.SQS.ARN)
	}
	return out
}

type subscriptionWire struct {
	ID          string `json:"subscriptionId"`
	Version     string `json:"payloadVersion"`
	Destination string `json:"destinationId"`
}

type (
	destinationsAnswer struct {
		Payload []destinationWire `json:"payload"`
	}
	destinationAnswer struct {
		Payload destinationWire `json:"payload"`
	}
	subscriptionAnswer struct {
		Payload subscriptionWire `json:"payload"`
	}
	destinationRequest struct {
		Name     string       `json:"name"`
		Resource resourceWire `json:"resourceSpecification"`
	}
	subscriptionRequest struct {
		Version     string `json:"payloadVersion"`
		Destination string `json:"destinationId"`
	}
)

func (a destinationsAnswer) complete() bool { return a.Payload != nil }
func (a destinationAnswer) complete() bool  { return a.Payload.ID != "" }
func (a subscriptionAnswer) complete() bool { return a.Payload.ID != "" }

// Destinations returns those that our application has in a region.
func (c *Client) Destinations(ctx context.Context, region string) ([]Destination, error) {
	var got destinationsAnswer
	err := c.do(ctx, call{
		operation: getDestinations, as: ourselves(region, notificationsScope), method: http.MethodGet, path: destinationsPath,
	}, &got)
	if err != nil {
		return nil, err
	}
	all := make([]Destination, len(got.Payload))
	for i, d := range got.Payload {
		all[i] = d.destination()
	}
	return all, nil
}

// CreateDestination makes an SQS queue a destination in a region. One that is there already is returned as it is.
func (c *Client) CreateDestination(ctx context.Context, region, name, arn string) (Destination, error) {
	var got destinationAnswer
	err := c.do(ctx, call{
		operation: createDestination, as: ourselves(region, notificationsScope), method: http.MethodPost, path: destinationsPath,
		body: destinationRequest{name, resourceWire{&sqsWire{arn}}},
	}, &got)
	if !errors.Is(err, domain.ErrConflict) {
		return got.Payload.destination(), err
	}
	all, lookErr := c.Destinations(ctx, region)
	if lookErr != nil {
		return Destination{}, lookErr
	}
	for _, d := range all {
		if d.ARN == arn {
			return d, nil
		}
	}
	return Destination{}, err // the name is another queue's
}

// OrderChanges returns a seller's subscription to changes of orders. domain.ErrNotFound if there is none.
func (c *Client) OrderChanges(ctx context.Context, a domain.AuthorizationState) (Subscription, error) {
	var got subscriptionAnswer
	err := c.do(ctx, call{
		operation: getSubscription, as: sellerOf(a), method: http.MethodGet, path: orderChangesPath, query: query{"payloadVersion": {"1.0"}},
	}, &got)
	return got.Payload.subscription(), err
}

// SubscribeOrderChanges has changes of a seller's orders sent to a destination. A subscription that is there already is
// returned as it is, and is domain.ErrConflict if it goes elsewhere.
func (c *Client) SubscribeOrderChanges(ctx context.Context, a domain.AuthorizationState, destination string) (Subscription, error) {
	var got subscriptionAnswer
	err := c.do(ctx, call{
		operation: createSubscription, as: sellerOf(a), method: http.MethodPost, path: orderChangesPath,
		body: subscriptionRequest{"1.0", destination},
	}, &got)
	if !errors.Is(err, domain.ErrConflict) {
		return got.Payload.subscription(), err
	}
	there, lookErr := c.OrderChanges(ctx, a)
	if lookErr != nil {
		return Subscription{}, lookErr
	}
	if there.Destination != destination {
		return Subscription{}, err
	}
	return there, nil
}

// EndOrderChanges ends a subscription in a region. It is our own call: it works when the seller has withdrawn. Ending what is
// not there is no error.
func (c *Client) EndOrderChanges(ctx context.Context, region, subscription string) error {
	id, err := segment(subscription)
	if err != nil {
		return err
	}
	err = c.do(ctx, call{
		operation: deleteSubscription, as: ourselves(region, notificationsScope), method: http.MethodDelete, path: orderChangesPath + "/" + id,
	}, nil)
	if domain.KindOf(err) == domain.ErrNotFound {
		return nil
	}
	return err
}

func (s subscriptionWire) subscription() Subscription {
	return Subscription{clean(s.ID), clean(s.Destination)}
}
