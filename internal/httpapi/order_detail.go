package httpapi

import (
	"context"
	"encoding/json"
	"strconv"

	"ordersync"
)

// OrderDetail is an order with its history.
type OrderDetail struct {
	Order
	Timeline []Moment `json:"timeline" nullable:"false" doc:"Its life by what Amazon tells, the earliest first."`
	Changes  []Change `json:"changes" nullable:"false" doc:"What is kept of its changes, oldest first."`
	AlsoIn   []string `json:"alsoIn,omitempty" nullable:"false" doc:"Other connections of the tenant that have this order; the one shown was updated last."`
	// Raw holds no personal field: those are kept apart, sealed, and no route opens them.
	Raw json.RawMessage `json:"raw" doc:"Amazon's own JSON of the order, as far as it is kept: known fields that are not personal. What was left out is listed under $reduced by path and type. Null when nothing is kept."`
}

// Moment is one moment of an order's life.
type Moment struct {
	Event             ordersync.MomentKind `json:"event" enum:"placed,shipped,delivered"`
	At                *string              `json:"at"`
	ExternalPackageID *string              `json:"externalPackageId" doc:"The package that was shipped; null when the whole order is meant."`
	Seen              bool                 `json:"seen" doc:"Amazon names no time: it is when its word was first seen."`
}

func timelineOf(moments []ordersync.Moment) []Moment {
	out := []Moment{}
	for _, m := range moments {
		out = append(out, Moment{m.Kind, when(m.At), text(m.Package), m.Seen})
	}
	return out
}

// Change is one change of an order.
type Change struct {
	Seq               int64                `json:"seq" doc:"Its place in the connection's list of changes, without holes."`
	Kind              ordersync.ChangeKind `json:"kind" enum:"created,updated"`
	At                *string              `json:"at" doc:"When it was stored."`
	LastUpdatedBefore *string              `json:"lastUpdatedBefore"`
	LastUpdatedAfter  *string              `json:"lastUpdatedAfter"`
	StatusBefore      *string              `json:"statusBefore"`
	StatusAfter       *string              `json:"statusAfter"`
	Groups            []string             `json:"groups" nullable:"false" doc:"Amazon's data groups whose content changed."`
}

func changesOf(changes []ordersync.Change) []Change {
	out := []Change{}
	for _, c := range changes {
		out = append(out, Change{
			Seq: c.Seq, Kind: c.Kind, At: when(c.At), LastUpdatedBefore: when(c.LastUpdatedBefore), LastUpdatedAfter: when(c.LastUpdatedAfter),
			StatusBefore: text(c.StatusBefore), StatusAfter: text(c.StatusAfter), Groups: append([]string{}, c.Groups.Names()...),
		})
	}
	return out
}

func (s *server) getOrder(ctx context.Context, in *struct {
	OrderID  string `path:"orderId" maxLength:"100" doc:"Amazon's order id."`
	TenantID string `query:"tenantId" doc:"Whose order; an operator must name one here or in X-Tenant-Id."`
}) (*struct{ Body OrderDetail }, error) {
	tenant, err := callerOf(ctx).one(in.TenantID)
	if err != nil {
		return nil, err
	}
	found, err := s.Reader.Tenant(tenant).Order(ctx, in.OrderID)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notFound()
	}
	newest := found[0]
	for _, o := range found[1:] {
		if o.LastUpdatedAt.After(newest.LastUpdatedAt) {
			newest = o
		}
	}
	changes, err := s.Reader.Tenant(tenant).OrderHistory(ctx, newest.Connection, newest.ID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body OrderDetail }{OrderDetail{
		Order: OrderOf(tenant, newest), Timeline: timelineOf(newest.Timeline()), Changes: changesOf(changes), Raw: rawOf(newest.Raw),
	}}
	for _, o := range found {
		if o.Connection != newest.Connection {
			out.Body.AlsoIn = append(out.Body.AlsoIn, strconv.FormatInt(int64(o.Connection), 10))
		}
	}
	return out, nil
}

// rawOf is stored JSON as it can stand in an answer.
func rawOf(stored []byte) json.RawMessage {
	if !json.Valid(stored) {
		return json.RawMessage("null")
	}
	return stored
}
