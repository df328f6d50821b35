package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"ordersync"
	"ordersync/internal/store"
)

// findOrders searches the orders of all tenants, for an operator who names none.
func (s *server) findOrders(ctx context.Context, in *OrdersInput) (*struct{ Body OrderList }, error) {
	query, err := in.find()
	if err != nil {
		return nil, err
	}
	found, next, err := s.Reader.FindOrders(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body OrderList }{OrderList{Orders: []Order{}, Count: len(found), Total: int64(len(found)), Pagination: Pagination{Limit: in.Limit}}}
	for _, o := range found {
		out.Body.Orders = append(out.Body.Orders, OrderOf(o.Tenant, o.StoredOrder))
	}
	page := &out.Body.Pagination
	if page.HasMore = next != (store.FindMark{}); page.HasMore {
		out.Body.Total++
		page.NextCursor = findMarkText(next)
	}
	return out, nil
}

// find is what is asked of the orders of all tenants. What only one tenant can be
// asked is refused, so that nobody takes what is found for filtered.
func (in *OrdersInput) find() (q store.FindQuery, err error) {
	q = store.FindQuery{Search: in.Q, Limit: in.Limit}
	if in.Q == "" {
		return q, missingTenant("name one tenant by tenantId, or search the orders of all tenants by q")
	}
	for _, only := range []struct {
		field string
		given bool
	}{
		{"match", in.Match == "contains"},
		{"offset", in.Offset != 0},
		{"status", len(in.Status) > 0},
		{"amazonStatus", len(in.AmazonStatus) > 0},
		{"deliveryStatus", len(in.DeliveryStatus) > 0},
		{"marketplace", len(in.Marketplace) > 0},
		{"fulfillmentChannel", len(in.FulfillmentChannel) > 0},
		{"connectionId", in.ConnectionID != ""},
		{"dateFrom", in.DateFrom != ""},
		{"dateTo", in.DateTo != ""},
		{"updatedFrom", in.UpdatedFrom != ""},
		{"updatedTo", in.UpdatedTo != ""},
	} {
		if only.given {
			return q, badField("query."+only.field, "this is for the orders of one tenant: name it by tenantId, or leave this out")
		}
	}
	if in.Cursor != "" {
		if q.After, err = parseFindMark(in.Cursor); err != nil {
			return q, badCursor()
		}
	}
	return q, nil
}

// findPrefix begins the cursors of what was found over all tenants: none of the
// others begins so.
const findPrefix = "all-"

// findMarkText is a place in what was found as clients see it.
func findMarkText(m store.FindMark) string {
	text, _ := json.Marshal([]string{string(m.Tenant), connectionText(m.Connection), m.OrderID, m.SKU, m.Item}) // texts always can
	return findPrefix + base64.RawURLEncoding.EncodeToString(text)
}

func parseFindMark(s string) (m store.FindMark, err error) {
	encoded, ok := strings.CutPrefix(s, findPrefix)
	if !ok {
		return m, fmt.Errorf("read mark: it is of another list")
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return m, fmt.Errorf("read mark: %w", err)
	}
	var parts []string
	if err := json.Unmarshal(text, &parts); err != nil {
		return m, fmt.Errorf("read mark: %w", err)
	}
	if len(parts) != 5 {
		return m, fmt.Errorf("read mark: it has %d parts", len(parts))
	}
	tenant, err := ordersync.ParseTenantID(parts[0])
	if err != nil {
		return m, fmt.Errorf("read mark: %w", err)
	}
	id, _, err := parsePair(parts[1] + "-0")
	return store.FindMark{Tenant: tenant, Connection: ordersync.ConnectionID(id), OrderID: parts[2], SKU: parts[3], Item: parts[4]}, err
}
