package store

// The texts whose plans the tests look at.
const (
	StatusQuery    = statusQuery
	OldOrdersQuery = oldOrders
)
