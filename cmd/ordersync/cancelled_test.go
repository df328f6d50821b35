package main

import (
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// A cancelled order has items of quantity 0, and often no price: whoever divides
// by the quantity loses it.
func TestCancelledOrderIsKept(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		seller, token := p.seller("eu")
		cancelled, bare := fullOrder(now), bareOrder(now)
		cancelled.Fulfillment.FulfillmentStatus = "CANCELLED"
		cancelled.OrderItems[0].QuantityOrdered, cancelled.OrderItems[0].Fulfillment.QuantityFulfilled = 0, 0
		cancelled.Proceeds, cancelled.Packages = nil, nil
		bare.OrderItems[0].QuantityOrdered = 0
		p.must(p.sim.AddOrders(seller.Key, spapisim.Placed{Order: cancelled}, spapisim.Placed{Order: bare}))
		p.imports(line{"tenantId": "t", "region": "eu", "refreshToken": token, "cursor": now.Add(-24 * time.Hour).UTC().Format(time.RFC3339)})
		if got := p.of(p.sync(exitOK), "t"); got.OrdersCreated != 2 || got.SetAside != 0 {
			p.t.Errorf("%+v", got)
		}
		p.wantTruth("t", seller)
	})
}
