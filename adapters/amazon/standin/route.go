package standin

import (
	"net/url"
	"strings"
)

// handlers are the operations that sellers are served by.
var handlers = map[string]func(*call) answer{
	"getMarketplaceParticipations": (*call).participations,
	"getAccount":                   (*call).account,
	"getOrder":                     (*call).getOrder,
	"searchOrders":                 (*call).searchOrders,
	"getMessagingActionsForOrder":  (*call).messagingActions,
	"GetAttributes":                (*call).attributes,
	"createRestrictedDataToken":    (*call).restrictedDataToken,
	"getDestinations":              (*call).destinations,
	"createDestination":            (*call).createDestination,
	"getDestination":               (*call).destination,
	"deleteDestination":            (*call).deleteDestination,
	"getSubscriptions":             (*call).subscriptions,
	"getSubscription":              (*call).subscription,
	"createSubscription":           (*call).createSubscription,
	"getSubscriptionById":          (*call).subscriptionByID,
	"deleteSubscriptionById":       (*call).deleteSubscription,

	"createConfirmOrderDetails":    message(rule{text: 2000}),
	"createConfirmDeliveryDetails": message(rule{text: 2000}),
	"createConfirmServiceDetails":  message(rule{text: 2000}),
	"createUnexpectedProblem":      message(rule{text: 2000}),
	"confirmCustomizationDetails":  message(rule{text: 800, files: 5}),
	"createDigitalAccessKey":       message(rule{text: 400, files: 5}),
	"createLegalDisclosure":        message(rule{files: 5}),
	"CreateWarranty":               message(rule{files: 5, needFile: true, needDates: true}),
	"sendInvoice":                  message(rule{files: 5, needFile: true}),
}

// operationOf finds the operation of a request, and the parameters in its path.
func operationOf(method, path string) (operation, map[string]string, bool) {
	have := strings.Split(path, "/")
	for _, op := range operations() {
		if op.method != method || len(op.parts) != len(have) {
			continue
		}
		if params, ok := match(op.parts, have); ok {
			return op, params, true
		}
	}
	return operation{}, nil, false
}

// match holds the parts of an escaped path against those of a template, {orderId} among them.
func match(want, have []string) (map[string]string, bool) {
	params := map[string]string{}
	for i, w := range want {
		h, err := url.PathUnescape(have[i])
		name, isParam := strings.CutPrefix(w, "{")
		switch {
		case err != nil, !isParam && w != h, isParam && h == "":
			return nil, false
		case isParam:
			params[strings.TrimSuffix(name, "}")] = h
		}
	}
	return params, true
}
