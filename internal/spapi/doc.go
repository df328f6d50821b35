// Package spapi is Amazon's Selling Partner API as a client sees it: access
// tokens, the three calls that ordersync makes, and what the answers mean.
//
// One [Client] serves all tenants. Each call names the [Account] whose data is
// asked for, takes at most twice [Config.CallTimeout], and answers with the
// root package's types. It never waits, and repeats a call only once and only
// when Amazon refused the access token: retries, budgets and verdicts belong to
// the engine, which reads [Meta] and [Error] for them.
//
// An answer is read in three steps, each in a file of its own: wire (the fields
// as Amazon's model has them), decode (bytes to wire) and adapt (wire to the
// language of the root package). What errors mean is decided in one table,
// classify.go.
//
// Nothing here logs. Errors carry Amazon's error code and request id and no
// text of Amazon's, no token and no address.
package spapi
