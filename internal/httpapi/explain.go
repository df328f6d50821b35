package httpapi

import (
	"context"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// registerExplain registers the route that says why an order is or is not here.
func (s *server) registerExplain() {
	route(s, "GET /api/v1/tenants/{tenant}/orders/{orderId}/explain", "explainOrder", "Say why an order is here, or is not",
		"What is stored of it, how it changed, whether it is set aside, and how its dates were read. With `askAmazon` Amazon is asked for it now, and what comes is stored as always.",
		s.explain, tag("operation"))
}

// Explanation says why an order is here, or is not.
type Explanation struct {
	TenantID        ordersync.TenantID `json:"tenantId"`
	ExternalOrderID string             `json:"externalOrderId"`
	Here            bool               `json:"here" doc:"Some connection has it."`
	Why             []string           `json:"why" nullable:"false" doc:"The answer in sentences, the most telling first."`
	Amazon          *AmazonAnswer      `json:"amazon,omitempty" doc:"What asking Amazon brought; absent when it was not asked."`
	Connections     []ExplainedOf      `json:"connections" nullable:"false"`
}

// AmazonAnswer is what asking Amazon for an order brought.
type AmazonAnswer struct {
	Found        bool   `json:"found"`
	Imported     bool   `json:"imported" doc:"Something new was stored."`
	ConnectionID string `json:"connectionId,omitempty"`
	Failure      string `json:"failure,omitempty" doc:"Why asking brought nothing."`

	ReasonCode ordersync.Reason `json:"reasonCode,omitempty" doc:"Why the connection could not be asked; absent when that was not the trouble."`
}

// ExplainedOf is what one connection knows of an order.
type ExplainedOf struct {
	Connection   Status         `json:"connection"`
	Order        *Order         `json:"order,omitempty" doc:"Absent: it is not stored."`
	Changes      []Change       `json:"changes" nullable:"false"`
	SetAside     *SetAsideEntry `json:"setAside,omitempty" doc:"Absent: it is not set aside."`
	Marketplaces []ReadingOf    `json:"marketplaces" nullable:"false"`
}

// SetAsideEntry is an order that could not be read or stored.
type SetAsideEntry struct {
	Cause     string  `json:"cause"`
	FirstAt   *string `json:"firstAt"`
	LastAt    *string `json:"lastAt"`
	Tries     int     `json:"tries"`
	NextTryAt *string `json:"nextTryAt" doc:"Null: Amazon does not know it any more."`
}

// ReadingOf is how far orders of a marketplace were read.
type ReadingOf struct {
	MarketplaceID string       `json:"marketplaceId"`
	Walked        []Span       `json:"walked" nullable:"false" doc:"Read to the last page."`
	Confirmed     []Span       `json:"confirmed" nullable:"false" doc:"Read without doubt."`
	InDoubt       []Span       `json:"inDoubt" nullable:"false" doc:"Read once, in several pages; it is read again."`
	Gaps          []Span       `json:"gaps" nullable:"false" doc:"Wanted and never read."`
	Unreadable    []Span       `json:"unreadable" nullable:"false" doc:"Could not be read; tried again daily."`
	Dates         []DateOfRead `json:"dates" nullable:"false" doc:"The order's own times, as far as they are known, and how each was read."`
}

// Span is a stretch of last-updated time.
type Span struct {
	From *string `json:"from"`
	To   *string `json:"to"`
}

// DateOfRead is a time of an order and how it was read.
type DateOfRead struct {
	What string          `json:"what" doc:"created or lastUpdated"`
	At   *string         `json:"at"`
	Read engine.Readness `json:"read" doc:"confirmed, doubt, walked, ahead (the next live work reads it), shunned, gap or not wanted."`
}

// ExplainInput names an order of a tenant.
type ExplainInput struct {
	Tenant    string `path:"tenant" maxLength:"128"`
	OrderID   string `path:"orderId" maxLength:"100" doc:"Amazon's order id."`
	AskAmazon bool   `query:"askAmazon" doc:"Ask Amazon for it now."`
}

func (s *server) explain(ctx context.Context, in *ExplainInput) (*struct{ Body Explanation }, error) {
	tenant, err := ordersync.ParseTenantID(in.Tenant)
	if err != nil {
		return nil, notFound()
	}
	x, err := s.Engine.Explain(ctx, tenant, in.OrderID, in.AskAmazon)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Explanation }{ExplanationOf(s.Engine, x, s.Now())}, nil
}

// ExplanationOf shows why an order is here, or is not. That asking Amazon failed
// is no failure of the explanation.
func ExplanationOf(e *engine.Engine, x engine.Explanation, now time.Time) Explanation {
	out := Explanation{TenantID: x.Tenant, ExternalOrderID: x.OrderID, Here: x.Here, Why: append([]string{}, x.Why...), Connections: []ExplainedOf{}}
	switch {
	case !x.Asked:
	case x.AskFailed != nil:
		out.Amazon = &AmazonAnswer{Failure: x.Failure.Text, ReasonCode: x.Failure.Reason}
	default:
		out.Amazon = &AmazonAnswer{Found: true, Imported: x.Answer.Imported, ConnectionID: connectionText(x.Answer.Connection)}
	}
	for _, c := range x.Connections {
		out.Connections = append(out.Connections, explainedOf(e, x.Tenant, c, now))
	}
	return out
}

func explainedOf(e *engine.Engine, tenant ordersync.TenantID, c engine.ExplainedConnection, now time.Time) ExplainedOf {
	out := ExplainedOf{Connection: StatusOf(e, c.ConnectionStatus, now), Changes: changesOf(c.History), Marketplaces: []ReadingOf{}}
	if c.Order != nil {
		order := OrderOf(tenant, *c.Order)
		out.Order = &order
	}
	if c.SetAside != nil {
		out.SetAside = setAsideOf(*c.SetAside)
	}
	for _, m := range c.Marketplaces {
		out.Marketplaces = append(out.Marketplaces, readingOf(m))
	}
	return out
}

func setAsideOf(e store.SetAsideEntry) *SetAsideEntry {
	return &SetAsideEntry{Cause: e.Cause, FirstAt: when(e.FirstAt), LastAt: when(e.LastAt), Tries: e.Tries, NextTryAt: when(e.NextTryAt)}
}

func readingOf(m engine.ExplainedMarketplace) ReadingOf {
	out := ReadingOf{
		MarketplaceID: m.ID, Walked: spansOf(m.Reading.Walked), Confirmed: spansOf(m.Reading.Confirmed), Gaps: spansOf(m.Gaps),
		InDoubt: []Span{}, Unreadable: []Span{}, Dates: []DateOfRead{},
	}
	for _, d := range m.Reading.Doubts {
		out.InDoubt = append(out.InDoubt, spanOf(d.Window))
	}
	for _, v := range m.Shunned {
		out.Unreadable = append(out.Unreadable, spanOf(v.Window))
	}
	for _, d := range m.Dates {
		out.Dates = append(out.Dates, DateOfRead{d.What, when(d.At), d.Read})
	}
	return out
}

func spanOf(w ordersync.Window) Span { return Span{when(w.From), when(w.To)} }

func spansOf(spans ordersync.Spans) []Span {
	out := []Span{}
	for _, w := range spans {
		out = append(out, spanOf(w))
	}
	return out
}
