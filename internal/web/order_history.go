package web

import (
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// momentRow is a moment of an order's life.
type momentRow struct {
	At   time.Time
	Text string
	Seen bool // Amazon names no time: it is when its word was first seen
}

func (v *visit) moments(o store.StoredOrder) (out []momentRow) {
	for _, m := range o.Timeline() {
		row := momentRow{At: m.At, Seen: m.Seen}
		switch {
		case m.Kind == ordersync.MomentPlaced:
			row.Text = v.T("Placed")
		case m.Kind == ordersync.MomentDelivered:
			row.Text = v.T("Delivered")
		case m.Package != "":
			row.Text = v.T("Package %s shipped", m.Package)
		default:
			row.Text = v.T("Shipped")
		}
		out = append(out, row)
	}
	return out
}

// changeRow is a change of an order, as it was stored.
type changeRow struct {
	At            time.Time
	First         bool
	Before, After string // Amazon's words for the status; the same ones: it did not change
	Groups        []string
	Seq           int64
	Took          string // from Amazon's time of the change until it was stored
}

// groupNames are Amazon's data groups as a history names them, in English.
var groupNames = []struct {
	group ordersync.Groups
	name  string
}{
	{ordersync.GroupCore, "items and their like"}, {ordersync.GroupFulfillment, "fulfilment"}, {ordersync.GroupProceeds, "money"}, {ordersync.GroupPackages, "packages"},
	{ordersync.GroupCancellation, "cancellation"}, {ordersync.GroupPromotion, "promotions"}, {ordersync.GroupExpense, "fees"}, {ordersync.GroupTax, "taxes"},
	{ordersync.GroupBuyer, "buyer"}, {ordersync.GroupRecipient, "recipient"},
}

// changeRows are the newest changes first, and how many there are besides.
func (v *visit) changeRows(changes []ordersync.Change) (out []changeRow, more int) {
	for _, c := range slices.Backward(changes) {
		if len(out) == shownChanges {
			return out, len(changes) - shownChanges
		}
		row := changeRow{At: c.At, First: c.Kind == ordersync.ChangeCreated, Before: c.StatusBefore, After: c.StatusAfter, Seq: c.Seq, Took: v.words.span(c.At.Sub(c.LastUpdatedAfter))}
		for _, g := range groupNames {
			if c.Groups.Has(g.group) {
				row.Groups = append(row.Groups, v.T(g.name))
			}
		}
		out = append(out, row)
	}
	return out, 0
}

// orderCurrent is why what is shown is current, and until when.
type orderCurrent struct {
	Known       bool      // the connection is there
	Until       time.Time // every change until then stands here; zero: that cannot be said
	Sure        time.Time // likewise, without doubt
	LastRead    time.Time
	DueAt       time.Time // zero: not by itself
	Stands      badge     // how the connection stands
	Cause       string    // why a newer version could not be read or stored; "": there is none
	CauseAt     time.Time
	NextTryAt   time.Time
	FirstStored time.Time
}

// orderCurrent tells until when every change of the order has been read: the end of the
// stretch without a gap in which its last change lies.
func (v *visit) orderCurrent(c store.ConnectionStatus, o store.StoredOrder, aside *store.SetAsideEntry) orderCurrent {
	out := orderCurrent{FirstStored: o.StoredAt}
	if aside != nil {
		out.Cause, out.CauseAt, out.NextTryAt = aside.Cause, aside.LastAt, aside.NextTryAt
	}
	if c.ID == 0 {
		return out
	}
	out.Known, out.Stands, out.LastRead = true, v.badgeOf(c.Connection), c.LastSuccessAt
	if !c.Paused && (c.State == ordersync.Connected || c.State == ordersync.NeedsReconnect) {
		out.DueAt = c.LiveDueAt
	}
	read := c.Coverage.Reading(o.MarketplaceID)
	out.Until, out.Sure = readAround(read.Walked, o.LastUpdatedAt), readAround(read.Confirmed, o.LastUpdatedAt)
	return out
}

// readAround is the end of the span in which a time lies; zero when it lies in none.
func readAround(spans ordersync.Spans, at time.Time) time.Time {
	for _, s := range spans {
		if !at.Before(s.From) && !at.After(s.To) {
			return s.To
		}
	}
	return time.Time{}
}
