// Package store is the only SQL of ordersync: one struct over two databases,
// SQLite for one machine and Postgres for many.
//
// An exported method is one transaction; an unexported function that takes a tx
// is a part of one. No transaction is open during a call to the network.
// The SQL text is the same for both databases; only the migrations differ, and
// what dialect.go holds.
// All times are integer Unix milliseconds, UTC, and come from the store's clock;
// no statement asks the database for the time.
//
// What belongs to a connection's work (orders, walks, coverage, cursor, state,
// budget) is written by the holder of its lease only. Each such transaction
// begins with an UPDATE of the connection's step that fails when the lease is
// gone; see [Lease]. Two others write there: an operator's act, which takes the
// lease away first, and [Store.Purge], which only deletes what is past its time.
//
// [Store] writes; [Reader] has no write method, and its connections are
// read-only.
package store
