package ordersync

import "slices"

// OrderStatus is how far an order is, in words that do not change when Amazon's
// do. They are those of the system before, and more where two of Amazon's states
// had become one. Amazon's own word stands beside it wherever it is shown.
type OrderStatus string

// The order statuses. Their table is [OrderStatuses].
const (
	// OrderUnsaid: Amazon was not asked, or gave no status.
	OrderUnsaid           OrderStatus = ""
	OrderPending          OrderStatus = "PENDING"
	OrderConfirmed        OrderStatus = "CONFIRMED"
	OrderPartiallyShipped OrderStatus = "PARTIALLY_SHIPPED"
	OrderShipped          OrderStatus = "SHIPPED"
	OrderDelivered        OrderStatus = "DELIVERED"
	OrderCancelled        OrderStatus = "CANCELLED"
	OrderReturned         OrderStatus = "RETURNED"
	// OrderUnknown: Amazon gave a word that the table does not have.
	OrderUnknown OrderStatus = "UNKNOWN"
)

// OrderStatusInfo is one row of the table of order statuses.
type OrderStatusInfo struct {
	Code            OrderStatus
	English, French string // as people read it
	// Amazon are the words of fulfillment.fulfillmentStatus that mean it.
	Amazon []string
	// When says what makes it, where Amazon's word alone does not.
	When string
}

// orderStatusTable is in the order of an order's life. Amazon model
// orders_2026-01-01.json, FulfillmentStatus; CANCELED and INVOICE_UNCONFIRMED are of
// the version before, and are not confirmed not to occur.
var orderStatusTable = []OrderStatusInfo{
	{OrderPending, "Pending", "En attente", []string{"PENDING_AVAILABILITY", "PENDING"}, ""},
	{OrderConfirmed, "To be shipped", "À expédier", []string{"UNSHIPPED"}, ""},
	{OrderPartiallyShipped, "Partly shipped", "Expédiée en partie", []string{"PARTIALLY_SHIPPED"}, ""},
	{OrderShipped, "Shipped", "Expédiée", []string{"SHIPPED", "INVOICE_UNCONFIRMED"}, ""},
	{OrderDelivered, "Delivered", "Livrée", nil, "shipped, and the delivery status is `DELIVERED`"},
	{OrderReturned, "Returned", "Retournée", nil, "shipped, and the delivery status is `RETURNED`"},
	{OrderCancelled, "Cancelled", "Annulée", []string{"CANCELLED", "CANCELED", "UNFULFILLABLE"}, ""},
	{OrderUnknown, "Unknown to this version", "Inconnu de cette version", nil, "any other word"},
}

// OrderStatuses is the table of order statuses, in the order of an order's life.
func OrderStatuses() []OrderStatusInfo { return slices.Clone(orderStatusTable) }

// Info is the status's row; that of [OrderUnknown] for what is in no row, and an
// empty one for [OrderUnsaid].
func (s OrderStatus) Info() OrderStatusInfo {
	if s == OrderUnsaid {
		return OrderStatusInfo{}
	}
	for _, row := range orderStatusTable {
		if row.Code == s {
			return row
		}
	}
	return OrderUnknown.Info()
}

// OrderStatusOf is what Amazon's word for an order means, with what is known of its
// delivery. A word that the table does not have is [OrderUnknown], never a guess.
func OrderStatusOf(amazon string, delivery DeliveryStatus) OrderStatus {
	s := orderWord(amazon)
	switch {
	case s == OrderShipped && delivery == DeliveryDelivered:
		return OrderDelivered
	case s == OrderShipped && delivery == DeliveryReturned:
		return OrderReturned
	}
	return s
}

// orderWord is what Amazon's word alone means.
func orderWord(amazon string) OrderStatus {
	if amazon == "" {
		return OrderUnsaid
	}
	for _, row := range orderStatusTable {
		if slices.Contains(row.Amazon, amazon) {
			return row.Code
		}
	}
	return OrderUnknown
}

// FulfillmentChannel is who ships an order, in the words of the system before.
type FulfillmentChannel string

// The channels; "" where Amazon has not said.
const (
	FulfilledByAmazon   FulfillmentChannel = "FBA"
	FulfilledByMerchant FulfillmentChannel = "FBM"
	FulfilledByUnknown  FulfillmentChannel = "UNKNOWN" // a word that is not known
)

// FulfilledBy is Amazon's word for the channel; "" for one that has none.
func (c FulfillmentChannel) FulfilledBy() string {
	switch c {
	case FulfilledByAmazon:
		return "AMAZON"
	case FulfilledByMerchant:
		return "MERCHANT"
	}
	return ""
}

// FulfillmentChannelOf is the channel of Amazon's fulfillment.fulfilledBy.
func FulfillmentChannelOf(fulfilledBy string) FulfillmentChannel {
	switch fulfilledBy {
	case "":
		return ""
	case "AMAZON":
		return FulfilledByAmazon
	case "MERCHANT":
		return FulfilledByMerchant
	}
	return FulfilledByUnknown
}
