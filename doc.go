// Package ordersync is the language of the service: its words as types, its
// reasons as a table, and the rules that need neither a database nor a network.
//
// # Words
//
//   - tenant: a customer of the SaaS; owns connections and orders; the wall of
//     isolation ([TenantID]).
//   - connection: one authorised seller account of a tenant: (tenant, region,
//     selling partner id), its marketplaces, its state ([Connection]).
//   - window: a closed span [from, to] of last-updated time that one walk covers
//     ([Window]).
//   - walk: reading all pages of a window; its exact query is stored with its
//     token and replayed verbatim ([Walk]).
//   - cursor: the upper end of live coverage; what is missing below it is a gap
//     ([JudgeCursor]).
//   - coverage: per connection and marketplace, the merged spans that complete
//     windows have read (walked) and read without doubt (confirmed) ([Spans]).
//   - execution: one claim of a connection by a worker.
//   - lease, epoch, step: the exclusive right to write for a connection; epoch
//     rises with each claim and each operator's act, step with each commit.
//   - budget: Amazon's token bucket of one (application, region, seller,
//     operation), shared by all processes ([Budget]).
//   - run, target, outcome: one request to bring connections up to date; one
//     target per connection, settled exactly once with an outcome ([Outcome]).
//   - reason: the closed list that says what happened and who must act
//     ([Reasons]).
//   - repair: a cursor or walk that was mended on the way ([Repair]).
//   - set aside: an order that could not be read or stored, kept apart with its
//     cause and tried again ([Unreadable]).
//   - change: one entry of a connection's dense, ordered change list ([Change]).
//
// # Rooms
//
//   - ordersync (this package): the language. Types, reasons, states; no I/O.
//   - internal/spapi: Amazon's Selling Partner API, as a client sees it.
//   - internal/spapisim: Amazon's side, simulated; shares no type with the client.
//   - internal/store: the only SQL; one struct, two databases.
//   - internal/secret: sealing of secrets and personal data; tokens kept in Vault.
//   - internal/queue: the queue of Amazon's SQS into which notifications come.
//   - internal/engine: the verbs: Tick, Work, StartRun and what they need.
//   - internal/engine/truth: what the simulated Amazon has, in these words; for tests.
//   - internal/leak: searches what tests print, log, answer and store for secrets.
//   - internal/engine/simulation: the promises, proved by tests from seeds.
//   - internal/httpapi: the JSON that users see.
//   - internal/web: what people see in a browser.
//   - internal/telemetry: what an operator's tools see: traffic, metrics, traces, logs.
//   - cmd/ordersync: commands, configuration, wiring.
//
// Imports go one way; the table is in imports_test.go.
package ordersync
