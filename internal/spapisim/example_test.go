package spapisim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"ordersync/internal/spapisim"
)

// A whole Amazon in one process: an application, a seller who authorised it,
// two hundred orders, and one page of them read over HTTP.
func Example() {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	sim, err := spapisim.New(spapisim.Config{Seed: 1, Now: func() time.Time { return now }})
	if err != nil {
		panic(err)
	}
	app, _ := sim.AddApplication(spapisim.ApplicationSpec{})
	seller, _ := sim.AddSeller(spapisim.SellerSpec{Region: "eu"})
	refreshToken, _ := sim.Authorize(app.ClientID, seller.Key)
	_, _ = sim.Generate(seller.Key, spapisim.Generate{N: 200, From: now.AddDate(0, 0, -7), To: now.Add(-time.Hour)})

	server := httptest.NewServer(sim.Handler())
	defer server.Close()
	access := sim.MustAccessToken(refreshToken) // what POST /auth/o2/token would answer
	query := url.Values{"lastUpdatedAfter": {"2026-11-16T00:00:00Z"}, "includedData": {"FULFILLMENT"}}
	request, _ := http.NewRequest("GET", server.URL+"/orders/2026-01-01/orders?"+query.Encode(), nil)
	request.Header.Set("x-amz-access-token", access)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	fmt.Println(response.Status, response.Header.Get("x-amzn-RateLimit-Limit"), len(body) > 10_000)

	_, _ = sim.AddFault(spapisim.Fault{Kind: spapisim.FaultInternal, Seller: seller.Key, Count: 1})
	response, _ = http.DefaultClient.Do(request)
	body, _ = io.ReadAll(response.Body)
	_ = response.Body.Close()
	fmt.Println(response.Status, string(body))
	// Output:
	// 200 OK 0.0056 true
	// 500 Internal Server Error {"errors":[{"code":"InternalFailure","message":"We encountered an internal error. Please try again.","details":""}]}
}
