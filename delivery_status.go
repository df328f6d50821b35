package ordersync

import (
	"slices"
	"time"
)

// DeliveryStatus is how far what was ordered is on its way. It is made of Amazon's
// words for the packages; for orders that Amazon ships there are none, and the
// order's own word is all that is known.
type DeliveryStatus string

// The delivery statuses. Their table is [DeliveryStatuses].
const (
	// DeliveryUnsaid: there is nothing on its way, or nothing is known of it.
	DeliveryUnsaid         DeliveryStatus = ""
	DeliveryPreparing      DeliveryStatus = "PREPARING"
	DeliveryShipped        DeliveryStatus = "SHIPPED"
	DeliveryInTransit      DeliveryStatus = "IN_TRANSIT"
	DeliveryOutForDelivery DeliveryStatus = "OUT_FOR_DELIVERY"
	DeliveryDelivered      DeliveryStatus = "DELIVERED"
	DeliveryReturned       DeliveryStatus = "RETURNED"
	DeliveryReturning      DeliveryStatus = "RETURNING"
	DeliveryUndeliverable  DeliveryStatus = "UNDELIVERABLE"
	DeliveryDamaged        DeliveryStatus = "DAMAGED"
	DeliveryLost           DeliveryStatus = "LOST"
	// DeliveryUnknown: Amazon gave a word that the table does not have.
	DeliveryUnknown DeliveryStatus = "UNKNOWN"
	// DeliveryDelayed is never stored: time makes it. See [DeliveryStatus.At].
	DeliveryDelayed DeliveryStatus = "DELAYED"
)

// DeliveryStatusInfo is one row of the table of delivery statuses.
type DeliveryStatusInfo struct {
	Code            DeliveryStatus
	English, French string // as people read it
	// Detailed and Amazon are the words of packageStatus.detailedStatus and of
	// packageStatus.status that mean it; the detailed one counts first.
	Detailed, Amazon []string
	// When says what makes it, where a package's words do not.
	When string
}

// deliveryStatusTable is in the order in which the packages of an order speak for
// it: trouble first, then the one that is least far. Amazon model
// orders_2026-01-01.json, PackageStatus.
var deliveryStatusTable = []DeliveryStatusInfo{
	{DeliveryLost, "Lost", "Perdu", []string{"LOST"}, nil, ""},
	{DeliveryDamaged, "Damaged", "Endommagé", []string{"DAMAGED"}, nil, ""},
	{DeliveryUndeliverable, "Undeliverable", "Non distribuable", []string{"UNDELIVERABLE"}, []string{"UNDELIVERABLE"}, ""},
	{DeliveryReturning, "On its way back", "En retour", []string{"REJECTED_BY_BUYER", "RETURNING_TO_SELLER"}, nil, ""},
	{DeliveryUnknown, "Unknown to this version", "Inconnu de cette version", nil, nil, "any other word"},
	{DeliveryDelayed, "Late", "En retard", nil, nil, "Amazon's latest time to ship has passed and it is `PREPARING`, or its latest time to deliver has passed and it is `IN_TRANSIT` or `OUT_FOR_DELIVERY`"},
	{DeliveryPreparing, "Being prepared", "En préparation", []string{"PENDING_SCHEDULE", "PENDING_PICK_UP", "PENDING_DROP_OFF"}, []string{"PENDING"}, "also an order that is `UNSHIPPED` or `PARTIALLY_SHIPPED`"},
	{DeliveryShipped, "Shipped", "Expédié", []string{"PICKED_UP", "DROPPED_OFF"}, []string{"SHIPPED"}, "also an order that is `SHIPPED` and has no packages"},
	{DeliveryInTransit, "In transit", "En transit", []string{"AT_ORIGIN_FC", "AT_DESTINATION_FC"}, []string{"IN_TRANSIT"}, ""},
	{DeliveryOutForDelivery, "Out for delivery", "En cours de livraison", []string{"OUT_FOR_DELIVERY"}, nil, ""},
	{DeliveryDelivered, "Delivered", "Livré", []string{"DELIVERED"}, []string{"DELIVERED"}, ""},
	{DeliveryReturned, "Returned", "Retourné", []string{"RETURNED_TO_SELLER"}, nil, ""},
}

// cancelledPackage are Amazon's words for a package that will not go: it says
// nothing of the order's delivery.
var cancelledPackage = []string{"LABEL_CANCELLED", "CANCELLED"}

// DeliveryStatuses is the table of delivery statuses: of the packages of an order
// the one that stands first in it speaks for the order.
func DeliveryStatuses() []DeliveryStatusInfo { return slices.Clone(deliveryStatusTable) }

// Info is the status's row; that of [DeliveryUnknown] for what is in no row, and an
// empty one for [DeliveryUnsaid].
func (d DeliveryStatus) Info() DeliveryStatusInfo {
	if d == DeliveryUnsaid {
		return DeliveryStatusInfo{}
	}
	if i := d.rank(); i < len(deliveryStatusTable) {
		return deliveryStatusTable[i]
	}
	return DeliveryUnknown.Info()
}

// rank is the status's place in the table; behind its end for one that has none.
func (d DeliveryStatus) rank() int {
	for i, row := range deliveryStatusTable {
		if row.Code == d {
			return i
		}
	}
	return len(deliveryStatusTable)
}

// Delivery is what Amazon's words for the package mean; [DeliveryUnsaid] for one
// that was cancelled or of which Amazon says nothing.
func (p Package) Delivery() DeliveryStatus {
	if slices.Contains(cancelledPackage, p.DetailedStatus) || slices.Contains(cancelledPackage, p.Status) {
		return DeliveryUnsaid
	}
	for _, row := range deliveryStatusTable {
		if slices.Contains(row.Detailed, p.DetailedStatus) {
			return row.Code
		}
	}
	for _, row := range deliveryStatusTable {
		if slices.Contains(row.Amazon, p.Status) {
			return row.Code
		}
	}
	if p.Status == "" && p.DetailedStatus == "" {
		return DeliveryUnsaid
	}
	return DeliveryUnknown
}

// DeliveryOf is how far an order is on its way. arrived says that Amazon has said
// before that all of it was delivered, which stays so when its answer no longer
// lists the packages.
func DeliveryOf(o Order, arrived bool) DeliveryStatus {
	word := orderWord(o.Status)
	if word == OrderCancelled {
		return DeliveryUnsaid
	}
	speaks := DeliveryUnsaid
	for _, p := range o.Packages {
		d := p.Delivery()
		if word == OrderShipped && d == DeliveryPreparing {
			d = DeliveryShipped // the order's word is the later one
		}
		speaks = first(speaks, d)
	}
	switch {
	case word == OrderConfirmed || word == OrderPartiallyShipped:
		return first(speaks, DeliveryPreparing) // something is not shipped yet
	case speaks != DeliveryUnsaid:
		return speaks
	case word == OrderShipped && arrived:
		return DeliveryDelivered
	case word == OrderShipped:
		return DeliveryShipped
	case word == OrderUnknown:
		return DeliveryUnknown
	}
	return DeliveryUnsaid
}

// first is which of two statuses speaks for both.
func first(a, b DeliveryStatus) DeliveryStatus {
	if b.rank() < a.rank() {
		return b
	}
	return a
}

// At is the status at a time: [DeliveryDelayed] when the time that Amazon has
// promised has passed and Amazon says that the order is not that far. Of an order
// that is only known to be shipped nothing is said: Amazon tells no more of it.
func (d DeliveryStatus) At(now time.Time, shipBy, deliverBy TimeRange) DeliveryStatus {
	var promised time.Time
	switch d {
	case DeliveryPreparing:
		promised = shipBy.Latest
	case DeliveryInTransit, DeliveryOutForDelivery:
		promised = deliverBy.Latest
	}
	if !promised.IsZero() && promised.Before(now) {
		return DeliveryDelayed
	}
	return d
}
