package store_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

var benchOrders = flag.Int("orders", 20_000, "how many orders the benchmarks of reading have")

// BenchmarkReadOrders is what the lists of orders and their searches cost, with all
// orders in one tenant, which is the worst of it.
func BenchmarkReadOrders(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			url := storetest.New(b, kind)
			fillOrders(b, storetest.SQL(b, url), *benchOrders, 1)
			r := storetest.OpenURL(b, url, storetest.Clock(func() time.Time { return begin })).Reader()
			mine := r.Tenant("fill-0")
			one := filledID(*benchOrders / 2)
			page := func(q store.OrdersQuery, want int) func(context.Context) error {
				return func(ctx context.Context) error {
					q.Limit = 50
					found, _, _, err := mine.OrdersPage(ctx, q)
					if len(found) < want {
						return fmt.Errorf("%d orders were found: %w", len(found), err)
					}
					return err
				}
			}
			find := func(q string) func(context.Context) error {
				return func(ctx context.Context) error {
					found, _, err := r.FindOrders(ctx, store.FindQuery{Search: q, Limit: 50})
					if len(found) == 0 {
						return fmt.Errorf("nothing was found: %w", err)
					}
					return err
				}
			}
			for _, part := range []struct {
				name string
				do   func(context.Context) error
			}{
				{"first page", page(store.OrdersQuery{}, 50)},
				{"page in the middle, by cursor", page(store.OrdersQuery{After: store.OrderMark{At: begin.Add(-time.Duration(*benchOrders/2) * time.Minute), OrderID: "x"}}, 50)},
				{"page in the middle, by offset", page(store.OrdersQuery{Offset: *benchOrders / 2}, 50)},
				{"whole order id", page(store.OrdersQuery{Search: one}, 1)},
				{"beginning of an order id", page(store.OrdersQuery{Search: one[:7]}, 1)},
				{"beginning of all order ids", page(store.OrdersQuery{Search: "028"}, 50)},
				{"whole SKU", page(store.OrdersQuery{Search: "sku-04321"}, 1)},
				{"beginning of all SKUs", page(store.OrdersQuery{Search: "sku"}, 50)},
				{"SKU anywhere", page(store.OrdersQuery{Search: "04321", Anywhere: true}, 1)},
				{"nowhere", page(store.OrdersQuery{Search: "nothing", Anywhere: true}, 0)},
				{"status that is frequent", page(store.OrdersQuery{Status: []string{"SHIPPED"}}, 50)},
				{"status that is frequent, uncounted", page(store.OrdersQuery{Status: []string{"SHIPPED"}, Uncounted: true}, 50)},
				{"delivery that is rare", page(store.OrdersQuery{Delivery: []ordersync.DeliveryStatus{ordersync.DeliveryLost}}, 1)},
				{"late", page(store.OrdersQuery{Delivery: []ordersync.DeliveryStatus{ordersync.DeliveryDelayed}}, 50)},
				{"filters that nothing meets", page(store.OrdersQuery{Status: []string{"UNKNOWN"}, Marketplaces: []string{french}, UpdatedTo: begin}, 0)},
				{"history of an order", func(ctx context.Context) error {
					h, err := mine.OrderHistory(ctx, 1, one)
					if len(h) != 1 {
						return fmt.Errorf("%d changes: %w", len(h), err)
					}
					return err
				}},
				{"of all tenants: whole order id", find(one)},
				{"of all tenants: beginning of all order ids", find("028")},
				{"of all tenants: whole SKU", find("sku-04321")},
				{"of all tenants: beginning of all SKUs", find("s")},
			} {
				b.Run(part.name, func(b *testing.B) {
					for b.Loop() {
						if err := part.do(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}
