package httpapi

import (
	"context"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// registerBackfill registers the predecessor's routes for history and for single
// orders. Back-filling is no job here: history that is wanted and was not read
// is a gap, and back work reads gaps. So these routes widen what is wanted and
// say what is missing.
func (s *server) registerBackfill() {
	route(s, "POST /api/v1/orders/sync/items", "repairItems", "Repair orders without items",
		"There are none: items come with their order and are stored with it. Kept for its callers.", repairItems, tag("history"))
	route(s, "GET /api/v1/orders/sync/backfill/status", "getBackfill", "Show how much of the wanted history is read", "", s.getBackfill, tag("history"))
	route(s, "POST /api/v1/orders/sync/backfill/run", "backfillDays", "Want more history",
		"Widens what is wanted of a tenant's orders to the last `days` days and answers at once with what of it is missing; it is read as back work, the newest first.",
		s.backfillDays, tag("history"))
	route(s, "POST /api/v1/orders/backfill", "backfill", "Want more history", "The older form of `/api/v1/orders/sync/backfill/run`.", s.backfillOld, tag("history"))
	route(s, "POST /api/v1/orders/import-one", "importOne", "Fetch one order now",
		"Asks Amazon for one order and stores it. 404: none of the tenant's connections has it. 409: the connection stayed busy. 429: Amazon's budget is used up; "+
			"`Retry-After` says until when. 400 with code NO_ACTIVE_CHANNEL: the tenant is not connected.", s.importOne, tag("orders"))
}

// ItemsAnswer is the answer of a route that has nothing to repair.
type ItemsAnswer struct {
	Success   bool     `json:"success"`
	Processed int      `json:"processed"`
	Errors    []string `json:"errors" nullable:"false"`
}

func repairItems(context.Context, *struct{}) (*struct{ Body ItemsAnswer }, error) {
	return &struct{ Body ItemsAnswer }{ItemsAnswer{Success: true, Errors: []string{}}}, nil
}

// BackfillStatus says how much of a tenant's wanted history is read.
type BackfillStatus struct {
	TenantID              ordersync.TenantID `json:"tenantId"`
	InitialBackfillDays   int                `json:"initialBackfillDays" doc:"How many days back orders are wanted."`
	InitialBackfillDoneAt *string            `json:"initialBackfillDoneAt" doc:"Always null: reading history is no job that ends once. initialBackfillStatus says whether all that is wanted is read."`
	InitialBackfillStatus *string            `json:"initialBackfillStatus" enum:"in_progress,success" doc:"Null before any connection has begun."`
	OrdersCount           int64              `json:"ordersCount"`
	OldestOrderDate       *string            `json:"oldestOrderDate"`
	GapCount              int                `json:"gapCount" doc:"Of all connections; each lists its own."`
	Connections           []Status           `json:"connections" nullable:"false"`
}

// TenantInput names a tenant.
type TenantInput struct {
	TenantID string `query:"tenantId" doc:"Which tenant; an operator must name one here or in X-Tenant-Id."`
}

func (s *server) getBackfill(ctx context.Context, in *TenantInput) (*struct{ Body BackfillStatus }, error) {
	tenant, err := s.known(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	h, err := s.history(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := BackfillStatus{TenantID: tenant, GapCount: h.gaps, Connections: h.rows, InitialBackfillDays: h.days}
	switch {
	case !h.begun:
	case h.gaps > 0 || h.waiting:
		out.InitialBackfillStatus = text("in_progress")
	default:
		out.InitialBackfillStatus = text("success")
	}
	for _, row := range h.rows {
		out.OrdersCount += row.Counts.Orders
	}
	oldest, err := s.Reader.Tenant(tenant).OldestOrder(ctx)
	out.OldestOrderDate = when(oldest)
	return &struct{ Body BackfillStatus }{out}, err
}

// history is what of a tenant's history is wanted and missing.
type history struct {
	rows  []Status
	days  int  // how far back it is wanted
	gaps  int  // of all connections and marketplaces
	begun bool // some connection has a cursor: its gaps are known from then on
	// waiting tells that some other, which is authorised, has none yet.
	waiting bool
	// missing is the largest part of the asked span that a marketplace of a
	// connection lacks.
	missing time.Duration
}

func (s *server) history(ctx context.Context, tenant ordersync.TenantID) (history, error) {
	return s.historySince(ctx, tenant, s.Now())
}

// historySince tells besides what is missing since a time.
func (s *server) historySince(ctx context.Context, tenant ordersync.TenantID, since time.Time) (history, error) {
	connections, _, err := s.Reader.Status(ctx, store.StatusPage{Tenant: tenant, Limit: mostConnections})
	h := history{rows: []Status{}}
	for _, c := range connections {
		row := s.statusOf(c)
		h.rows = append(h.rows, row)
		h.gaps += row.GapCount
		switch {
		case !c.Cursor.IsZero():
			h.begun = true
		case c.State != ordersync.Pending && c.State != ordersync.Disabled:
			h.waiting = true
		}
		want := s.Engine.StateOfBackWork(c.Connection, c.Coverage, nil)
		h.days = max(h.days, int((want.Now.Sub(want.Since)+12*time.Hour)/(24*time.Hour)))
		h.missing = max(h.missing, missingSince(want, since))
	}
	return h, err
}

// missingSince is how much of the span from since to now the marketplace lacks
// that lacks most.
func missingSince(want ordersync.BackState, since time.Time) time.Duration {
	if want.Cursor.IsZero() || len(want.Marketplaces) == 0 {
		return want.Now.Sub(since)
	}
	most := time.Duration(0)
	for _, m := range want.Marketplaces {
		lacks := time.Duration(0)
		for _, gap := range want.Readings[m].Walked.Missing(ordersync.Window{From: since, To: want.Cursor}) {
			lacks += gap.Width()
		}
		most = max(most, lacks)
	}
	return most
}

// BackfillAnswer says what of the wanted history is missing.
type BackfillAnswer struct {
	Success         bool               `json:"success" doc:"It is noted that this much is wanted."`
	TenantID        ordersync.TenantID `json:"tenantId"`
	DaysBackfilled  int                `json:"daysBackfilled" doc:"How many of the wanted days are read already, at every connection and marketplace."`
	OrdersProcessed int64              `json:"ordersProcessed" doc:"Always 0: nothing is read within the request."`
	ItemsProcessed  int64              `json:"itemsProcessed" doc:"Always 0."`
	DurationMs      int64              `json:"durationMs"`
	Errors          []string           `json:"errors" nullable:"false"`
	Days            int                `json:"days" doc:"How many days are wanted."`
	Since           *string            `json:"since"`
	Finished        bool               `json:"finished" doc:"Nothing is missing."`
	GapCount        int                `json:"gapCount" doc:"Of all connections; each lists its own."`
	Connections     []Status           `json:"connections" nullable:"false"`
}

func (s *server) backfillDays(ctx context.Context, in *struct {
	TenantInput
	Days int `query:"days" minimum:"1" maximum:"730" default:"365"`
}) (*struct{ Body BackfillAnswer }, error) {
	out, err := s.want(ctx, in.TenantID, in.Days)
	return &struct{ Body BackfillAnswer }{out}, err
}

// want widens what is wanted of a tenant's history.
func (s *server) want(ctx context.Context, name string, days int) (out BackfillAnswer, err error) {
	begun := time.Now()
	tenant, err := s.known(ctx, name)
	if err != nil {
		return out, err
	}
	since := s.Now().AddDate(0, 0, -days)
	if _, err := s.Engine.Backfill(ctx, tenant, since); err != nil {
		return out, err
	}
	h, err := s.historySince(ctx, tenant, since)
	if err != nil {
		return out, err
	}
	read := max(0, time.Duration(days)*24*time.Hour-h.missing)
	return BackfillAnswer{
		Success: true, TenantID: tenant, DaysBackfilled: int(read / (24 * time.Hour)), DurationMs: time.Since(begun).Milliseconds(), Errors: []string{},
		Days: days, Since: when(since), Finished: h.begun && !h.waiting && h.gaps == 0, GapCount: h.gaps, Connections: h.rows,
	}, nil
}

// OldBackfill is the body of the older form.
type OldBackfill struct {
	Days     int    `json:"days,omitempty" minimum:"1" maximum:"365" default:"90"`
	TenantID string `json:"tenantId,omitempty" doc:"Which tenant; an operator must name one here or in X-Tenant-Id."`
}

// OldBackfillAnswer is the answer of the older form.
type OldBackfillAnswer struct {
	Imported int `json:"imported" doc:"Always 0: nothing is read within the request."`
	BackfillAnswer
}

func (s *server) backfillOld(ctx context.Context, in *struct {
	Body *OldBackfill `required:"false"`
}) (*struct{ Body OldBackfillAnswer }, error) {
	asked := OldBackfill{Days: 90}
	if in.Body != nil {
		asked = *in.Body
	}
	out, err := s.want(ctx, asked.TenantID, asked.Days)
	return &struct{ Body OldBackfillAnswer }{OldBackfillAnswer{BackfillAnswer: out}}, err
}

// ImportOneInput names an order to fetch.
type ImportOneInput struct {
	Body struct {
		OrderRef string `json:"orderRef" pattern:"^[0-9]{3}-[0-9]{7}-[0-9]{7}$" patternDescription:"Amazon's order id, such as 028-1234567-1234567"`
		TenantID string `json:"tenantId,omitempty" doc:"Whose order; an operator must name one here or in X-Tenant-Id."`
	} `nameHint:"ImportOne"`
}

// ImportedOne is an order that was fetched.
type ImportedOne struct {
	Success         bool   `json:"success"`
	OrderID         string `json:"orderId" doc:"By which /api/v1/orders/{orderId} has it: Amazon's id."`
	ExternalOrderID string `json:"externalOrderId"`
	Imported        bool   `json:"imported" doc:"Something was stored: it is new, or newer than what was here."`
	ConnectionID    string `json:"connectionId"`
}

func (s *server) importOne(ctx context.Context, in *ImportOneInput) (*struct{ Body ImportedOne }, error) {
	tenant, err := s.known(ctx, in.Body.TenantID)
	if err != nil {
		return nil, err
	}
	got, err := s.Engine.ImportOne(ctx, tenant, in.Body.OrderRef)
	if err != nil {
		return nil, err
	}
	return &struct{ Body ImportedOne }{ImportedOne{
		Success: true, OrderID: got.OrderID, ExternalOrderID: got.OrderID, Imported: got.Imported, ConnectionID: connectionText(got.Connection),
	}}, nil
}
