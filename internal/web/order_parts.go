package web

import (
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// orderItems are the lines of an order, and its total.
type orderItems struct {
	Rows          []itemRow
	Lines, Pieces int64
	More          int // lines that are not listed
	Total         string
	Currency      string
}

type itemRow struct {
	SKU, Title, ASIN string
	Quantity         int64
	Shipped          string // "": not known
	Each, Total      string // "": not yet known
}

func (v *visit) orderItems(o store.StoredOrder) orderItems {
	out := orderItems{Lines: int64(len(o.Items)), Total: v.words.money(o.Total), More: max(0, len(o.Items)-shownItems)}
	if o.Total != nil {
		out.Currency = o.Total.Currency
	}
	for i, item := range o.Items {
		out.Pieces += item.Quantity
		if i < shownItems {
			row := itemRow{SKU: item.SKU, Title: item.Title, ASIN: item.ASIN, Quantity: item.Quantity, Each: v.words.money(item.UnitPrice), Total: v.words.money(item.Total)}
			if item.QuantityFulfilled != nil {
				row.Shipped = v.TN(*item.QuantityFulfilled, "%s shipped", "%s shipped")
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// orderPackages are the parcels of an order, or why there are none.
type orderPackages struct {
	Rows []packageRow
	More int
	None string // why there are none
	Link string // where Amazon follows what it ships
}

type packageRow struct {
	ID, Holds        string
	Carrier, Written string // as the table calls it, and as the seller wrote it where that differs
	Number, Link     string // no link: it is no number that can be followed
	Service          string
	State            orderBadge
	ShippedAt        time.Time
}

func (v *visit) orderPackages(o store.StoredOrder) orderPackages {
	out := orderPackages{More: max(0, len(o.Packages)-shownPackages)}
	skus := map[string]string{}
	for _, i := range o.Items {
		skus[i.ID] = orElse(i.SKU, orElse(i.ASIN, i.ID))
	}
	for _, p := range o.Packages[:min(len(o.Packages), shownPackages)] {
		followed := p.Tracking()
		row := packageRow{
			ID: p.ID, Carrier: followed.Carrier, Number: p.TrackingNumber, Link: httpsOnly(followed.Link), Service: p.ShippingService,
			State: v.packageBadge(p), ShippedAt: p.ShippedAt,
		}
		if !strings.EqualFold(p.Carrier, followed.Carrier) {
			row.Written = p.Carrier
		}
		row.Holds = v.holds(p, skus)
		out.Rows = append(out.Rows, row)
	}
	if len(out.Rows) > 0 {
		return out
	}
	switch {
	case o.OrderStatus() == ordersync.OrderCancelled:
		out.None = v.T("None: the order was cancelled.")
	case ordersync.FulfillmentChannelOf(o.FulfilledBy) == ordersync.FulfilledByAmazon:
		out.None, out.Link = v.T("Amazon ships it and lists no packages to others."), httpsOnly(o.Tracking().Link)
	case o.OrderStatus() == ordersync.OrderPending || o.OrderStatus() == ordersync.OrderConfirmed:
		out.None = v.T("None yet: the seller has not shipped it.")
	default:
		out.None = v.T("Amazon lists none.")
	}
	return out
}

// holds says what is in a package, by SKU.
func (v *visit) holds(p ordersync.Package, skus map[string]string) string {
	const most = 3
	var parts []string
	for i, in := range p.Items {
		if i == most {
			parts = append(parts, v.TN(len(p.Items)-most, "and %s more", "and %s more"))
			break
		}
		sku := orElse(skus[in.OrderItemID], in.OrderItemID)
		if in.Quantity != 1 {
			sku += " × " + v.words.number(in.Quantity)
		}
		parts = append(parts, sku)
	}
	return strings.Join(parts, ", ")
}

// packageBadge shows how far a package is.
func (v *visit) packageBadge(p ordersync.Package) orderBadge {
	out := v.deliveryBadge(p.Delivery())
	out.Amazon = p.Status
	if p.DetailedStatus != p.Status {
		out.Amazon = strings.TrimSpace(out.Amazon + " " + p.DetailedStatus)
	}
	if out.Text == "" && out.Amazon != "" {
		out.Text = v.T("Cancelled")
	}
	return out
}

// httpsOnly is a link that leads to a page over https, else none.
func httpsOnly(link string) string {
	if strings.HasPrefix(link, "https://") {
		return link
	}
	return ""
}
