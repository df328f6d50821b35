package httpapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// Every field is there in every order: absent is null, lists are lists.
func TestBareOrder(t *testing.T) {
	text, err := json.Marshal(httpapi.OrderOf("t", store.StoredOrder{
		Order: ordersync.Order{ID: "1", Items: []ordersync.Item{{ID: "i"}}, Packages: []ordersync.Package{{ID: "p"}}}, Connection: 7, Region: "eu",
	}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"tenantId":"t","connectionId":"7","region":"eu","marketplace":"AMAZON","marketplaceId":null,"marketplaceName":null,` +
		`"salesChannel":null,"externalOrderId":"1","orderRef":"#1","sellerOrderId":null,"orderDate":null,"lastUpdatedAt":null,"amazonStatus":null,` +
		`"orderStatus":null,"deliveryStatus":null,"fulfilledBy":null,"fulfillmentChannel":null,"serviceLevel":null,"shipBy":{"earliest":null,"latest":null},"deliverBy":{"earliest":null,"latest":null},"programs":[],"currency":null,` +
		`"totalAmount":null,"carrier":null,"trackingCode":null,"trackingUrl":null,"trackingSource":"NOT_AVAILABLE","shippedAt":null,"deliveredAt":null,"items":[{"externalItemId":"i","asin":null,"sku":null,"title":null,"quantity":0,"quantityFulfilled":null,"unitPrice":null,` +
		`"totalAmount":null,"currency":null}],"packages":[{"externalPackageId":"p","status":null,"detailedStatus":null,"deliveryStatus":null,"carrier":null,"carrierName":null,` +
		`"shippingService":null,"trackingNumber":null,"trackingUrl":null,"createdAt":null,"shippedAt":null,"items":[]}],"storedAt":null,"changedAt":null}`
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// Amounts keep Amazon's spelling, and a line's currency is found where there is
// one.
func TestMoney(t *testing.T) {
	euro := &ordersync.Money{Amount: "12.50", Currency: "EUR"}
	yen := &ordersync.Money{Amount: "5980", Currency: "JPY"}
	order := httpapi.OrderOf("t", store.StoredOrder{Order: ordersync.Order{Total: yen, Items: []ordersync.Item{
		{UnitPrice: euro}, {Total: yen}, {UnitPrice: euro, Total: yen}, {},
	}}})
	if *order.TotalAmount != "5980" || *order.Currency != "JPY" {
		t.Errorf("total %s %s", *order.TotalAmount, *order.Currency)
	}
	for i, want := range [][3]string{{"12.50", "-", "EUR"}, {"-", "5980", "JPY"}, {"12.50", "5980", "EUR"}, {"-", "-", "-"}} {
		item := order.Items[i]
		if got := [3]string{text(item.UnitPrice), text(item.TotalAmount), text(item.Currency)}; got != want {
			t.Errorf("item %d: %v, want %v", i, got, want)
		}
	}
}

// Times are UTC with milliseconds, whatever the place they came from.
func TestTimes(t *testing.T) {
	order := httpapi.OrderOf("t", store.StoredOrder{
		Order:    ordersync.Order{CreatedAt: begin, LastUpdatedAt: begin.Truncate(time.Second), ShipBy: ordersync.TimeRange{Latest: begin}},
		StoredAt: begin.UTC(),
	})
	for got, want := range map[string]string{
		text(order.OrderDate): "2026-01-12T01:54:23.456Z", text(order.LastUpdatedAt): "2026-01-12T01:54:23.000Z", text(order.ShipBy.Latest): "2026-01-12T01:54:23.456Z",
		text(order.StoredAt): "2026-01-12T01:54:23.456Z", text(order.ShipBy.Earliest): "-",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
