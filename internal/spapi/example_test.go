package spapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
)

// One page of orders, from a server that plays Amazon.
func Example_searchOrders() {
	amazon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth/o2/token" {
			_, _ = io.WriteString(w, `{"access_token":"Atza|short-lived","token_type":"bearer","expires_in":3600}`)
			return
		}
		w.Header().Set("x-amzn-RateLimit-Limit", "0.0056")
		_, _ = io.WriteString(w, `{"orders":[{"orderId":"250-1234567-8901234",
			"createdTime":"2026-11-23T09:00:00Z","lastUpdatedTime":"2026-11-23T09:30:00Z",
			"salesChannel":{"channelName":"AMAZON","marketplaceId":"A1PA6795UKMFR9"},
			"proceeds":{"grandTotal":{"amount":"19.90","currencyCode":"EUR"}},
			"buyer":{"buyerEmail":"jane@example.org"},
			"orderItems":[{"orderItemId":"11","quantityOrdered":2,"product":{"asin":"B000TEST"}}]}]}`)
	}))
	defer amazon.Close()

	client, err := spapi.New(spapi.Config{
		ClientID:     "amzn1.application-oa2-client.example",
		ClientSecret: func() string { return "of the application" },
		LWAURL:       amazon.URL + "/auth/o2/token",
		APIURL:       amazon.URL,
		UserAgent:    spapi.UserAgent("1.0"),
		DigestKey:    make([]byte, 32), // use random bytes, and always the same
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	seller := spapi.Account{
		Region:       ordersync.RegionEU,
		RefreshToken: func() string { return "Atzr|of the seller" },
	}
	end := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	groups := ordersync.OrderGroups
	query := spapi.SearchQuery(ordersync.Window{From: end.Add(-time.Hour), To: end}, []string{"A1PA6795UKMFR9"}, groups, 100)

	page, err := client.SearchOrders(context.Background(), seller, groups, query, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	order := page.Orders[0]
	fmt.Println(order.ID, order.Total.Amount, order.Total.Currency)
	fmt.Println(order.Items[0].Quantity, "of", order.Items[0].ASIN)
	fmt.Println("rate", page.Rate, "calls", page.Calls, "more", page.NextToken != "")
	// Output:
	// 250-1234567-8901234 19.90 EUR
	// 2 of B000TEST
	// rate 0.0056 calls 1 more false
}

// A message of Amazon's that brings a new client secret is read; it prints without it.
func ExampleReadNotification() {
	n, err := spapi.ReadNotification([]byte(`{"notificationType":"APPLICATION_OAUTH_CLIENT_NEW_SECRET","payload":{"applicationOAuthClientNewSecret":{
		"clientId":"amzn1.application-oa2-client.example","newClientSecret":"amzn1.oa2-cs.v1.example",
		"newClientSecretExpiryTime":"2026-07-11T02:54:23Z","oldClientSecretExpiryTime":"2026-01-19T02:54:23Z"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.New)
	fmt.Println(len(n.New.Secret()), "characters; the one before until", n.New.PreviousEnds.Format(time.DateOnly))
	// Output:
	// new client secret of amzn1.application-oa2-client.example until 2026-07-11T02:54:23Z
	// 23 characters; the one before until 2026-01-19
}
