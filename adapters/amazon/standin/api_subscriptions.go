package standin

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"slices"
)

// queued are the types of notifications that come by SQS, and bridged those that come by EventBridge.
var (
	queued = []string{
		"ORDER_CHANGE", "ANY_OFFER_CHANGED", "SHIPMENT_TRACKING_MILESTONE_CHANGED", "FULFILLMENT_ORDER_STATUS", "FBA_OUTBOUND_SHIPMENT_STATUS",
		"REPORT_PROCESSING_FINISHED", "ACCOUNT_STATUS_CHANGED",
	}
	bridged = []string{"LISTINGS_ITEM_STATUS_CHANGE", "LISTINGS_ITEM_ISSUES_CHANGE", "PRODUCT_TYPE_DEFINITIONS_CHANGE"}
)

func (c *call) createSubscription() answer {
	kind := c.params["notificationType"]
	var body subscriptionJSON
	switch {
	case !slices.Contains(queued, kind) && !slices.Contains(bridged, kind):
		return invalid("There are no notifications of this type.")
	case json.Unmarshal(c.body, &body) != nil, body.Version == "", body.Destination == "":
		return invalid("A subscription needs payloadVersion and destinationId.")
	}
	return c.with(func(n *notices) answer {
		i := n.place(body.Destination)
		switch {
		case i < 0:
			return invalid("There is no such destination.")
		case (n.destinations[i].Resource.SQS != nil) != slices.Contains(queued, kind):
			return invalid("Notifications of this type do not go to such a destination.")
		}
		for _, s := range n.subscriptions {
			if s.seller == c.seller.ID && s.kind == kind && s.Version == body.Version {
				return exists("Subscription " + s.ID)
			}
		}
		body.ID = rand.Text()
		n.subscriptions = append(n.subscriptions, subscription{body, c.seller.ID, kind})
		return payload(body)
	})
}

func (c *call) subscriptions() answer {
	kinds := c.list("notificationTypes")
	if len(kinds) != 1 {
		return invalid("notificationTypes must have exactly one value.")
	}
	return c.with(func(n *notices) answer {
		list := []subscriptionJSON{}
		for _, s := range n.subscriptions {
			if s.seller == c.seller.ID && s.kind == kinds[0] && allowsVersion(c, s) {
				list = append(list, s.subscriptionJSON)
			}
		}
		return payload(map[string]any{"subscriptions": list})
	})
}

func allowsVersion(c *call, s subscription) bool {
	return cmp.Or(c.query.Get("payloadVersion"), s.Version) == s.Version
}

func (c *call) subscription() answer {
	return c.with(func(n *notices) answer {
		for _, s := range slices.Backward(n.subscriptions) { // the latest version
			if s.seller == c.seller.ID && s.kind == c.params["notificationType"] && allowsVersion(c, s) {
				return payload(s.subscriptionJSON)
			}
		}
		return notFound("There is no such subscription.")
	})
}

// byID finds the subscription that a grantless call names.
func (c *call) byID(n *notices) int {
	return slices.IndexFunc(n.subscriptions, func(s subscription) bool {
		return s.ID == c.params["subscriptionId"] && s.kind == c.params["notificationType"]
	})
}

func (c *call) subscriptionByID() answer {
	return c.with(func(n *notices) answer {
		if i := c.byID(n); i >= 0 {
			return payload(n.subscriptions[i].subscriptionJSON)
		}
		return notFound("There is no such subscription.")
	})
}

func (c *call) deleteSubscription() answer {
	return c.with(func(n *notices) answer {
		i := c.byID(n)
		if i < 0 {
			return notFound("There is no such subscription.")
		}
		n.subscriptions = slices.Delete(n.subscriptions, i, i+1)
		return ok(map[string]any{})
	})
}
