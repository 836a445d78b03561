package domain

import (
	"math"
	"strings"
	"time"
)

// UsagePlan is how often an operation may be called for one selling partner: a bucket of Burst tokens, full at first, into
// which Rate tokens fall each second. A call takes one.
type UsagePlan struct {
	Rate  float64 // tokens a second, more than 0
	Burst int     // tokens at most, at least 1
}

// rateTrust is how many times faster or slower than published a learned rate is believed to be. Plans grow with a seller's
// sales and now and then differ from their documentation, by a factor of 30 at the most that was seen; what is further off
// is a misunderstanding, and a rate near 0 would stop a seller for days.
const rateTrust = 100

// CheckRate says whether rate, in calls a second, can be what a marketplace grants instead of Rate. ErrInvalid if it is no
// finite number above 0, or a hundred times more or less than Rate.
func (p UsagePlan) CheckRate(rate float64) error {
	if math.IsNaN(rate) || rate < p.Rate/rateTrust || rate > p.Rate*rateTrust {
		return Errorf(ErrInvalid, "%g calls a second cannot be the rate of an operation that has %g", rate, p.Rate)
	}
	return nil
}

// Operation names a call of a marketplace's API: for Amazon API, version and operation as its models name them, such as
// orders/v0/getOrders. It is stored data and never changes.
type Operation string

// Plan is the operation's published plan. ErrInvalid for an operation that is not known.
func (o Operation) Plan() (UsagePlan, error) {
	p, known := usagePlans[o]
	if !known {
		return UsagePlan{}, Errorf(ErrInvalid, "no usage plan is known of operation %q", string(o))
	}
	return p, nil
}

// BucketID names the bucket of an operation for a selling partner, which is what a connection stands for.
type BucketID struct {
	Tenant     TenantID
	Connection ConnectionID
	Operation  Operation
}

// Plan is the published plan of the bucket. ErrInvalid without a tenant, a connection and a known operation.
func (b BucketID) Plan() (UsagePlan, error) {
	if b.Tenant.IsZero() || b.Connection == (ConnectionID{}) {
		return UsagePlan{}, Errorf(ErrInvalid, "a bucket needs a tenant and a connection")
	}
	return b.Operation.Plan()
}

// Throttled is the answer to a call that must wait for its token: ErrThrottled, with a RetryAfter of whole milliseconds that
// is a little longer than wait, so that the token is there for who comes back then.
func (o Operation) Throttled(wait time.Duration) error {
	return &Error{
		Kind: ErrThrottled, Msg: "the marketplace lets us ask for this account only now and then: it goes on by itself",
		RetryAfter: wait.Truncate(time.Millisecond) + time.Millisecond,
	}
}

// usagePlans are the default plans of the Selling Partner API, from the descriptions in its models and its documentation
// (October 2026). Where those disagree with resources/rate-limits.yml of Amazon's SDK (uploads, getAccount), the models'
// figure stands; Amazon's answers correct the rate. Orders have dynamic plans, which grow with the sales.
var usagePlans = planTable(
	planned{1, 5, "messaging/v1", `getMessagingActionsForOrder GetAttributes createConfirmOrderDetails createConfirmDeliveryDetails
		createConfirmServiceDetails confirmCustomizationDetails createUnexpectedProblem createDigitalAccessKey
		createLegalDisclosure CreateWarranty sendInvoice`},
	planned{1, 5, "solicitations/v1", `getSolicitationActionsForOrder createProductReviewAndSellerFeedbackSolicitation`},
	planned{1, 5, "notifications/v1", `getSubscriptions getSubscription createSubscription getSubscriptionById
		deleteSubscriptionById sendTestNotification getDestinations createDestination getDestination deleteDestination`},
	planned{10, 10, "uploads/2020-11-01", `createUploadDestinationForResource`},
	planned{1, 10, "tokens/2021-03-01", `createRestrictedDataToken`},
	planned{0.016, 15, "sellers/v1", `getMarketplaceParticipations getAccount`},
	planned{0.0056, 20, "orders/2026-01-01", `searchOrders`},
	planned{0.5, 30, "orders/2026-01-01", `getOrder`},
	planned{0.0167, 20, "orders/v0", `getOrders`},
	planned{0.5, 30, "orders/v0", `getOrder getOrderBuyerInfo getOrderAddress getOrderItems getOrderItemsBuyerInfo
		getOrderRegulatedInfo updateVerificationStatus`},
	planned{5, 15, "orders/v0", `updateShipmentStatus`},
	planned{2, 10, "orders/v0", `confirmShipment`},
	planned{0.0167, 1, "applications/2023-11-30", `rotateApplicationClientSecret`},
)

// planned is a line of usagePlans: the plan of an API's operations, each of which has a bucket of its own.
type planned struct {
	rate       float64
	burst      int
	api        string
	operations string
}

func planTable(lines ...planned) map[Operation]UsagePlan {
	table := map[Operation]UsagePlan{}
	for _, l := range lines {
		for name := range strings.FieldsSeq(l.operations) {
			table[Operation(l.api+"/"+name)] = UsagePlan{l.rate, l.burst}
		}
	}
	return table
}
