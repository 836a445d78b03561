package standin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

// A seller consents, and the application fetches one of the seller's orders.
func Example() {
	app := standin.DemoApplication("https://app.example/callback")
	amazon := standin.New(standin.Options{Application: app})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := amazon.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = amazon.Serve(ctx, l) }()

	question := url.Values{"application_id": {app.ID}, "state": {"unguessable"}, "version": {"beta"}}
	back, err := amazon.Confirm(amazon.SellerCentralURL("sellercentral-europe.amazon.com")+"/apps/authorize/consent?"+question.Encode(), standin.DemoSellerID)
	if err != nil {
		fmt.Println(err)
		return
	}
	callback, _ := url.Parse(back)
	fmt.Println(callback.Host, callback.Query().Get("state"), callback.Query().Get("selling_partner_id"))

	var token struct {
		Access string `json:"access_token"`
	}
	answer, err := http.PostForm(amazon.TokenURL(), url.Values{
		"grant_type": {"authorization_code"}, "code": {callback.Query().Get("spapi_oauth_code")}, "redirect_uri": {app.RedirectURIs[0]},
		"client_id": {app.ClientID}, "client_secret": {app.Secrets[0]},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = json.NewDecoder(answer.Body).Decode(&token)
	_ = answer.Body.Close()

	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, amazon.APIURL("EU")+"/orders/2026-01-01/orders/123-4567890-1234567?includedData=FULFILLMENT", nil)
	r.Header.Set("x-amz-access-token", token.Access)
	r.Header.Set("User-Agent", "Example/1 (Language=Go)")
	answer, err = http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	var order struct {
		Order struct {
			Fulfillment struct{ FulfillmentStatus, FulfilledBy string }
		}
	}
	_ = json.NewDecoder(answer.Body).Decode(&order)
	_ = answer.Body.Close()
	fmt.Println(answer.Status, order.Order.Fulfillment.FulfillmentStatus, "by", order.Order.Fulfillment.FulfilledBy)
	fmt.Println(amazon.Calls("getOrder", standin.DemoSellerID), amazon.TokensIssued(""), amazon.MostRefused().Refused)
	// Output:
	// app.example unguessable A2DEMOSELLER01
	// 200 OK SHIPPED by MERCHANT
	// 1 1 0
}
