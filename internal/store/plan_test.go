package store

// The texts whose plans the tests look at.
const (
	HasOrders       = hasOrders
	StatusQuery     = statusQuery
	OldOrdersQuery  = oldOrders
	OldestOrder     = oldestOrder
	RunsQuery       = runsQuery
	RunsBeforeQuery = runsBeforeQuery
)

// RingQuery is what a tick looks for at an urgency.
func RingQuery(u Urgency) string { return ringQuery(u, "") }
