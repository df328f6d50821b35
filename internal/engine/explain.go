package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Explanation says why an order of a tenant is here, or is not.
type Explanation struct {
	Tenant  ordersync.TenantID
	OrderID string
	Here    bool // some connection has it
	// Why is the answer in sentences, the most telling first.
	Why         []string
	Connections []ExplainedConnection
	// Asked tells that Amazon was asked; Answer is what it brought. Asking stores
	// the order under the rules of any other reading.
	Asked  bool
	Answer ImportedOne
	// AskFailed is why asking brought nothing, for programs: its text may hold
	// what is for the log only. Failure says it to anybody. nil when it did.
	AskFailed error
	Failure   AskFailure
}

// AskFailure is why asking Amazon for an order brought nothing, in words that
// anybody may read. The zero value: it did not fail.
type AskFailure struct {
	Reason ordersync.Reason // "": it is no trouble of the connection's
	Text   string
}

// ExplainedConnection is what one connection of the tenant knows of an order.
type ExplainedConnection struct {
	store.ConnectionStatus
	Order    *store.StoredOrder   // nil: not stored
	History  []ordersync.Change   // what is still kept of its changes
	SetAside *store.SetAsideEntry // nil: it is not set aside
	// Wanted is from when on history is wanted.
	Wanted time.Time
	// Marketplaces say how far each was read.
	Marketplaces []ExplainedMarketplace
}

// ExplainedMarketplace is how far orders of a marketplace were read, and what that
// means for the order's own dates.
type ExplainedMarketplace struct {
	ID      string
	Reading ordersync.Reading
	Gaps    ordersync.Spans // wanted and never read
	Shunned []ordersync.Shunned
	Dates   []ExplainedDate // of the order, as far as they are known
}

// ExplainedDate is a time at which the order was changed, and how that time was
// read.
type ExplainedDate struct {
	What string // created, lastUpdated
	At   time.Time
	Read Readness
}

// Readness is how well an instant of last-updated time was read.
type Readness string

// How well an instant was read, the best first.
const (
	ReadConfirmed Readness = "confirmed"  // without doubt
	ReadOnce      Readness = "doubt"      // in several pages, once: it is read again
	ReadWalked    Readness = "walked"     // to the last page
	ReadNotYet    Readness = "ahead"      // later than the cursor: the next live work reads it
	ReadShunned   Readness = "shunned"    // could not be read; tried again daily
	ReadGap       Readness = "gap"        // wanted, and not read yet
	ReadNotWanted Readness = "not wanted" // before the history that is wanted
)

// readness tells how an instant was read.
func readness(s ordersync.BackState, marketplace string, at time.Time) Readness {
	r := s.Readings[marketplace]
	instant := ordersync.Window{From: at, To: at}
	switch {
	case r.Confirmed.Covers(instant):
		return ReadConfirmed
	case containsDoubt(r.Doubts, at):
		return ReadOnce
	case r.Walked.Covers(instant):
		return ReadWalked
	case s.Cursor.IsZero(), at.After(s.Cursor):
		return ReadNotYet
	case containsShunned(s.Shunned, at):
		return ReadShunned
	case at.Before(s.Since):
		return ReadNotWanted
	}
	return ReadGap
}

func contains(w ordersync.Window, at time.Time) bool { return !at.Before(w.From) && !at.After(w.To) }

func containsDoubt(all []ordersync.Doubt, at time.Time) bool {
	for _, d := range all {
		if contains(d.Window, at) {
			return true
		}
	}
	return false
}

func containsShunned(all []ordersync.Shunned, at time.Time) bool {
	for _, s := range all {
		if contains(s.Window, at) {
			return true
		}
	}
	return false
}

// Explain answers why an order of a tenant is here, or is not: what is stored,
// how it changed, whether it is set aside, and how its dates were read. With
// askAmazon it is asked for as [Engine.ImportOne] does, and stored.
func (e *Engine) Explain(ctx context.Context, tenant ordersync.TenantID, orderID string, askAmazon bool) (Explanation, error) {
	x := Explanation{Tenant: tenant, OrderID: orderID, Asked: askAmazon}
	exists, err := e.store.Reader().Tenant(tenant).Exists(ctx)
	if err != nil {
		return x, err
	}
	if !exists {
		return x, store.ErrNotFound
	}
	if askAmazon {
		if x.Answer, x.AskFailed = e.ImportOne(ctx, tenant, orderID); ctx.Err() != nil {
			return x, context.Cause(ctx)
		}
		if x.AskFailed != nil {
			x.Failure = e.askFailure(ctx, x.AskFailed)
		}
	}
	orders, err := e.store.Reader().Tenant(tenant).Order(ctx, orderID)
	if err != nil {
		return x, err
	}
	stored := map[ordersync.ConnectionID]*store.StoredOrder{}
	for i := range orders {
		stored[orders[i].Connection] = &orders[i]
	}
	x.Here = len(orders) > 0
	for after := (store.StatusMark{}); ; {
		page, next, err := e.store.Reader().Status(ctx, store.StatusPage{Tenant: tenant, After: after})
		if err != nil {
			return x, err
		}
		for _, s := range page {
			c, err := e.explainConnection(ctx, s, orderID, stored[s.ID], orders)
			if err != nil {
				return x, err
			}
			x.Connections = append(x.Connections, c)
		}
		if after = next; next == (store.StatusMark{}) {
			break
		}
	}
	x.Why = x.sentences()
	return x, nil
}

// explainConnection says what one connection knows. Where it does not have the
// order, the dates are those that another connection of the tenant knows.
func (e *Engine) explainConnection(ctx context.Context, s store.ConnectionStatus, orderID string, own *store.StoredOrder, anywhere []store.StoredOrder) (c ExplainedConnection, err error) {
	c = ExplainedConnection{ConnectionStatus: s, Order: own}
	reader := e.store.Reader().Tenant(s.Tenant)
	if c.History, err = reader.OrderHistory(ctx, s.ID, orderID); err != nil {
		return c, err
	}
	if c.SetAside, err = reader.SetAsideOrder(ctx, s.ID, orderID); err != nil {
		return c, err
	}
	shunned, err := reader.Shunned(ctx, s.ID)
	if err != nil {
		return c, err
	}
	state := e.StateOfBackWork(s.Connection, s.Coverage, shunned)
	c.Wanted = state.Since
	dated := own
	if dated == nil && len(anywhere) > 0 {
		dated = &anywhere[0]
	}
	for _, id := range s.Marketplaces {
		m := ExplainedMarketplace{ID: id, Reading: state.Readings[id], Shunned: shunned}
		if !s.Cursor.IsZero() {
			m.Gaps = state.Gaps(id)
		}
		if dated != nil {
			m.Dates = []ExplainedDate{
				{"created", dated.CreatedAt, readness(state, id, dated.CreatedAt)},
				{"lastUpdated", dated.LastUpdatedAt, readness(state, id, dated.LastUpdatedAt)},
			}
		}
		c.Marketplaces = append(c.Marketplaces, m)
	}
	return c, nil
}

// sentences are the answer in words.
func (x Explanation) sentences() (out []string) {
	for _, c := range x.Connections {
		name := fmt.Sprintf("connection %d (%s)", c.ID, c.Region)
		switch {
		case c.Order != nil:
			out = append(out, fmt.Sprintf("%s has it: first stored %s, last changed here %s, at Amazon %s.", name,
				c.Order.StoredAt.Format(timeLayout), c.Order.ChangedAt.Format(timeLayout), c.Order.LastUpdatedAt.Format(timeLayout)))
		case c.SetAside != nil && c.SetAside.NextTryAt.IsZero():
			out = append(out, fmt.Sprintf("%s set it aside: %s.", name, c.SetAside.Cause))
		case c.SetAside != nil:
			out = append(out, fmt.Sprintf("%s set it aside, since it cannot be read (%s); it is asked for again %s.", name, c.SetAside.Cause, c.SetAside.NextTryAt.Format(timeLayout)))
		default:
			out = append(out, name+" does not have it: "+c.missing()+".")
		}
	}
	switch {
	case !x.Asked:
	case x.AskFailed != nil:
		out = append(out, x.Failure.sentence())
	case x.Answer.Imported:
		out = append(out, "Amazon was asked and has it; what is new was stored.")
	default:
		out = append(out, "Amazon was asked and has it; what is stored is as new.")
	}
	return out
}

// missing says why a connection may lack an order of which nothing is known.
func (c ExplainedConnection) missing() string {
	switch {
	case c.Paused:
		return ordersync.Paused.Info().English
	case c.State == ordersync.NeedsReconnect:
		return ordersync.TokenRevoked.Info().English
	case c.State != ordersync.Connected:
		return ordersync.NotConnected.Info().English
	case len(c.History) > 0:
		return "it was here and was deleted, since it was past the time that orders are kept"
	case c.Cursor.IsZero():
		return "nothing was read yet"
	}
	gaps := 0
	for _, m := range c.Marketplaces {
		gaps += len(m.Gaps)
	}
	through := c.WalkedThrough()
	parts := []string{"changes up to " + c.Cursor.Format(timeLayout) + " were read"}
	if !through.From.IsZero() {
		parts = append(parts, "without a gap from "+through.From.Format(timeLayout)+" on")
	}
	if gaps > 0 {
		parts = append(parts, fmt.Sprintf("%d gaps of the history that is wanted are still to be read", gaps))
	}
	if !c.LastSuccessAt.IsZero() && c.LastReason != ordersync.Success && c.LastReason != "" {
		parts = append(parts, "the last reading ended with "+string(c.LastReason))
	}
	return strings.Join(parts, ", ")
}
