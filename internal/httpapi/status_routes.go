package httpapi

import (
	"context"
	"reflect"

	"ordersync"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// FleetStatus is the status of many connections.
type FleetStatus struct {
	TotalTenants     int64    `json:"totalTenants"`
	TenantsWithToken int64    `json:"tenantsWithToken"`
	Tenants          []Status `json:"tenants" nullable:"false" doc:"A row for each connection, those whose last success is oldest first."`
	NextCursor       string   `json:"nextCursor,omitempty" doc:"Where the next page begins; absent on the last."`

	Incidents []Incident `json:"incidents,omitempty" nullable:"false" doc:"Trouble that many connections share now; for operators. Absent: none."`
	Warnings  []Warning  `json:"warnings,omitempty" nullable:"false" doc:"What an operator must see to before a day; for operators. Absent: nothing."`
}

// TenantStatus is the status of one tenant.
type TenantStatus struct {
	TenantID    ordersync.TenantID `json:"tenantId"`
	Marketplace string             `json:"marketplace" enum:"AMAZON"`
	SyncState   *SyncState         `json:"syncState" doc:"Of the connection whose last success is oldest."`
	Counts      Counts             `json:"counts" doc:"Of all its connections."`
	Connections []Status           `json:"connections" nullable:"false"`
}

// TransformSchema says that syncState may be null.
func (TenantStatus) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullSyncState(s)
}

// registerStatus registers the routes that show how things stand.
func (s *server) registerStatus() {
	route(s, "GET /api/v1/orders/sync/status", "getStatus", "Show how far the connections are",
		"Without `tenantId` it lists connections, a tenant's key its own only. With `tenantId` it is about that one.",
		s.getStatus, tag("status"), func(op *huma.Operation) {
			registry := s.huma.OpenAPI().Components.Schemas
			fleet := registry.Schema(reflect.TypeFor[FleetStatus](), true, "")
			tenant := registry.Schema(reflect.TypeFor[TenantStatus](), true, "")
			op.Responses["200"] = &huma.Response{Description: "FleetStatus without tenantId, TenantStatus with it.", Content: map[string]*huma.MediaType{
				"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{fleet, tenant}}},
			}}
		})
	route(s, "GET /api/v1/connections", "listConnections", "List connections, with the numbers over all",
		"Those whose last success is oldest come first.", s.listConnections, tag("status"))
	route(s, "GET /api/v1/reasons", "listReasons", "List all reasons and repairs",
		"What each code means, who must act, and when it is tried again.", listReasons, tag("status"))
}

// StatusInput asks for the status.
type StatusInput struct {
	TenantID string `query:"tenantId" doc:"One tenant: the answer is then about that one."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"How many connections at most."`
	Cursor   string `query:"cursor" doc:"nextCursor of the page before."`
}

func (s *server) getStatus(ctx context.Context, in *StatusInput) (*struct{ Body any }, error) {
	c := callerOf(ctx)
	if in.TenantID != "" {
		tenant, err := s.known(ctx, in.TenantID)
		if err != nil {
			return nil, err
		}
		out := &struct{ Body any }{}
		out.Body, err = s.tenantStatus(ctx, tenant)
		return out, err
	}
	tenant, err := c.named("")
	if err != nil {
		return nil, err
	}
	out := FleetStatus{}
	if out.Tenants, out.NextCursor, err = s.statusPage(ctx, tenant, in.Limit, in.Cursor); err != nil {
		return nil, err
	}
	if tenant != "" {
		out.TotalTenants, out.TenantsWithToken = oneTenant(out.Tenants)
		return &struct{ Body any }{out}, nil
	}
	totals, err := s.Reader.Totals(ctx)
	if err != nil {
		return nil, err
	}
	out.TotalTenants, out.TenantsWithToken = totals.Tenants, totals.WithToken
	if out.Incidents, err = s.incidents(ctx); err != nil {
		return nil, err
	}
	if out.Warnings, err = s.warnings(ctx); err != nil {
		return nil, err
	}
	return &struct{ Body any }{out}, nil
}

// oneTenant are the totals of a tenant that sees only itself.
func oneTenant(rows []Status) (tenants, withToken int64) {
	for _, row := range rows {
		tenants = 1
		if row.HasRefreshToken {
			withToken = 1
		}
	}
	return tenants, withToken
}

// statusPage reads a page of connections; of all tenants when none is given.
func (s *server) statusPage(ctx context.Context, tenant ordersync.TenantID, limit int, cursor string) (rows []Status, next string, err error) {
	page := store.StatusPage{Tenant: tenant, Limit: limit}
	if cursor != "" {
		success, id, err := parsePair(cursor)
		if err != nil {
			return nil, "", badCursor()
		}
		page.After = store.StatusMark{Success: success, ID: ordersync.ConnectionID(id)}
	}
	connections, mark, err := s.Reader.Status(ctx, page)
	if err != nil {
		return nil, "", err
	}
	rows = []Status{}
	for _, c := range connections {
		rows = append(rows, s.statusOf(c))
	}
	return rows, StatusCursor(mark), nil
}

// StatusCursor is a place in the list of connections as nextCursor has it; "" for
// its beginning.
func StatusCursor(m store.StatusMark) string {
	if m == (store.StatusMark{}) {
		return ""
	}
	return pairText(m.Success, int64(m.ID))
}

// mostConnections is how many connections of one tenant are looked at.
const mostConnections = 1000

func (s *server) tenantStatus(ctx context.Context, tenant ordersync.TenantID) (TenantStatus, error) {
	rows, _, err := s.statusPage(ctx, tenant, mostConnections, "")
	out := TenantStatus{TenantID: tenant, Marketplace: "AMAZON", Connections: rows}
	for i, row := range rows {
		if i == 0 {
			out.SyncState = row.SyncState
		}
		out.Counts.Orders += row.Counts.Orders
		out.Counts.Items += row.Counts.Items
	}
	return out, err
}

// ConnectionList is a page of connections with the numbers over all.
type ConnectionList struct {
	Totals      Totals     `json:"totals"`
	Incidents   []Incident `json:"incidents" nullable:"false" doc:"Trouble that many connections share now; while it lasts nobody needs to act."`
	Warnings    []Warning  `json:"warnings,omitempty" nullable:"false" doc:"What an operator must see to before a day. Absent: nothing."`
	Connections []Status   `json:"connections" nullable:"false"`
	NextCursor  string     `json:"nextCursor,omitempty" doc:"Where the next page begins; absent on the last."`
}

// Totals are the numbers over all connections, of all tenants.
type Totals struct {
	Connections         int64                      `json:"connections"`
	Tenants             int64                      `json:"tenants"`
	TenantsWithToken    int64                      `json:"tenantsWithToken"`
	Paused              int64                      `json:"paused"`
	ByStatus            map[string]int64           `json:"byStatus"`
	ByReason            map[ordersync.Reason]int64 `json:"byReason" doc:"By what the last live work ended with."`
	Orders              int64                      `json:"orders"`
	Items               int64                      `json:"items"`
	SetAside            int64                      `json:"setAside"`
	OldestCompleteUntil *string                    `json:"oldestCompleteUntil" doc:"The oldest completeUntil of those that work; null while one of them is not complete at every marketplace."`
}

func (s *server) listConnections(ctx context.Context, in *StatusInput) (*struct{ Body ConnectionList }, error) {
	tenant, err := callerOf(ctx).named(in.TenantID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body ConnectionList }{}
	if out.Body.Connections, out.Body.NextCursor, err = s.statusPage(ctx, tenant, in.Limit, in.Cursor); err != nil {
		return nil, err
	}
	t, err := s.Reader.Totals(ctx)
	if err != nil {
		return nil, err
	}
	out.Body.Totals = TotalsOf(t)
	if out.Body.Incidents, err = s.incidents(ctx); err != nil {
		return nil, err
	}
	out.Body.Warnings, err = s.warnings(ctx)
	return out, err
}

// TotalsOf shows the numbers over all connections.
func TotalsOf(t store.FleetTotals) Totals {
	out := Totals{
		Connections: t.Connections, Tenants: t.Tenants, TenantsWithToken: t.WithToken, Paused: t.Paused, ByStatus: map[string]int64{},
		ByReason: t.ByReason, Orders: t.Orders, Items: t.Items, SetAside: t.SetAside, OldestCompleteUntil: when(t.OldestComplete),
	}
	for state, n := range t.ByState {
		out.ByStatus[state.SeedName()] += n
	}
	return out
}

// ReasonList is the table of reasons and that of repairs.
type ReasonList struct {
	Reasons []ReasonRow `json:"reasons" nullable:"false"`
	Repairs []RepairRow `json:"repairs" nullable:"false"`
}

// ReasonRow says what a reason means.
type ReasonRow struct {
	Code             ordersync.Reason `json:"code"`
	Status           ordersync.Status `json:"status" enum:"success,partial,skipped,failed"`
	English          string           `json:"english"`
	French           string           `json:"french"`
	WhoActs          ordersync.Actor  `json:"whoActs"`
	WhoActsConfirmed ordersync.Actor  `json:"whoActsConfirmed" doc:"Who must act once Amazon has said it twice and apart."`
	Again            ordersync.Again  `json:"again" doc:"When it is tried again."`
}

// RepairRow says what a repair means.
type RepairRow struct {
	Code    ordersync.RepairCode `json:"code"`
	English string               `json:"english"`
	French  string               `json:"french"`
}

func listReasons(context.Context, *struct{}) (*struct{ Body ReasonList }, error) {
	out := &struct{ Body ReasonList }{}
	for _, r := range ordersync.Reasons() {
		out.Body.Reasons = append(out.Body.Reasons, ReasonRow{r.Code, r.Status, r.English, r.French, r.Acts, r.Acts2, r.Again})
	}
	for _, r := range ordersync.RepairTable() {
		out.Body.Repairs = append(out.Body.Repairs, RepairRow{r.Code, r.English, r.French})
	}
	return out, nil
}
