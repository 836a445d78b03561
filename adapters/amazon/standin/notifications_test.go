package standin_test

import (
	"net/http"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

const notifications = "/notifications/v1"

func TestNotifications(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	seller, own := s.access(demo, "EU"), s.grantless()
	post := func(token, path, body string) said {
		return s.call(token, http.MethodPost, s.APIURL("EU")+notifications+path, body)
	}
	const queue = `{"name":"orders","resourceSpecification":{"sqs":{"arn":"arn:aws:sqs:eu-west-1:1:orders"}}}`
	is.Equal(post(seller, "/destinations", queue).status, http.StatusForbidden) // destinations are the application's
	d := post(own, "/destinations", queue)
	is.Equal(d.status, http.StatusOK)
	id := d.at(t, "payload", "destinationId")
	is.Equal(d.at(t, "payload", "resource", "sqs", "arn"), "arn:aws:sqs:eu-west-1:1:orders")
	is.Equal(post(own, "/destinations", queue).status, http.StatusConflict)
	is.Equal(post(own, "/destinations", `{"name":"nowhere"}`).status, http.StatusBadRequest)
	is.Equal(s.get(own, notifications+"/destinations").at(t, "payload", 0, "destinationId"), id)
	is.Equal(s.get(own, notifications+"/destinations/"+id).status, http.StatusOK)
	is.Equal(s.call(own, http.MethodGet, s.APIURL("NA")+notifications+"/destinations", "").at(t, "payload"), "[]") // a region has its own

	const change = "/subscriptions/ORDER_CHANGE"
	body := `{"payloadVersion":"1.0","destinationId":"` + id + `"}`
	is.Equal(post(own, change, body).status, http.StatusForbidden) // subscriptions are a seller's
	is.Equal(s.get(seller, notifications+change).status, http.StatusNotFound)
	is.Equal(post(seller, "/subscriptions/ORDER_STATUS_CHANGE", body).status, http.StatusBadRequest)         // removed
	is.Equal(post(seller, "/subscriptions/LISTINGS_ITEM_STATUS_CHANGE", body).status, http.StatusBadRequest) // not by SQS
	sub := post(seller, change, body)
	is.Equal(sub.status, http.StatusOK)
	is.Equal(post(seller, change, body).status, http.StatusConflict)
	subID := sub.at(t, "payload", "subscriptionId")
	is.Equal(s.get(seller, notifications+change).at(t, "payload", "subscriptionId"), subID)
	is.Equal(s.get(seller, notifications+"/subscriptions?notificationTypes=ORDER_CHANGE").at(t, "payload", "subscriptions", 0, "destinationId"), id)
	is.Equal(s.get(own, notifications+change+"/"+subID).status, http.StatusOK)

	remove := func(path string) int {
		return s.call(own, http.MethodDelete, s.APIURL("EU")+notifications+path, "").status
	}
	is.Equal(remove("/destinations/"+id), http.StatusConflict) // it is used
	is.Equal(remove(change+"/"+subID), http.StatusOK)
	is.Equal(remove(change+"/"+subID), http.StatusNotFound)
	is.Equal(remove("/destinations/"+id), http.StatusOK)
	is.Equal(post(own, change+"/testNotification", "{}").status, http.StatusForbidden) // in the sandbox only
}

func TestRestrictedDataToken(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	ask := func(body string) said {
		return s.call(token, http.MethodPost, s.APIURL("EU")+"/tokens/2021-03-01/restrictedDataToken", body)
	}
	a := ask(`{"restrictedResources":[{"method":"GET","path":"/orders/2026-01-01/orders/{orderId}","dataElements":["buyerInfo"]}]}`)
	is.Equal(a.at(t, "expiresIn"), "3600")
	rdt := a.at(t, "restrictedDataToken")
	is.Equal(rdt[:10], "Atz.sprdt|")
	is.Equal(s.get(rdt, orders+"/"+frenchOrder).status, http.StatusOK)
	is.Equal(s.get(rdt, participations).status, http.StatusForbidden) // it is for those resources only
	one := ask(`{"restrictedResources":[{"method":"GET","path":"/orders/2026-01-01/orders/`+frenchOrder+`"}]}`).at(t, "restrictedDataToken")
	is.Equal(s.get(one, orders+"/"+frenchOrder).status, http.StatusOK)
	is.Equal(s.get(one, orders+"/"+spanishOrder).status, http.StatusForbidden)
	is.Equal(ask(`{"restrictedResources":[]}`).at(t, "errors", 0, "code"), "InvalidRequest")
	is.Equal(ask(`{"restrictedResources":[{"method":"GET","path":"/x","dataElements":["everything"]}]}`).status, http.StatusBadRequest)
	s.Revoke(demo, "EU")
	is.Equal(s.get(one, orders+"/"+frenchOrder).status, http.StatusForbidden)

	s.PutSeller(standin.Seller{ID: "A2PLAIN", Marketplaces: standin.Marketplaces("P", "FR"), Missing: []standin.Role{standin.RoleDirectToConsumer}})
	token = s.access("A2PLAIN", "EU")
	is.Equal(ask(`{"restrictedResources":[{"method":"GET","path":"/orders/2026-01-01/orders/{orderId}"}]}`).status, http.StatusForbidden) // the role is missing
}
